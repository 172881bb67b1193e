package cli

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func TestLogsAreOfThePodsThatAreMeant(t *testing.T) {
	shop := shopThat(v1alpha1.ReasonAwaitingPromotion)
	shop.Status.Candidate = &v1alpha1.ReleaseRef{Release: "acme-bbbbbbbb"}
	for name, x := range map[string]struct {
		l    logging
		want string
	}{
		"what serves":      {logging{by: "active"}, "app.kubernetes.io/component=service,shop.emporium.dev/release=acme-aaaaaaaa,shop.emporium.dev/shop=acme"},
		"the candidate":    {logging{by: "candidate"}, "app.kubernetes.io/component=service,shop.emporium.dev/release=acme-bbbbbbbb,shop.emporium.dev/shop=acme"},
		"a release":        {logging{by: "acme-cccccccc"}, "app.kubernetes.io/component=service,shop.emporium.dev/release=acme-cccccccc,shop.emporium.dev/shop=acme"},
		"a service":        {logging{by: "active", service: "cart"}, "app.kubernetes.io/component=service,shop.emporium.dev/release=acme-aaaaaaaa,shop.emporium.dev/service=cart,shop.emporium.dev/shop=acme"},
		"its checks":       {logging{by: "candidate", job: "check"}, "app.kubernetes.io/component=check,shop.emporium.dev/release=acme-bbbbbbbb,shop.emporium.dev/shop=acme"},
		"the front door":   {logging{by: "previous", frontDoor: true}, "app.kubernetes.io/component=front-door,shop.emporium.dev/shop=acme"},
		"one that is not":  {logging{by: "previous"}, ""},
		"no kind of a Job": {logging{by: "active", job: "build"}, ""},
	} {
		got, err := x.l.selector(shop)
		if (err == nil) != (x.want != "") || (err == nil && got.String() != x.want) {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

func TestThePreviewIsForwardedToItsPod(t *testing.T) {
	for address, want := range map[string]string{"http://acme-preview.acme.svc": "acme-preview", "http://acme-preview.acme.svc:8080": "acme-preview", "https://preview.acme.example": "", "http://10.0.0.7": "", "": ""} {
		if got, inside := serviceOf(address); inside != (want != "") || (inside && got != want) {
			t.Errorf("%s: %s %t", address, got, inside)
		}
	}
	pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{}, {Ports: []corev1.ContainerPort{{Name: "preview", ContainerPort: 8081}}}}}}
	if portOf(pod, intstr.FromString("preview")) != 8081 || portOf(pod, intstr.FromInt32(9)) != 9 || portOf(pod, intstr.FromString("http")) != 0 {
		t.Error("another port")
	}
	if ready(pod) {
		t.Error("a pod that says nothing is ready")
	}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	if !ready(pod) {
		t.Error("a ready pod is not ready")
	}
	if pod.DeletionTimestamp = (&metav1.Time{}); !ready(pod) {
		t.Error("no time of deletion is none")
	}
}

func TestACheckSaysWhatIsMissingAndWhatToDo(t *testing.T) {
	kinds := func() []string { return []string{"shops", "shopservices"} }
	states := func(has ...string) (out string) {
		served := map[string]bool{}
		for _, h := range has {
			served[h] = true
		}
		for _, f := range apis(served, kinds) {
			if out += f.State + " "; (f.State == "failed") != (f.Do != "") {
				t.Errorf("%+v", f)
			}
		}
		return strings.TrimSpace(out)
	}
	for want, has := range map[string][]string{
		"failed failed note": nil,
		"ok failed note":     {"shop.emporium.dev/v1alpha1"},
		"ok ok ok":           {"shop.emporium.dev/v1alpha1", "metrics.k8s.io/v1beta1", "gateway.networking.k8s.io/v1"},
	} {
		if got := states(has...); got != want {
			t.Errorf("%v: %s, want %s", has, got, want)
		}
	}
}

func TestTheOperatorsVersionIsCompared(t *testing.T) {
	of := func(label, image string, ready int32) *appsv1.Deployment {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "emporium-system", Name: "emporium", Labels: map[string]string{"app.kubernetes.io/version": label}}}
		d.Spec.Template.Spec.Containers = []corev1.Container{{Image: image}}
		d.Status.ReadyReplicas, d.Status.Replicas = ready, 2
		return d
	}
	e := &env{version: "1.2.3"}
	for name, x := range map[string]struct {
		d           *appsv1.Deployment
		state, says string
	}{
		"the same":                {of("1.2.3", "", 2), "ok", "emporium-system/emporium 1.2.3, 2 of 2 pods ready"},
		"another":                 {of("1.3.0", "", 2), "ok", "this program is 1.2.3: plan may foresee other names"},
		"by the tag of the image": {of("", "registry.example:5000/operator:1.2.3@sha256:00", 2), "ok", "1.2.3"},
		"an image without a tag":  {of("", "registry.example:5000/operator", 2), "ok", "of an unknown version"},
		"none is ready":           {of("1.2.3", "", 0), "failed", "0 of 2 pods ready"},
	} {
		if f := e.judged(x.d); f.State != x.state || !strings.Contains(f.Found, x.says) || (f.Do != "") != (f.State == "failed") {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
