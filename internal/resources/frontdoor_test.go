package resources

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/google/go-cmp/cmp"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func template(t *testing.T, in Input, deployment string) corev1.PodTemplateSpec {
	t.Helper()
	return find[appsv1.Deployment](t, render(t, in).Objects, "Deployment/"+deployment).Spec.Template
}

// placed is what a pod takes of the shop.
func placed(p corev1.PodSpec) v1alpha1.FrontDoorPod {
	return v1alpha1.FrontDoorPod{
		ImagePullSecrets: p.ImagePullSecrets, NodeSelector: p.NodeSelector, Tolerations: p.Tolerations,
		Affinity: p.Affinity, TopologySpreadConstraints: p.TopologySpreadConstraints, PriorityClassName: p.PriorityClassName,
	}
}

// inClosedNetwork is the rich shop with defaults that pods need in order to start at all.
func inClosedNetwork() Input {
	in := rendered(richInput(), CurrentRenderVersion)
	in.Shop.Spec.Defaults.ImagePullSecrets = []corev1.LocalObjectReference{named("regcred")}
	in.Shop.Spec.Defaults.NodeSelector = map[string]string{"pool": "shop"}
	in.Shop.Spec.Defaults.Tolerations = []corev1.Toleration{{Key: "shop", Operator: corev1.TolerationOpExists}}
	return in
}

func TestTheFrontDoorIsPulledAndPlacedLikeTheShopsPods(t *testing.T) {
	d := inClosedNetwork().Shop.Spec.Defaults
	want := v1alpha1.FrontDoorPod{ImagePullSecrets: d.ImagePullSecrets, NodeSelector: d.NodeSelector, Tolerations: d.Tolerations}
	if diff := cmp.Diff(want, placed(template(t, inClosedNetwork(), "acme-front-door").Spec)); diff != "" {
		t.Errorf("Managed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, placed(template(t, throughGateway(inClosedNetwork()), "acme-front-door-bbbbbbbb").Spec)); diff != "" {
		t.Errorf("GatewayAPI (-want +got):\n%s", diff)
	}
}

func TestTheFrontDoorsOwnPlacementWinsOverTheDefaults(t *testing.T) {
	own := &v1alpha1.FrontDoorPod{
		ImagePullSecrets: []corev1.LocalObjectReference{named("gateway")}, NodeSelector: map[string]string{"pool": "edge"},
		Tolerations: []corev1.Toleration{}, PriorityClassName: "front", Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{}},
		TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{MaxSkew: 1, TopologyKey: "zone", WhenUnsatisfiable: corev1.ScheduleAnyway}},
	}
	want := *own.DeepCopy()
	want.Tolerations = nil // none
	for name, in := range map[string]Input{"acme-front-door": inClosedNetwork(), "acme-front-door-bbbbbbbb": throughGateway(inClosedNetwork())} {
		in.Shop.Spec.FrontDoor.Managed.Pod = own
		if diff := cmp.Diff(want, placed(template(t, in, name).Spec)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestADefaultDoesNotReplaceTheGatewayOfAnOlderRelease(t *testing.T) {
	in := throughGateway(rendered(inClosedNetwork(), 1))
	if diff := cmp.Diff(v1alpha1.FrontDoorPod{}, placed(template(t, in, "acme-front-door-bbbbbbbb").Spec)); diff != "" {
		t.Errorf("the gateway of a stack of version 1 changed (-want +got):\n%s", diff)
	}
}

func TestTheFrontDoorDrainsAsLongAsTheBalancerNeeds(t *testing.T) {
	for seconds, want := range map[int32]struct {
		sleep, grace int64
		delay        string
	}{
		0:   {0, 35, "0s"},
		5:   {5, 45, ""},
		30:  {30, 95, "30s"},
		300: {300, 395, "60s"},
	} {
		in := richInput()
		in.Shop.Spec.FrontDoor.Managed.DrainSeconds = ptr.To(seconds)
		spec := template(t, in, "acme-front-door").Spec
		c := spec.Containers[0]
		var sleep int64
		if c.Lifecycle != nil {
			sleep = c.Lifecycle.PreStop.Sleep.Seconds
		}
		if delay := values(c)["DRAIN_DELAY"]; sleep != want.sleep || *spec.TerminationGracePeriodSeconds != want.grace || delay != want.delay {
			t.Errorf("drainSeconds %d: sleeps %d s, DRAIN_DELAY %q, grace %d s; want %+v", seconds, sleep, delay, *spec.TerminationGracePeriodSeconds, want)
		}
	}
}

func TestWhatSomebodySetOnTheFrontDoorsServiceStaysWhereTheShopSaysNothing(t *testing.T) {
	in := richInput()
	svc := find[corev1.Service](t, render(t, in).Objects, "Service/acme")
	if svc.Spec.ExternalTrafficPolicy != "" || svc.Spec.LoadBalancerSourceRanges != nil {
		t.Errorf("owned though unset: %q, %v", svc.Spec.ExternalTrafficPolicy, svc.Spec.LoadBalancerSourceRanges)
	}
	want := &in.Shop.Spec.FrontDoor.Managed.Service
	want.ExternalTrafficPolicy, want.LoadBalancerSourceRanges = corev1.ServiceExternalTrafficPolicyLocal, []string{"192.0.2.0/24"}
	objects := render(t, in).Objects
	if svc = find[corev1.Service](t, objects, "Service/acme"); svc.Spec.ExternalTrafficPolicy != "Local" || len(svc.Spec.LoadBalancerSourceRanges) != 1 {
		t.Errorf("set, and not rendered: %q, %v", svc.Spec.ExternalTrafficPolicy, svc.Spec.LoadBalancerSourceRanges)
	}
	if preview := find[corev1.Service](t, objects, "Service/acme-preview"); preview.Spec.ExternalTrafficPolicy != "" {
		t.Error("the preview is no Service for traffic from outside")
	}
}

func made(name string, labels map[string]string, second int) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Labels: labels, CreationTimestamp: metav1.NewTime(time.Unix(int64(second), 0))}
}

func TestTheFrontDoorIsReplacedWhenItsAccountWasMadeAgain(t *testing.T) {
	door, stack := map[string]string{frontdoor.LabelComponent: frontdoor.ComponentFrontDoor}, map[string]string{frontdoor.LabelService: v1alpha1.GatewayService}
	cart := made("acme-cart-aaaaaaaa", map[string]string{frontdoor.LabelService: "cart"}, 10)
	before := made("acme-front-door", door, 10)
	before.Annotations = map[string]string{v1alpha1.AnnotationAccount: "u1"}
	account := func(second int) *metav1.ObjectMeta {
		a := made("acme-front-door", door, second)
		a.UID = "u2"
		return &a
	}
	for name, c := range map[string]struct {
		account     *metav1.ObjectMeta
		deployments []metav1.ObjectMeta
		want        map[string]string
	}{
		"the account is older: nothing was deleted":              {account(9), []metav1.ObjectMeta{before, cart}, map[string]string{}},
		"both were made in one second":                           {account(10), []metav1.ObjectMeta{before, cart}, map[string]string{}},
		"the account is younger":                                 {account(11), []metav1.ObjectMeta{before, cart}, map[string]string{"acme-front-door": "u2"}},
		"the account is not there yet: what was said stays":      {nil, []metav1.ObjectMeta{before, cart}, map[string]string{"acme-front-door": "u1"}},
		"of the stacks' gateways those that are older than it":   {account(11), []metav1.ObjectMeta{made("old", stack, 10), made("new", stack, 12)}, map[string]string{"old": "u2"}},
		"there is no Deployment: its pods get the right account": {account(11), nil, map[string]string{}},
	} {
		if diff := cmp.Diff(c.want, AccountUIDs(c.account, c.deployments...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, in := range map[string]Input{"acme-front-door": richInput(), "acme-front-door-bbbbbbbb": throughGateway(richInput())} {
		if pod := template(t, in, name); pod.Annotations != nil {
			t.Errorf("%s: annotations though nothing was deleted: %v", name, pod.Annotations)
		}
		in.AccountUIDs = map[string]string{name: "u2"}
		d := find[appsv1.Deployment](t, render(t, in).Objects, "Deployment/"+name)
		if d.Spec.Template.Annotations[v1alpha1.AnnotationAccount] != "u2" || d.Annotations[v1alpha1.AnnotationAccount] != "u2" {
			t.Errorf("%s: its pods are not replaced: %v", name, d.Spec.Template.Annotations)
		}
	}
}
