package consoletest

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/view"
)

// Noon is when the worlds are looked at.
var Noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// The releases of the worlds.
const (
	First  = "acme-aaaaaaaa"
	Second = "acme-bbbbbbbb"
	Third  = "acme-cccccccc"
)

// Services are as many as a real shop has.
var Services = []string{
	"cart", "catalog", "checkout", "content", "customers", "events", "fulfilment", "inventory", "loyalty", "mailer",
	"media", "orders", "payments", "pricing", "promotions", "recommend", "reviews", "search", "shipping", "storefront",
}

// Awaiting is the shop acme of 20 services: First serves, Second is ready and waits for approval. It changes the storefront.
func Awaiting() view.Objects {
	o := view.Objects{Now: Noon, Shop: &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "acme", Generation: 2}}}
	o.Shop.Spec.Release.Promotion = v1alpha1.PromotionManual
	o.Shop.Spec.Release.Checks = []v1alpha1.Check{{Name: "smoke"}, {Name: "prices"}}
	o.Shop.Status = v1alpha1.ShopStatus{
		ObservedGeneration: 2, Address: "http://acme.acme.svc", PreviewAddress: "http://acme-preview.acme.svc",
		Active:     &v1alpha1.ReleaseRef{Release: First, Version: "2026.11.2", Since: before(3 * time.Hour)},
		Candidate:  &v1alpha1.ReleaseRef{Release: Second, Version: "2026.11.3", Since: before(15 * time.Minute)},
		WaitingFor: []v1alpha1.Wait{{Kind: v1alpha1.WaitApproval, Release: Second}},
		Recent: []v1alpha1.Step{
			{Seq: 1, At: *before(3 * time.Hour), Reason: v1alpha1.ReasonSwitching, From: "acme-00000000", To: First, Cause: v1alpha1.CauseApproved, By: "bob@shop", Because: "checked by Bob", ConfirmMillis: ptr.To[int64](49)},
			{Seq: 2, At: *before(12 * time.Minute), Reason: v1alpha1.ReasonAwaitingPromotion, Release: Second},
		},
	}
	Says(&o, v1alpha1.ReasonAwaitingPromotion, "release "+Second+" is ready at the preview; set spec.release.active to "+Second+" to let it serve")
	o.Releases = []v1alpha1.ShopRelease{Record(First, "2026.11.2", 4*time.Hour), Record(Second, "2026.11.3", 15*time.Minute)}
	for _, c := range o.Shop.Spec.Release.Checks {
		o.Releases[1].Status.Checks = append(o.Releases[1].Status.Checks, v1alpha1.JobStatus{Name: c.Name, Job: "acme-check-" + c.Name, State: v1alpha1.JobSucceeded})
	}
	store := &o.Releases[1].Spec.Services[len(Services)-1]
	store.Image, store.Env = "registry.example/storefront:2", []corev1.EnvVar{{Name: "TRY", Value: "2"}}
	o.Deployments = append(stack(First), stack(Second)...)
	o.Deployments = append(o.Deployments, deployment(frontdoor.ComponentFrontDoor, "", ""))
	return o
}

// Switched is the same shop a minute after Second was approved.
func Switched(by, because string) view.Objects {
	o := Awaiting()
	o.Shop.Generation, o.Shop.Status.ObservedGeneration = 3, 3
	o.Shop.Spec.Release.Active = Second
	o.Shop.Status.Active, o.Shop.Status.Candidate = &v1alpha1.ReleaseRef{Release: Second, Version: "2026.11.3", Since: before(time.Minute)}, nil
	o.Shop.Status.Previous = &v1alpha1.PreviousRelease{Release: First, RetiresAt: before(-14 * time.Minute)}
	o.Shop.Status.WaitingFor, o.Shop.Status.PreviewAddress = []v1alpha1.Wait{{Kind: v1alpha1.WaitWindow, Release: First, Until: before(-14 * time.Minute)}}, ""
	o.Shop.Status.Recent = append(o.Shop.Status.Recent,
		v1alpha1.Step{Seq: 3, At: *before(time.Minute), Reason: v1alpha1.ReasonSwitching, From: First, To: Second, Cause: v1alpha1.CauseApproved, By: by, Because: because, ConfirmMillis: ptr.To[int64](52)})
	Says(&o, v1alpha1.ReasonRollbackWindow, "release "+Second+" serves; "+First+" is kept for a way back until 2026-11-27T12:14:00Z")
	return o
}

// Says gives a shop a reason and a sentence.
func Says(o *view.Objects, reason v1alpha1.Reason, sentence string) {
	ready := metav1.ConditionFalse
	if reason == v1alpha1.ReasonServing || reason == v1alpha1.ReasonRollbackWindow {
		ready = metav1.ConditionTrue
	}
	at := *before(12 * time.Minute)
	o.Shop.Status.Conditions = []metav1.Condition{
		{Type: string(v1alpha1.ConditionReady), Status: ready, Reason: string(reason), Message: sentence, LastTransitionTime: at},
		{Type: string(v1alpha1.ConditionAvailable), Status: metav1.ConditionTrue, Reason: string(reason), LastTransitionTime: at},
	}
	if reason.Stalls() {
		o.Shop.Status.Conditions = append(o.Shop.Status.Conditions, metav1.Condition{Type: string(v1alpha1.ConditionStalled), Status: metav1.ConditionTrue, Reason: string(reason), LastTransitionTime: at})
	}
}

func before(d time.Duration) *metav1.Time {
	t := metav1.NewTime(Noon.Add(-d))
	return &t
}

// Record is a ShopRelease with all services.
func Record(name, version string, age time.Duration) v1alpha1.ShopRelease {
	r := v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: name, CreationTimestamp: *before(age)}, Spec: v1alpha1.ShopReleaseSpec{Shop: "acme", Version: version}}
	for _, s := range Services {
		r.Spec.Services = append(r.Spec.Services, v1alpha1.ReleaseService{Name: s, ServiceTemplate: v1alpha1.ServiceTemplate{Image: "registry.example/" + s + ":1"}})
		r.Status.Services = append(r.Status.Services, v1alpha1.ReleaseServiceStatus{Name: s, Ready: 2, Wanted: 2})
	}
	return r
}

func stack(release string) (all []appsv1.Deployment) {
	for _, s := range Services {
		all = append(all, deployment("", release, s))
	}
	return all
}

func deployment(component, release, service string) appsv1.Deployment {
	d := appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: fmt.Sprintf("acme-%s-%s", service, release), Labels: map[string]string{frontdoor.LabelShop: "acme"}}}
	for key, value := range map[string]string{frontdoor.LabelComponent: component, frontdoor.LabelRelease: release, frontdoor.LabelService: service} {
		if value != "" {
			d.Labels[key] = value
		}
	}
	d.Spec.Replicas = ptr.To[int32](2)
	d.Status = appsv1.DeploymentStatus{Replicas: 2, ReadyReplicas: 2, UpdatedReplicas: 2, AvailableReplicas: 2}
	return d
}
