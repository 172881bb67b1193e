package controllers

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

// A release that takes a minute to start, and wakes the operator ten times a second.
func TestProgressIsWrittenEverMoreRarely(t *testing.T) {
	var p pace
	shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme", Namespace: "shops"}}
	begun := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	var written []float64
	for now := begun; now.Before(begun.Add(time.Minute)); now = now.Add(100 * time.Millisecond) {
		d := plan.Decision{Reason: v1alpha1.ReasonStarting}
		if p.tooSoon(shop, &shop.Status, &d, now) {
			if d.Wake <= 0 || d.Wake > slowestProgress {
				t.Fatalf("what was not written is looked at again in %s", d.Wake)
			}
			continue
		}
		written = append(written, now.Sub(begun).Seconds())
		shop.Status.Conditions = []metav1.Condition{{Type: string(v1alpha1.ConditionReady), Reason: string(d.Reason)}}
	}
	if want := []float64{0, 5, 15, 35, 55}; !slices.Equal(written, want) {
		t.Errorf("written after %v seconds, want %v", written, want)
	}
	if d := (plan.Decision{Reason: v1alpha1.ReasonSwitching}); p.tooSoon(shop, &shop.Status, &d, begun.Add(55*time.Second+time.Millisecond)) {
		t.Error("a transition was not written at once")
	}
	p.last[client.ObjectKeyFromObject(shop)] = told{begun, slowestProgress}
	down := shop.Status.DeepCopy()
	down.Conditions = append(down.Conditions, metav1.Condition{Type: string(v1alpha1.ConditionAvailable), Status: metav1.ConditionFalse})
	if d := (plan.Decision{Reason: v1alpha1.ReasonStarting}); p.tooSoon(shop, down, &d, begun.Add(time.Second)) {
		t.Error("that customers are not served any more was not written at once")
	}
}

// A team changes its service: while that release is young, only the generation says that the service's
// status is of the spec before. What keeps the release back is told at once.
func TestAReleaseThatIsShortWritesAServiceOnce(t *testing.T) {
	begun := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	ready := func(status metav1.ConditionStatus, reason v1alpha1.Reason) []metav1.Condition {
		return []metav1.Condition{{Type: string(v1alpha1.ConditionReady), Status: status, Reason: string(reason)}}
	}
	for name, c := range map[string]struct {
		was      []metav1.Condition
		observed int64
		is       []metav1.Condition
		unserved time.Time
		early    bool
	}{
		"a moment after the change":         {ready("True", "Serving"), 1, ready("False", "Releasing"), begun, true},
		"a release that takes its time":     {ready("True", "Serving"), 1, ready("False", "Releasing"), begun.Add(-releasingTold), false},
		"what keeps it back":                {ready("True", "Serving"), 1, ready("False", "Refused"), begun, false},
		"it serves":                         {ready("True", "Serving"), 1, ready("True", "Serving"), begun, false},
		"its pods fail":                     {ready("True", "Serving"), 1, ready("False", "Degraded"), begun, false},
		"it was not ready before":           {ready("False", "Degraded"), 1, ready("False", "Releasing"), begun, false},
		"its spec is as it was when told":   {ready("True", "Serving"), 2, ready("False", "Releasing"), begun, false},
		"nothing was said yet":              {nil, 0, ready("False", "Releasing"), begun, false},
		"nobody knows since when it waits ": {ready("True", "Serving"), 1, ready("False", "Releasing"), time.Time{}, false},
	} {
		svc := &v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Generation: 2}}
		svc.Status.ObservedGeneration, svc.Status.Conditions = c.observed, c.was
		d := plan.Decision{Wake: time.Hour}
		if got := early(svc, c.is, c.unserved, begun.Add(time.Second), &d); got != c.early {
			t.Errorf("%s: left for later is %t, want %t", name, got, c.early)
		}
		if want := releasingTold - time.Second; c.early && d.Wake != want {
			t.Errorf("%s: looked at again in %s, want %s", name, d.Wake, want)
		}
	}
}

// The pass that cuts a release has nothing to say that the next one, a moment later, does not say better:
// unless the cut failed.
func TestACutIsToldWithTheFirstStepOfItsRelease(t *testing.T) {
	shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme", Namespace: "shops"}}
	settling := []metav1.Condition{{Type: string(v1alpha1.ConditionReady), Status: "False", Reason: "Settling"}}
	shop.Status.Conditions = settling
	for reason, want := range map[v1alpha1.Reason]bool{
		v1alpha1.ReasonStarting: true, v1alpha1.ReasonInstalling: true, v1alpha1.ReasonApplyFailed: false, v1alpha1.ReasonAwaitingPromotion: false,
	} {
		var p pace
		d := plan.Decision{Cut: true, Reason: reason}
		if got := p.tooSoon(shop, &shop.Status, &d, time.Now()); got != want {
			t.Errorf("%s: left for the next pass is %t, want %t", reason, got, want)
		}
		if want && (d.Wake <= 0 || d.Wake > firstProgress) {
			t.Errorf("%s: without an event the next pass comes in %s", reason, d.Wake)
		}
	}
	var p pace
	down := append([]metav1.Condition{{Type: string(v1alpha1.ConditionAvailable), Status: "False"}}, settling...)
	if d := (plan.Decision{Cut: true, Reason: v1alpha1.ReasonStarting}); p.tooSoon(shop, &v1alpha1.ShopStatus{Conditions: down}, &d, time.Now()) {
		t.Error("that customers are not served any more was left for later")
	}
}
