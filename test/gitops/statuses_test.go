package gitops

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	snapshots "github.com/emporium-shop/emporium/internal/release"
	"github.com/emporium-shop/emporium/internal/source"
	"github.com/emporium-shop/emporium/internal/status"
)

const (
	active    = "acme-aaaaaaaa"
	candidate = "acme-bbbbbbbb"
)

var epoch = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

func shop() *v1alpha1.Shop {
	return &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "acme", Generation: 4}}
}

func snapshotOf(image string) v1alpha1.ShopReleaseSpec {
	return v1alpha1.ShopReleaseSpec{Shop: "acme", Services: []v1alpha1.ReleaseService{
		{Name: "cart", ServiceTemplate: v1alpha1.ServiceTemplate{Image: image}},
	}}
}

func record(name, image string) *v1alpha1.ShopRelease {
	r := &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: name, Generation: 1}, Spec: snapshotOf(image)}
	r.Spec.Revision = name[len("acme-"):]
	return r
}

// serving is a shop whose first release serves customers while the services ask for a second one, whose stack runs.
func serving(reason v1alpha1.Reason) (*observe.World, *plan.Decision) {
	w := &observe.World{
		Shop:     shop(),
		Releases: map[string]*v1alpha1.ShopRelease{active: record(active, "cart:1"), candidate: record(candidate, "cart:2")},
		Snapshot: snapshots.Snapshot{Spec: snapshotOf("cart:2")},
		Routed:   []string{active},
		Entrance: &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "acme"}, Spec: corev1.ServiceSpec{
			Selector: map[string]string{frontdoor.LabelShop: "acme", frontdoor.LabelComponent: frontdoor.ComponentFrontDoor}}},
		Reached: map[string]corev1.Service{"acme-cart-aaaaaaaa": {ObjectMeta: metav1.ObjectMeta{Name: "acme-cart-aaaaaaaa"}, Spec: corev1.ServiceSpec{
			Selector: map[string]string{frontdoor.LabelShop: "acme", frontdoor.LabelService: "cart", frontdoor.LabelRelease: active}}}},
	}
	w.Observed.Table = frontdoor.Table{Active: active}
	w.Observed.FrontDoor = plan.FrontDoor{Ready: 2, Confirmed: 2}
	w.Observed.Stacks = map[string]plan.Stack{active: {"cart": {Wanted: 1, Available: 1, Current: true}}, candidate: {"cart": {Wanted: 1}}}
	floor := map[string]int32{"cart": 1}
	return w, &plan.Decision{
		Reason: reason, Message: "it is said why", Fulfilled: reason == v1alpha1.ReasonServing || reason == v1alpha1.ReasonRollbackWindow,
		Candidate: candidate, Table: plan.TablePlan{Active: active, Switch: &frontdoor.Switch{At: epoch}},
		Stacks: []plan.StackPlan{{Release: active, Role: plan.Active, Floors: floor}, {Release: candidate, Role: plan.Candidate, Floors: floor}},
	}
}

// installing is a shop in which nothing serves yet.
func installing() (*observe.World, *plan.Decision) {
	w, d := serving(v1alpha1.ReasonInstalling)
	w.Observed.Table.Active, d.Table.Active, d.Table.Switch = "", "", nil
	return w, d
}

// shopSaying is the Shop as the operator leaves it for a reason.
func shopSaying(t *testing.T, reason v1alpha1.Reason) *unstructured.Unstructured {
	t.Helper()
	w, d := serving(reason)
	switch reason {
	case v1alpha1.ReasonInstalling:
		w, d = installing()
	case v1alpha1.ReasonServing, v1alpha1.ReasonRollbackWindow:
		d.Candidate = ""
	}
	s := w.Shop
	s.Status = status.Shop(w, d)
	switch reason {
	case v1alpha1.ReasonApplyFailed:
		serves, settled := serving(v1alpha1.ReasonServing)
		s.Status = status.Shop(serves, settled)
		s.Status = status.Unreadable(s, errors.New("the API server is overloaded"))
	case v1alpha1.ReasonDeleting:
		at := metav1.NewTime(epoch)
		s.DeletionTimestamp = &at
		s.Finalizers = []string{"example.org/kept"}
		s.Status = status.Deleting(s)
	}
	return asSeen(t, "Shop", s)
}

// closedShop is a Shop that serves a release to which nobody gets.
func closedShop(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	w, d := serving(v1alpha1.ReasonDegraded)
	w.Entrance = nil
	w.Shop.Status = status.Shop(w, d)
	return asSeen(t, "Shop", w.Shop)
}

// changedService is a ShopService whose change is in no release that serves, and the shop says a reason.
func changedService(t *testing.T, reason v1alpha1.Reason) *unstructured.Unstructured {
	t.Helper()
	w, d := serving(reason)
	svc := cart()
	svc.Status = status.Service(w, d, svc)
	return asSeen(t, "ShopService", svc)
}

func cart() *v1alpha1.ShopService {
	return &v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "cart", Generation: 3}, Spec: v1alpha1.ShopServiceSpec{Shop: "acme"}}
}

// serviceSaying is the ShopService as the operator leaves it for a reason of its own.
func serviceSaying(t *testing.T, reason v1alpha1.Reason) *unstructured.Unstructured {
	t.Helper()
	w, d := serving(v1alpha1.ReasonServing)
	w.Snapshot.Spec = snapshotOf("cart:1")
	svc := cart()
	switch reason {
	case v1alpha1.ReasonServing:
		svc.Status = status.Service(w, d, svc)
	case v1alpha1.ReasonDegraded:
		w.Observed.Stacks[active] = plan.Stack{"cart": {Wanted: 1}}
		svc.Status = status.Service(w, d, svc)
	case v1alpha1.ReasonNotReleased:
		w, d = installing()
		svc.Status = status.Service(w, d, svc)
	case v1alpha1.ReasonUnknownShop:
		svc.Status = status.Orphan(svc)
	case v1alpha1.ReasonNotAllowed:
		svc.Status = status.NotAdmitted(w, d, svc)
	case v1alpha1.ReasonReleasing:
		return changedService(t, v1alpha1.ReasonStarting)
	default:
		return changedService(t, reason)
	}
	return asSeen(t, "ShopService", svc)
}

// candidateSaying is the ShopRelease that shall follow, while the shop says a reason.
func candidateSaying(t *testing.T, reason v1alpha1.Reason) *unstructured.Unstructured {
	t.Helper()
	w, d := serving(reason)
	r := w.Releases[candidate]
	r.Status = status.Release(w, d, r)
	return asSeen(t, "ShopRelease", r)
}

// releaseSaying is a ShopRelease that is no candidate, for a reason of its own.
func releaseSaying(t *testing.T, reason v1alpha1.Reason) *unstructured.Unstructured {
	t.Helper()
	w, d := serving(v1alpha1.ReasonServing)
	d.Candidate = ""
	r := w.Releases[active]
	switch reason {
	case v1alpha1.ReasonSwitching:
		d.Reason = reason
	case v1alpha1.ReasonRollbackWindow:
		r, d.Previous, d.RetiresAt = w.Releases[candidate], candidate, epoch.Add(15*time.Minute)
		w.Observed.Stacks[candidate] = plan.Stack{"cart": {Wanted: 1, Available: 1, Current: true}}
	case v1alpha1.ReasonRetired:
		r, d.Stacks = w.Releases[candidate], d.Stacks[:1]
	case v1alpha1.ReasonGuardBroken:
		r, d.Stacks = w.Releases[candidate], d.Stacks[:1]
		r.Annotations = map[string]string{v1alpha1.AnnotationRejected: "it broke the guard"}
	case v1alpha1.ReasonDegraded: // what serves lost its pods after it had them
		r.Status = status.Release(w, d, r)
		w.Observed.Stacks[active] = plan.Stack{"cart": {Wanted: 1}}
	}
	r.Status = status.Release(w, d, r)
	return asSeen(t, "ShopRelease", r)
}

// sourceSaying is the ShopSource as the operator leaves it for a reason.
func sourceSaying(t *testing.T, reason v1alpha1.Reason) *unstructured.Unstructured {
	t.Helper()
	s := &v1alpha1.ShopSource{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "cart", Generation: 2}}
	d := &source.Decision{Reason: reason, Ready: reason == v1alpha1.ReasonUpToDate, Message: "it is said why"}
	d.Status.ObservedGeneration = s.Generation
	s.Status = status.Source(s, d)
	if reason == v1alpha1.ReasonApplyFailed {
		s.Status = status.SourceFailed(s, d, errors.New("a webhook is away"))
	}
	return asSeen(t, "ShopSource", s)
}

// asSeen is an object as tools see it.
func asSeen(t *testing.T, kind string, o runtime.Object) *unstructured.Unstructured {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{Object: content}
	u.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
	fixTimes(u)
	return u
}

// fixTimes takes the clock out of conditions, so that what is kept in files stays as it is.
func fixTimes(u *unstructured.Unstructured) {
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for i := range conditions {
		conditions[i].(map[string]any)["lastTransitionTime"] = epoch.Format(time.RFC3339)
	}
	if len(conditions) > 0 {
		_ = unstructured.SetNestedSlice(u.Object, conditions, "status", "conditions")
	}
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
