package harness

import (
	"fmt"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// skews are clocks that are minutes apart, in each direction, and all of them at once.
func skews() []Skew {
	const apart = 7 * time.Minute // more than any window and deadline of the harness's shop
	return []Skew{
		{Operator: apart}, {Operator: -apart}, {API: apart}, {API: -apart},
		{Replicas: apart}, {Replicas: -apart}, {API: -apart, Operator: apart}, {API: apart, Operator: -apart},
	}
}

func (s Skew) String() string {
	return fmt.Sprintf("API server %+v, operator %+v, replicas %+v", s.API, s.Operator, s.Replicas)
}

// skewed is the scenario with clocks that differ from the first moment on.
func (s scenario) skewed(by Skew) scenario {
	world := s.world
	s.name = fmt.Sprintf("%s, %s", s.name, by)
	s.world = func(w *World) {
		w.Skew = by
		if world != nil {
			world(w)
		}
	}
	return s
}

// TestClocksThatDifferByMinutesHurtNobody: in each scenario the same becomes of a shop, nobody is
// hurt on the way, and it takes no longer.
func TestClocksThatDifferByMinutesHurtNobody(t *testing.T) {
	budget := newBudget(t)
	for n, s := range someScenarios(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for i, by := range skews() {
				if s.name == "guard fires" && by.Replicas > 0 {
					continue // TestAReplicaWhoseClockIsAheadCountsForTheGuard
				}
				if !budget.takes(n+i, true) {
					continue
				}
				plain := s.begin()
				want, _ := undisturbed(t, func() *World { return plain })
				took := plain.changed.Sub(begun)
				w := s.skewed(by).begin()
				crashed(t, w, want, by.String())
				if longer := w.changed.Sub(begun) - took; longer > time.Minute {
					t.Errorf("%s: it takes %s longer", by, longer)
				}
			}
		})
	}
}

// The guard counts from when a replica takes the switch over, by the replica's own clock.
func TestAReplicaWhoseClockIsAheadCountsForTheGuard(t *testing.T) {
	for _, by := range []Skew{{Replicas: 90 * time.Second}, {Replicas: 6 * time.Hour}, {Replicas: -time.Hour}, {Operator: time.Hour}} {
		t.Run(by.String(), func(t *testing.T) {
			t.Parallel()
			s := scenarios()[6]
			if s.name != "guard fires" {
				t.Fatal("the scenarios have another order")
			}
			w := s.skewed(by).begin()
			defer w.Close()
			home := w.table().Active
			w.StartOperator()
			if !w.Until(func() bool { r, _ := w.Reason(); return r == v1alpha1.ReasonGuardBroken && w.table().Active == home }) {
				reason, message := w.Reason()
				w.Always.violate("the guard did not go back: %s: %s", reason, message)
			}
			w.Check(t, by.String())
		})
	}
}

// A fix that is cut after an irreversible migration began goes forward, whatever the clocks say, and
// a release from before it stays behind.
func TestAFixAfterAnIrreversibleMigrationShipsWhateverTheClocksSay(t *testing.T) {
	for _, by := range some(skews()) {
		t.Run(by.String(), func(t *testing.T) {
			t.Parallel()
			shipsAFix(t, by, nil)
		})
	}
}

func shipsAFix(t testing.TB, by Skew, rig func(*World) func(*Operator)) {
	t.Helper()
	w := scenario{name: "serving", rig: rig}.skewed(by).begin()
	defer w.Close()
	home := w.table().Active
	w.StartOperator()
	w.Edit("cart", func(s *v1alpha1.ShopServiceSpec) {
		s.Image, s.Migration = "cart:2", &v1alpha1.Migration{Args: []string{"migrate"}, Irreversible: true, Deadline: duration(time.Minute)}
	})
	w.Rest()
	w.Image("cart", "cart:3") // the fix migrates, too
	w.Rest()
	rightEnd(w)
	if serves, _ := w.Store.Get("ShopRelease", Namespace, w.table().Active).(*v1alpha1.ShopRelease); serves == nil || serves.Spec.Services[0].Image != "cart:3" {
		reason, message := w.Reason()
		w.Always.violate("the fix does not serve: %s: %s", reason, message)
	}
	w.Policy(func(s *v1alpha1.ShopSpec) { s.Release.Active = home })
	w.For(time.Minute)
	if reason, message := w.Reason(); reason != v1alpha1.ReasonRollbackRefused || w.table().Active == home {
		w.Always.violate("a pin to a release from before the migration: %s: %s", reason, message)
	}
	w.Check(t, by.String())
}
