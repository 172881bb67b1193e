// Package viewtest holds shops in every state, for the tests of all that shows them.
package viewtest

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/view"
)

// Now is the time in all worlds.
var Now = time.Date(2026, 11, 27, 9, 14, 52, 0, time.UTC)

// The releases of the worlds, from the oldest.
const (
	Previous  = "acme-88d2a1b0"
	Active    = "acme-c10d3fe3"
	Candidate = "acme-7c1d09ab"
)

func ago(d time.Duration) *metav1.Time {
	t := metav1.NewTime(Now.Add(-d))
	return &t
}

// Worlds are shops by the reason that they are in.
func Worlds() map[v1alpha1.Reason]view.Objects {
	out := map[v1alpha1.Reason]view.Objects{}
	for _, w := range worlds {
		o := shop()
		condition(&o, w.reason, w.message, w.ready, !w.away)
		if w.change != nil {
			w.change(&o)
		}
		out[w.reason] = o
	}
	return out
}

// shop serves Active; its candidate is there where a world says so.
func shop() view.Objects {
	o := view.Objects{Now: Now, Shop: &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "acme", Generation: 3}}}
	o.Shop.Status = v1alpha1.ShopStatus{
		ObservedGeneration: 3, Address: "http://acme.acme.svc", Active: &v1alpha1.ReleaseRef{Release: Active, Version: "2026.11.2", Since: ago(3 * time.Hour)},
		LastSwitch: &v1alpha1.SwitchRecord{From: Previous, To: Active, WrittenAt: metav1.NewMicroTime(Now.Add(-3 * time.Hour))},
		Recent: []v1alpha1.Step{
			{Seq: 1, At: *ago(30 * time.Hour), Reason: v1alpha1.ReasonSwitching, Release: Previous, To: Previous, Cause: v1alpha1.CauseFirst, ConfirmMillis: ptr.To[int64](61)},
			{Seq: 2, At: *ago(3 * time.Hour), Reason: v1alpha1.ReasonSwitching, Release: Active, From: Previous, To: Active, Cause: v1alpha1.CauseApproved,
				By: "bob@shop", Because: "prices are right now", ConfirmMillis: ptr.To[int64](49)},
		},
	}
	o.Releases = []v1alpha1.ShopRelease{record(Previous, "2026.11.1", ":0", 30*time.Hour), record(Active, "2026.11.2", ":1", 3*time.Hour+time.Minute)}
	o.Services = []v1alpha1.ShopService{
		service("storefront", "kustomize-controller", map[string]string{"kustomize.toolkit.fluxcd.io/name": "team-web", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}),
		service("catalog", "", nil), service("cart", "", nil), service("mailer", "", nil),
	}
	o.Deployments = []appsv1.Deployment{{
		ObjectMeta: metav1.ObjectMeta{Name: "acme-front-door", Labels: map[string]string{frontdoor.LabelShop: "acme", frontdoor.LabelComponent: frontdoor.ComponentFrontDoor}},
		Spec:       appsv1.DeploymentSpec{Replicas: ptr.To[int32](2)}, Status: appsv1.DeploymentStatus{ReadyReplicas: 2},
	}}
	return o
}

func service(name, manager string, labels map[string]string) v1alpha1.ShopService {
	s := v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: name, Labels: labels}, Spec: v1alpha1.ShopServiceSpec{Shop: "acme"}}
	if manager != "" {
		s.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: manager, FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:image":{}}}`)}}
	}
	return s
}

func record(name, version, tag string, age time.Duration) v1alpha1.ShopRelease {
	template := func(service, tag string) v1alpha1.ReleaseService {
		return v1alpha1.ReleaseService{Name: service, ServiceTemplate: v1alpha1.ServiceTemplate{Image: "registry.example/" + service + tag}}
	}
	storefront, mailer := template("storefront", tag), template("mailer", ":4")
	if name == Candidate {
		storefront.Env = []corev1.EnvVar{{Name: "TRY", Value: "2"}}
	}
	mailer.Activation = v1alpha1.ActivationWithTraffic
	return v1alpha1.ShopRelease{
		ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: name, CreationTimestamp: *ago(age)},
		Spec: v1alpha1.ShopReleaseSpec{Shop: "acme", Version: version, Services: []v1alpha1.ReleaseService{
			template("cart", ":1"), template("catalog", ":1"), mailer, storefront}},
		Status: v1alpha1.ShopReleaseStatus{Services: []v1alpha1.ReleaseServiceStatus{
			{Name: "cart", Ready: 2, Wanted: 2}, {Name: "catalog", Ready: 2, Wanted: 2}, {Name: "mailer", Ready: 1, Wanted: 1}, {Name: "storefront", Ready: 9, Wanted: 9}}},
	}
}

func condition(o *view.Objects, reason v1alpha1.Reason, message string, ready, available bool) {
	set := func(t v1alpha1.ConditionType, is bool) {
		status := metav1.ConditionFalse
		if is {
			status = metav1.ConditionTrue
		}
		o.Shop.Status.Conditions = append(o.Shop.Status.Conditions, metav1.Condition{Type: string(t), Status: status, Reason: string(reason), Message: message, LastTransitionTime: *ago(12 * time.Minute)})
	}
	set(v1alpha1.ConditionReady, ready)
	set(v1alpha1.ConditionAvailable, available)
	if reason.Stalls() {
		set(v1alpha1.ConditionStalled, true)
	}
	o.Shop.Status.Recent = append(o.Shop.Status.Recent, v1alpha1.Step{Seq: 3, At: *ago(12 * time.Minute), Reason: reason, Release: Candidate})
}

// comes puts the candidate there; starting: a pod of its catalog has no image.
func comes(o *view.Objects) {
	o.Shop.Status.Candidate = &v1alpha1.ReleaseRef{Release: Candidate, Version: "2026.11.3", Since: ago(12 * time.Minute)}
	o.Releases = append(o.Releases, record(Candidate, "2026.11.3", ":2", 12*time.Minute))
}

func starting(o *view.Objects) {
	comes(o)
	r := &o.Releases[len(o.Releases)-1]
	r.Status.Services[1] = v1alpha1.ReleaseServiceStatus{Name: "catalog", Ready: 1, Wanted: 2, Reason: "ImagePullBackOff"}
	waits(o, v1alpha1.Wait{Kind: v1alpha1.WaitService, Name: "catalog", Release: Candidate, Reason: "ImagePullBackOff", Until: ago(-7 * time.Minute)})
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "acme-catalog-7c1d09ab-x2x9q", Labels: map[string]string{
		frontdoor.LabelShop: "acme", frontdoor.LabelRelease: Candidate, frontdoor.LabelService: "catalog"}}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
		Reason: "ImagePullBackOff", Message: `"registry.example/catalog:2": not found`}}}}
	o.Pods = []corev1.Pod{pod}
	o.Events = []corev1.Event{{
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: "acme", Name: pod.Name}, Type: corev1.EventTypeWarning, Reason: "Failed",
		Message: `Failed to pull image "registry.example/catalog:2": not found`, Count: 7, FirstTimestamp: *ago(3 * time.Minute), LastTimestamp: *ago(0),
	}}
}

// overdue: nobody waits until a time any more.
func overdue(o *view.Objects) {
	starting(o)
	o.Shop.Status.WaitingFor[0].Until = nil
}

func notYet(o *view.Objects) {
	o.Shop.Status.Active, o.Shop.Status.LastSwitch, o.Shop.Status.Recent = nil, nil, o.Shop.Status.Recent[2:]
	o.Releases = nil
	starting(o)
}

func waits(o *view.Objects, all ...v1alpha1.Wait) { o.Shop.Status.WaitingFor = all }

func waitsFor(all ...v1alpha1.Wait) func(*view.Objects) {
	return func(o *view.Objects) { comes(o); waits(o, all...) }
}

// checks are two, of which one passed.
func checks(prices v1alpha1.JobState) func(*view.Objects) {
	return func(o *view.Objects) {
		comes(o)
		o.Shop.Spec.Release.Checks = []v1alpha1.Check{{Name: "smoke"}, {Name: "prices"}}
		r := &o.Releases[len(o.Releases)-1]
		r.Status.Checks = []v1alpha1.JobStatus{{Name: "smoke", Job: "acme-check-smoke-1", State: v1alpha1.JobSucceeded}, {Name: "prices", Job: "acme-check-prices-1", State: prices}}
		job := batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "acme-check-smoke-1", Labels: map[string]string{frontdoor.LabelShop: "acme"}}}
		job.Status.StartTime, job.Status.CompletionTime = ago(11*time.Minute), ago(11*time.Minute-41*time.Second)
		o.Jobs = []batchv1.Job{job}
		wait := v1alpha1.Wait{Kind: v1alpha1.WaitCheck, Name: "prices", Release: Candidate}
		if prices == v1alpha1.JobFailed {
			wait.Reason = "Failed"
		}
		if prices != v1alpha1.JobSucceeded {
			waits(o, wait)
		}
	}
}

func window(o *view.Objects) {
	o.Shop.Status.Previous = &v1alpha1.PreviousRelease{Release: Previous, RetiresAt: ago(-3 * time.Minute)}
}
