package harness

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// restless is how long after the last event a shop that rests looks at itself again: what is said sooner
// was said because something woke it.
const restless = 20 * time.Second

// A team applies its service while nothing else happens in the shop.
func TestAServiceThatChangesIsReleasedThoughNothingElseHappens(t *testing.T) {
	w := New()
	defer w.Close()
	w.Install()
	w.StartOperator()
	w.Rest()
	w.Now = w.Now.Add(time.Hour) // whatever was still to come is over
	w.Rest()
	w.Image("storefront", "storefront:2")
	end := w.Now.Add(restless)
	w.Until(func() bool { r, _ := w.Reason(); return r == v1alpha1.ReasonSettling || w.Now.After(end) })
	if r, message := w.Reason(); r != v1alpha1.ReasonSettling {
		t.Errorf("%s after the change the shop says %s: %s", restless, r, message)
	}
}

// The replicas of the front door tell on their Leases that they took a switch up.
func TestASwitchIsConfirmedWhenTheReplicasSaySo(t *testing.T) {
	w := New()
	defer w.Close()
	w.Install()
	w.StartOperator()
	w.Rest()
	before := w.table().Active
	w.Image("storefront", "storefront:2")
	w.Until(func() bool { return w.table().Active != before })
	written := w.Now
	w.Until(func() bool {
		last := w.Shop().Status.LastSwitch
		return (last != nil && last.To != before && last.ConfirmedAt != nil) || w.Now.After(written.Add(time.Minute))
	})
	if took := w.Now.Sub(written); took > 5*time.Second {
		t.Errorf("the switch counts as confirmed %s after it was written", took)
	}
}

// How it is used is asked of a real API server: test/envtest/urgent_test.go.
func TestAWayBackHasAQueueAndAWorkerOfItsOwn(t *testing.T) {
	w := New()
	defer w.Close()
	var names []string
	var workers []int64
	for _, c := range w.StartOperator().manager.controllers {
		made := reflect.ValueOf(c).Elem()
		names = append(names, made.FieldByName("Name").String())
		workers = append(workers, made.FieldByName("MaxConcurrentReconciles").Int())
	}
	if at := slices.Index(names, "shop-urgent"); len(names) != 2 || at < 0 || workers[at] != 1 {
		t.Errorf("controllers %v with %v workers", names, workers)
	}
}
