package resources

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"

	"github.com/google/go-cmp/cmp"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// everyFrontDoor runs a test on the rich shop with each type of front door, in each version
// of the rendering, and with the newer fields.
func everyFrontDoor(t *testing.T, test func(t *testing.T, objects []Object)) {
	shops := map[string]func() Input{"with newer fields": newerInput}
	for version := int32(1); version <= CurrentRenderVersion; version++ {
		shops[fmt.Sprintf("version %d", version)] = func() Input { return rendered(richInput(), version) }
	}
	for name, shop := range shops {
		t.Run("Managed, "+name, func(t *testing.T) { test(t, render(t, shop()).Objects) })
		t.Run("GatewayAPI, "+name, func(t *testing.T) { test(t, render(t, throughGateway(shop())).Objects) })
	}
}

// kinds decodes the rendered objects of one kind.
func kinds[T any](t *testing.T, objects []Object, kind string) (out []T) {
	t.Helper()
	for _, o := range objects {
		if *o.GetKind() == kind {
			out = append(out, decoded[T](t, o))
		}
	}
	if len(out) == 0 {
		t.Fatalf("no %s is rendered", kind)
	}
	return out
}

// workload is what makes pods.
type workload struct {
	name string
	job  bool
	pod  corev1.PodTemplateSpec
}

func workloads(t *testing.T, objects []Object) (out []workload) {
	t.Helper()
	for _, d := range kinds[appsv1.Deployment](t, objects, "Deployment") {
		out = append(out, workload{d.Name, false, d.Spec.Template})
	}
	for _, j := range kinds[batchv1.Job](t, objects, "Job") {
		out = append(out, workload{j.Name, true, j.Spec.Template})
	}
	return out
}

func TestASelectorMatchesThePodsOfItsOwnWorkloadAlone(t *testing.T) {
	everyFrontDoor(t, func(t *testing.T, objects []Object) {
		selectors := map[string]map[string]string{} // of an object → the workload that it is for
		own := map[string]string{"Service/acme": "acme-front-door", "Service/acme-preview": "acme-front-door"}
		for _, s := range kinds[corev1.Service](t, objects, "Service") {
			selectors["Service/"+s.Name] = s.Spec.Selector
		}
		for _, d := range kinds[appsv1.Deployment](t, objects, "Deployment") {
			selectors["Deployment/"+d.Name] = d.Spec.Selector.MatchLabels
		}
		for _, p := range kinds[policyv1.PodDisruptionBudget](t, objects, "PodDisruptionBudget") {
			selectors["PodDisruptionBudget/"+p.Name] = p.Spec.Selector.MatchLabels
		}
		for object, selector := range selectors {
			var got []string
			for _, w := range workloads(t, objects) {
				if labels.SelectorFromSet(selector).Matches(labels.Set(w.pod.Labels)) {
					got = append(got, w.name)
				}
			}
			want := own[object]
			if want == "" {
				_, want, _ = strings.Cut(object, "/")
			}
			if diff := cmp.Diff([]string{want}, got); diff != "" {
				t.Errorf("pods that %s selects (-want +got):\n%s", object, diff)
			}
		}
	})
}

func TestNoPodGetsATokenUnlessItsSpecNamesAnAccount(t *testing.T) {
	everyFrontDoor(t, func(t *testing.T, objects []Object) {
		withToken := map[string]bool{}
		for _, w := range workloads(t, objects) {
			spec := w.pod.Spec
			if spec.AutomountServiceAccountToken == nil {
				t.Errorf("%s: automountServiceAccountToken is left to the account", w.name)
				continue
			}
			if withToken[spec.ServiceAccountName] = true; *spec.AutomountServiceAccountToken != (spec.ServiceAccountName != "") {
				t.Errorf("%s runs as %q; token mounted: %t", w.name, spec.ServiceAccountName, *spec.AutomountServiceAccountToken)
			}
		}
		if diff := cmp.Diff([]string{"", "acme-front-door", "cart"}, slices.Sorted(maps.Keys(withToken))); diff != "" {
			t.Errorf("accounts of the rich shop (-want +got):\n%s", diff)
		}
		for _, a := range kinds[corev1.ServiceAccount](t, objects, "ServiceAccount") {
			if a.AutomountServiceAccountToken == nil || *a.AutomountServiceAccountToken {
				t.Errorf("ServiceAccount %s gives its token to whoever names it", a.Name)
			}
		}
	})
}

func TestEveryObjectBelongsToItsShop(t *testing.T) {
	everyFrontDoor(t, func(t *testing.T, objects []Object) {
		for _, o := range objects {
			meta := decoded[metav1.PartialObjectMetadata](t, o)
			id := meta.Kind + "/" + meta.Name
			owner := metav1.GetControllerOf(&meta)
			if owner == nil || owner.Kind != "Shop" || owner.UID != "5b1e" || len(meta.OwnerReferences) != 1 {
				t.Errorf("%s: owners %v, want the Shop alone", id, meta.OwnerReferences)
			}
			if meta.Labels[frontdoor.LabelShop] != "acme" || meta.Labels[LabelManagedBy] != ManagedBy || meta.Namespace != "shops" {
				t.Errorf("%s in %s: labels %v", id, meta.Namespace, meta.Labels)
			}
			if len(meta.Name) > 63 {
				t.Errorf("%s: the name is too long", id)
			}
		}
	})
}

func TestEveryPodIsRestricted(t *testing.T) {
	everyFrontDoor(t, func(t *testing.T, objects []Object) {
		for _, w := range workloads(t, objects) {
			p := w.pod.Spec
			if sc := p.SecurityContext; sc == nil || !isTrue(sc.RunAsNonRoot) || sc.SeccompProfile == nil || sc.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
				t.Errorf("%s: pod security context %+v", w.name, sc)
			}
			if len(p.Containers) != 1 || len(p.InitContainers) != 0 || p.HostNetwork || p.HostPID || p.HostIPC {
				t.Errorf("%s: more than one container of its own", w.name)
			}
			sc := p.Containers[0].SecurityContext
			if sc == nil || sc.AllowPrivilegeEscalation == nil || *sc.AllowPrivilegeEscalation || !isTrue(sc.ReadOnlyRootFilesystem) || !isTrue(sc.RunAsNonRoot) {
				t.Errorf("%s: security context %+v", w.name, sc)
				continue
			}
			if diff := cmp.Diff(&corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}, sc.Capabilities); diff != "" {
				t.Errorf("%s: capabilities (-want +got):\n%s", w.name, diff)
			}
			if p.EnableServiceLinks == nil || *p.EnableServiceLinks {
				t.Errorf("%s: has an environment variable for each Service of the namespace", w.name)
			}
		}
	})
}

func isTrue(b *bool) bool { return b != nil && *b }

func TestAPodServesOnBeforeItEndsAndAJobDoesNotWait(t *testing.T) {
	everyFrontDoor(t, func(t *testing.T, objects []Object) {
		for _, w := range workloads(t, objects) {
			c := w.pod.Spec.Containers[0]
			sleeps := c.Lifecycle != nil && c.Lifecycle.PreStop != nil && c.Lifecycle.PreStop.Sleep != nil
			if sleeps == w.job {
				t.Errorf("%s: preStop sleeps: %t", w.name, sleeps)
			}
			if sleeps && c.Lifecycle.PreStop.Sleep.Seconds >= ptr.Deref(w.pod.Spec.TerminationGracePeriodSeconds, 30) {
				t.Errorf("%s: nothing of its grace is left after preStop", w.name)
			}
			if probed := c.ReadinessProbe != nil && c.LivenessProbe != nil && c.StartupProbe != nil; probed == w.job {
				t.Errorf("%s: probes: %t", w.name, probed)
			}
		}
	})
}

func TestTheFrontDoorMayReadItsTableAndEndpointsAndWriteLeases(t *testing.T) {
	want := []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{"acme-front-door"}, Verbs: []string{"list", "watch"}},
		{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: []string{"list", "watch"}},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"create", "patch"}},
	}
	everyFrontDoor(t, func(t *testing.T, objects []Object) {
		roles := kinds[rbacv1.Role](t, objects, "Role")
		if diff := cmp.Diff(want, roles[0].Rules); diff != "" || len(roles) != 1 {
			t.Errorf("%d roles; rules (-want +got):\n%s", len(roles), diff)
		}
		binding := find[rbacv1.RoleBinding](t, objects, "RoleBinding/acme-front-door")
		subject := []rbacv1.Subject{{Kind: "ServiceAccount", Name: "acme-front-door", Namespace: "shops"}}
		if diff := cmp.Diff(subject, binding.Subjects); diff != "" || binding.RoleRef.Name != "acme-front-door" {
			t.Errorf("role %s; subjects (-want +got):\n%s", binding.RoleRef.Name, diff)
		}
	})
}

func TestAnAutoscalerStaysBetweenItsFloorAndItsMaximum(t *testing.T) {
	objects := render(t, richInput()).Objects
	for name, floor := range map[string]int32{"acme-catalog-aaaaaaaa": 2, "acme-catalog-bbbbbbbb": 5} {
		a := find[autoscalingv2.HorizontalPodAutoscaler](t, objects, "HorizontalPodAutoscaler/"+name)
		if *a.Spec.MinReplicas != floor || a.Spec.MaxReplicas != 10 {
			t.Errorf("%s: from %d to %d, want %d to 10", name, *a.Spec.MinReplicas, a.Spec.MaxReplicas, floor)
		}
		if a.Spec.ScaleTargetRef.Name != name || a.Spec.ScaleTargetRef.Kind != "Deployment" || len(a.Spec.Metrics) != 2 {
			t.Errorf("%s: scales %v by %d metrics", name, a.Spec.ScaleTargetRef, len(a.Spec.Metrics))
		}
		if d := find[appsv1.Deployment](t, objects, "Deployment/"+name); d.Spec.Replicas != nil {
			t.Errorf("%s: the Deployment states %d replicas, which the autoscaler owns", name, *d.Spec.Replicas)
		}
	}
	if got := len(kinds[autoscalingv2.HorizontalPodAutoscaler](t, objects, "HorizontalPodAutoscaler")); got != 2 {
		t.Errorf("%d autoscalers, want one for each stack's catalog", got)
	}
}

func TestADrainTakesAsManyPodsAsTheServiceAllows(t *testing.T) {
	objects := render(t, richInput()).Objects
	for name, most := range map[string]int{"acme-mailer-aaaaaaaa": 2, "acme-cart-bbbbbbbb": 1, "acme-front-door": 1} {
		p := find[policyv1.PodDisruptionBudget](t, objects, "PodDisruptionBudget/"+name)
		if p.Spec.MaxUnavailable.IntValue() != most || p.Spec.MinAvailable != nil {
			t.Errorf("%s: maxUnavailable %v, want %d", name, p.Spec.MaxUnavailable, most)
		}
		if p.Spec.UnhealthyPodEvictionPolicy == nil || *p.Spec.UnhealthyPodEvictionPolicy != policyv1.AlwaysAllow {
			t.Errorf("%s: a pod that is broken anyway can keep its node from being drained", name)
		}
	}
}

func TestAJobThatADrainInterruptsDoesNotFail(t *testing.T) {
	for _, j := range kinds[batchv1.Job](t, render(t, richInput()).Objects, "Job") {
		want := &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{{
			Action:          batchv1.PodFailurePolicyActionIgnore,
			OnPodConditions: []batchv1.PodFailurePolicyOnPodConditionsPattern{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue}},
		}}}
		if diff := cmp.Diff(want, j.Spec.PodFailurePolicy); diff != "" {
			t.Errorf("%s: podFailurePolicy (-want +got):\n%s", j.Name, diff)
		}
		if j.Spec.BackoffLimit == nil || *j.Spec.BackoffLimit != 0 || j.Spec.Template.Spec.RestartPolicy != corev1.RestartPolicyNever {
			t.Errorf("%s: is run again by itself", j.Name)
		}
	}
}

func TestAWorkerWithoutTrafficHasNoPods(t *testing.T) {
	objects := render(t, richInput()).Objects
	for name, want := range map[string]int32{"acme-mailer-aaaaaaaa": 4, "acme-mailer-bbbbbbbb": 0, "acme-cart-bbbbbbbb": 3} {
		if d := find[appsv1.Deployment](t, objects, "Deployment/"+name); d.Spec.Replicas == nil || *d.Spec.Replicas != want {
			t.Errorf("%s: %v replicas, want %d", name, d.Spec.Replicas, want)
		}
	}
}

// Its autoscaler does nothing at 0, so the number comes from here; and is there when the pods are.
func TestAnAutoscaledServiceThatIsLiftedFromZeroKeepsItsAutoscaler(t *testing.T) {
	in := richInput()
	in.Decision.Stacks[0].Fixed = map[string]int32{"catalog": 2}
	d := render(t, in)
	if got := find[appsv1.Deployment](t, d.Objects, "Deployment/acme-catalog-aaaaaaaa").Spec.Replicas; got == nil || *got != 2 {
		t.Errorf("replicas: %v, want 2", got)
	}
	if !slices.Contains(names(d), "HorizontalPodAutoscaler/acme-catalog-aaaaaaaa") {
		t.Error("its autoscaler is taken away")
	}
	d = render(t, richInput())
	if got := find[appsv1.Deployment](t, d.Objects, "Deployment/acme-catalog-aaaaaaaa").Spec.Replicas; got != nil {
		t.Errorf("the number of an autoscaled service is written: %d", *got)
	}
}

func TestNoPodIsTakenBeforeItsSuccessorIsThere(t *testing.T) {
	everyFrontDoor(t, func(t *testing.T, objects []Object) {
		for _, d := range kinds[appsv1.Deployment](t, objects, "Deployment") {
			r := d.Spec.Strategy.RollingUpdate
			if d.Spec.Strategy.Type != appsv1.RollingUpdateDeploymentStrategyType || r == nil || r.MaxUnavailable.IntValue() != 0 || r.MaxSurge.IntValue() != 1 {
				t.Errorf("%s: strategy %+v", d.Name, d.Spec.Strategy)
			}
		}
	})
}
