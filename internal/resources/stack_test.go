package resources

import (
	"encoding/json"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"

	"github.com/google/go-cmp/cmp"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
)

// changedCart is the rich shop, rendered as new releases are, with another cart.
func changedCart(change func(*v1alpha1.ServiceTemplate)) Input {
	in := rendered(richInput(), CurrentRenderVersion)
	for _, rel := range in.Releases {
		change(&rel.Spec.Services[0].ServiceTemplate)
	}
	return in
}

func container(t *testing.T, in Input, deployment string) corev1.Container {
	t.Helper()
	return find[appsv1.Deployment](t, render(t, in).Objects, "Deployment/"+deployment).Spec.Template.Spec.Containers[0]
}

func values(c corev1.Container) map[string]string {
	out := map[string]string{}
	for _, e := range c.Env {
		out[e.Name] = e.Value
	}
	return out
}

func TestASelectorByCommonLabelsDoesNotMatchBothStacks(t *testing.T) {
	chart := labels.SelectorFromSet(labels.Set{"app.kubernetes.io/name": "cart", "app.kubernetes.io/instance": "acme"})
	for _, in := range []Input{richInput(), throughGateway(richInput())} {
		objects := render(t, rendered(in, CurrentRenderVersion)).Objects
		for _, w := range workloads(t, objects) {
			if chart.Matches(labels.Set(w.pod.Labels)) {
				t.Errorf("pods of %s get the traffic of the chart's Service", w.name)
			}
		}
		for _, d := range kinds[appsv1.Deployment](t, objects, "Deployment") {
			rel, inStack := d.Labels[frontdoor.LabelRelease]
			if inStack && (d.Labels[labelInstance] != rel || d.Spec.Template.Labels[labelInstance] != rel) {
				t.Errorf("%s of release %s: instance %s", d.Name, rel, d.Labels[labelInstance])
			}
		}
	}
}

func TestAServiceSendsToThePortByItsNumber(t *testing.T) {
	objects := render(t, rendered(richInput(), CurrentRenderVersion)).Objects
	for name, port := range map[string]int{"acme-cart-aaaaaaaa": 8080, "acme-catalog-bbbbbbbb": 8000} {
		got := find[corev1.Service](t, objects, "Service/"+name).Spec.Ports[0]
		if got.TargetPort.IntValue() != port || got.Port != int32(port) {
			t.Errorf("%s: port %d to %s: a sidecar with a port named http would take it", name, got.Port, got.TargetPort.String())
		}
	}
}

func TestTheLogOfAJobThatRanIntoItsDeadlineIsKept(t *testing.T) {
	jobs := kinds[batchv1.Job](t, render(t, rendered(richInput(), CurrentRenderVersion)).Objects, "Job")
	for i, deadline := range []int64{180, 120} {
		j, pod := jobs[i], jobs[i].Spec.Template.Spec
		if got := ptr.Deref(pod.ActiveDeadlineSeconds, 0); got != deadline {
			t.Errorf("%s: its pod ends after %d seconds, want %d", j.Name, got, deadline)
		}
		// At its own deadline a Job deletes its pod. The pod has to be over by then, with its grace.
		if own := *j.Spec.ActiveDeadlineSeconds; own <= deadline+*pod.TerminationGracePeriodSeconds {
			t.Errorf("%s: deletes its pod, and the log, after %d seconds", j.Name, own)
		}
	}
}

func TestMetricsOnThePortOfTheServiceIsOnePort(t *testing.T) {
	for _, version := range []int32{1, CurrentRenderVersion} {
		in := rendered(changedCart(func(s *v1alpha1.ServiceTemplate) { s.MetricsPort = s.Port }), version)
		c := container(t, in, "acme-cart-bbbbbbbb")
		if diff := cmp.Diff([]corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}}, c.Ports); diff != "" {
			t.Errorf("version %d: ports (-want +got):\n%s", version, diff)
		}
		if env := values(c); env["PORT"] != "8080" || env["METRICS_PORT"] != "8080" {
			t.Errorf("version %d: PORT=%s METRICS_PORT=%s", version, env["PORT"], env["METRICS_PORT"])
		}
	}
}

func TestACheckMaySetTheVariablesThatWeSet(t *testing.T) {
	in := richInput()
	in.Shop.Spec.Release.Checks[0].Env = []corev1.EnvVar{{Name: "SHOP", Value: "own"}, {Name: "TOKEN", Value: "t"}, {Name: "SHOP_PREVIEW_URL", Value: "http://own"}}
	for _, j := range kinds[batchv1.Job](t, render(t, in).Objects, "Job") {
		if j.Labels[frontdoor.LabelComponent] != frontdoor.ComponentCheck {
			continue
		}
		want := []corev1.EnvVar{{Name: "SHOP_RELEASE", Value: "acme-bbbbbbbb"}, {Name: "SHOP", Value: "own"}, {Name: "TOKEN", Value: "t"}, {Name: "SHOP_PREVIEW_URL", Value: "http://own"}}
		if diff := cmp.Diff(want, j.Spec.Template.Spec.Containers[0].Env); diff != "" {
			t.Errorf("env (-want +got):\n%s", diff)
		}
	}
}

func TestNoContainerNamesAVariableTwice(t *testing.T) {
	in := changedCart(func(s *v1alpha1.ServiceTemplate) {
		s.Env = append(s.Env, corev1.EnvVar{Name: "CATALOG_URL", Value: "http://elsewhere"}, corev1.EnvVar{Name: "PORT", Value: "1"})
	})
	for _, w := range workloads(t, render(t, in).Objects) {
		seen := map[string]bool{}
		for _, e := range w.pod.Spec.Containers[0].Env {
			if seen[e.Name] {
				t.Errorf("%s: %s stands twice in env, which the API server refuses", w.name, e.Name)
			}
			seen[e.Name] = true
		}
	}
	if env := values(container(t, in, "acme-cart-bbbbbbbb")); env["CATALOG_URL"] != "http://elsewhere" || env["PLAIN_PAGES_URL"] != "http://acme-plain-pages-bbbbbbbb:8080" {
		t.Errorf("env: %v", env)
	}
}

func TestRequestsFinerThanKubernetesStoresAreRoundedUp(t *testing.T) {
	fine := corev1.ResourceRequirements{
		Requests: corev1.ResourceList{"cpu": resource.MustParse("0.0125"), "memory": resource.MustParse("64Mi")},
		Limits:   corev1.ResourceList{"cpu": resource.MustParse("100001u"), "example.com/gpu": resource.MustParse("1")},
	}
	in := changedCart(func(s *v1alpha1.ServiceTemplate) { s.Resources = &fine })
	in.Shop.Spec.FrontDoor.Managed.Resources, in.Shop.Spec.Release.Checks[0].Resources = &fine, &fine
	want := map[string]string{"requests.cpu": "13m", "requests.memory": "64Mi", "limits.cpu": "101m", "limits.example.com/gpu": "1"}
	objects := render(t, in).Objects
	for _, w := range workloads(t, objects) {
		if w.name != "acme-cart-bbbbbbbb" && w.name != "acme-front-door" {
			continue
		}
		got := map[string]string{}
		for name, q := range w.pod.Spec.Containers[0].Resources.Requests {
			got["requests."+string(name)] = q.String()
		}
		for name, q := range w.pod.Spec.Containers[0].Resources.Limits {
			got["limits."+string(name)] = q.String()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: what is stored would differ from what is applied in each pass (-want +got):\n%s", w.name, diff)
		}
	}
	if fine.Requests.Cpu().String() != "12500u" {
		t.Errorf("the spec itself was rounded: %s", fine.Requests.Cpu())
	}
}

func TestPodsHaveTheLabelsAndAnnotationsOfTheirService(t *testing.T) {
	in := changedCart(func(s *v1alpha1.ServiceTemplate) {
		s.Pod.Labels = map[string]string{"team": "cart", "mesh.example/inject": "yes", frontdoor.LabelShop: "stolen"}
		s.Pod.Annotations = map[string]string{"prometheus.io/scrape": "true"}
		s.Migration.Labels = map[string]string{"mesh.example/inject": "no"}
	})
	mesh := map[string]string{}
	for _, w := range workloads(t, render(t, in).Objects) {
		if w.name != "acme-cart-bbbbbbbb" {
			continue
		}
		kind := "Deployment"
		if w.job {
			kind = "Job"
		}
		mesh[kind] = w.pod.Labels["mesh.example/inject"]
		if w.pod.Labels["team"] != "cart" || w.pod.Annotations["prometheus.io/scrape"] != "true" {
			t.Errorf("%s: labels %v, annotations %v", kind, w.pod.Labels, w.pod.Annotations)
		}
		if w.pod.Labels[frontdoor.LabelShop] != "acme" {
			t.Errorf("%s: a label of the service's own replaced one of ours", kind)
		}
	}
	if diff := cmp.Diff(map[string]string{"Deployment": "yes", "Job": "no"}, mesh); diff != "" {
		t.Errorf("what the mesh is told (-want +got):\n%s", diff)
	}
	d := find[appsv1.Deployment](t, render(t, in).Objects, "Deployment/acme-cart-bbbbbbbb")
	if d.Labels["team"] != "" || d.Spec.Selector.MatchLabels["team"] != "" {
		t.Errorf("labels of pods are no labels of the Deployment, nor of its selector: %v", d.Spec.Selector.MatchLabels)
	}
}

func TestACheckHasItsOwnLabelsAndAnnotations(t *testing.T) {
	in := richInput()
	check := &in.Shop.Spec.Release.Checks[0]
	check.Labels, check.Annotations = map[string]string{"team": "platform", frontdoor.LabelJob: "stolen"}, map[string]string{"mesh.example/inject": "no"}
	pod := kinds[batchv1.Job](t, render(t, in).Objects, "Job")[1].Spec.Template
	if pod.Labels["team"] != "platform" || pod.Labels[frontdoor.LabelJob] != "smoke" || pod.Annotations["mesh.example/inject"] != "no" {
		t.Errorf("labels %v, annotations %v", pod.Labels, pod.Annotations)
	}
}

func TestAProcessThatIsNotRootCanWriteToAFreshVolume(t *testing.T) {
	in := changedCart(func(s *v1alpha1.ServiceTemplate) { s.Pod.FSGroup = ptr.To[int64](999) })
	for _, w := range workloads(t, render(t, in).Objects) {
		if w.name == "acme-cart-bbbbbbbb" && ptr.Deref(w.pod.Spec.SecurityContext.FSGroup, 0) != 999 {
			t.Errorf("job %t: fsGroup %v", w.job, w.pod.Spec.SecurityContext.FSGroup)
		}
	}
}

func TestPodsReadTheCopiesOfTheirRelease(t *testing.T) {
	c := container(t, richInput(), "acme-cart-bbbbbbbb")
	pod := find[appsv1.Deployment](t, render(t, richInput()).Objects, "Deployment/acme-cart-bbbbbbbb").Spec.Template.Spec
	got := []string{c.EnvFrom[0].SecretRef.Name, c.EnvFrom[1].ConfigMapRef.Name, pod.Volumes[0].Secret.SecretName, pod.Volumes[1].ConfigMap.Name}
	for _, e := range c.Env {
		if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
			got = append(got, e.ValueFrom.SecretKeyRef.Name)
		}
	}
	want := []string{"acme-s-cart-db-11111111", "acme-c-cart-22222222", "acme-s-cart-db-11111111", "acme-c-cart-22222222", "acme-s-cart-db-11111111"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what the pods read (-want +got):\n%s", diff)
	}
}

// Both the pods and what migrates their data: one program of a service in one release.
func TestPodsAndMigrationsRunTheDigestOfTheirRelease(t *testing.T) {
	in := newerInput()
	want := "registry.example/cart@" + recordedDigest
	for _, rel := range in.Releases {
		rel.Spec.Services[0].Image = "registry.example/cart:2"
	}
	if got := container(t, in, "acme-cart-bbbbbbbb").Image; got != want {
		t.Errorf("the pods run %s, want %s", got, want)
	}
	job := find[batchv1.Job](t, render(t, in).Objects, "Job/acme-cart-bbbbbbbb")
	if got := job.Spec.Template.Spec.Containers[0].Image; got != want {
		t.Errorf("the migration runs %s, want %s", got, want)
	}
	if got := container(t, in, "acme-catalog-bbbbbbbb").Image; got != in.Releases["acme-bbbbbbbb"].Spec.Services[1].Image {
		t.Errorf("a service without a recorded digest runs %s", got)
	}
}

// kube-proxy learns within a second or two where a pod is. Only who goes by the Service has to wait for it.
func TestPodsSettleOnlyWhereTheyAreCalledByTheNameOfAService(t *testing.T) {
	for _, in := range []Input{richInput(), throughGateway(richInput())} {
		in = rendered(in, CurrentRenderVersion)
		objects := render(t, in).Objects
		for _, s := range in.Decision.Stacks {
			rel := in.Releases[s.Release]
			for _, svc := range rel.Spec.Services {
				name := release.ObjectName(in.Shop.Name, svc.Name, rel.Spec.Revision)
				want := int32(0)
				if len(callersOf(rel, svc.Name)) > 0 {
					want = settledSeconds
				}
				if got := find[appsv1.Deployment](t, objects, "Deployment/"+name).Spec.MinReadySeconds; got != want {
					t.Errorf("%s, called by %v: settles for %d s, want %d", name, callersOf(rel, svc.Name), got, want)
				}
			}
			if in.Shop.UsesGatewayAPI() {
				if got := find[appsv1.Deployment](t, objects, "Deployment/"+PinnedName(rel)).Spec.MinReadySeconds; got != settledSeconds {
					t.Errorf("the gateway of %s settles for %d s: a Gateway may go by its Service", rel.Name, got)
				}
			}
		}
	}
}

// A team names what is not there yet, as optional, or a copy that was made for another team: neither
// has an owner that could say no when the release is cut.
func TestAPodReadsNothingButTheCopiesOfItsRelease(t *testing.T) {
	others := corev1.LocalObjectReference{Name: "acme-s-payments-12345678"}
	in := changedCart(func(s *v1alpha1.ServiceTemplate) {
		s.Env = append(s.Env, corev1.EnvVar{Name: "STOLEN", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: others, Key: "KEY", Optional: ptr.To(true)}}})
		s.EnvFrom = append(s.EnvFrom, corev1.EnvFromSource{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: others, Optional: ptr.To(true)}})
		s.Pod.Volumes = append(s.Pod.Volumes, v1alpha1.Volume{Name: "stolen", Secret: &corev1.SecretVolumeSource{SecretName: others.Name, Optional: ptr.To(true)}})
	})
	for _, w := range workloads(t, render(t, in).Objects) {
		b, err := json.Marshal(w.pod.Spec)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), `"`+others.Name+`"`) {
			t.Errorf("the pods of %s read Secret %s, of which their release holds no copy", w.name, others.Name)
		}
		if strings.HasPrefix(w.name, "acme-cart-") && !strings.Contains(string(b), `"acme-s-cart-db-11111111"`) {
			t.Errorf("the pods of %s do not read the copy that is theirs", w.name)
		}
	}
}
