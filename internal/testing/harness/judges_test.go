package harness

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// judge takes what a harness says of a run.
type judge struct {
	testing.TB
	said []string
}

func (j *judge) Helper()      {}
func (j *judge) Failed() bool { return len(j.said) > 0 }
func (j *judge) Errorf(format string, args ...any) {
	j.said = append(j.said, fmt.Sprintf(format, args...))
}

// TestHarnessesCanFail: a seeded fault for each harness, which at least one of its first runs must
// see; without the fault none of these does. The rules themselves: TestCheckersCanFail.
func TestHarnessesCanFail(t *testing.T) {
	for _, c := range some([]struct {
		harness, fault string
		rig            func(*World) func(*Operator)
		runs           int
		run            func(t testing.TB, n int, rig func(*World) func(*Operator))
	}{
		{"TestUnseenEvents", "the events of Services are not seen", deafTo("Service"), 1, deletesAService},
		{"TestStories", "floors are skipped", reads(everyPodIsReady), 6,
			func(t testing.TB, n int, rig func(*World) func(*Operator)) { story(t, int64(n), rig) }},
		{"TestPairsOfFaults", "floors are skipped", reads(everyPodIsReady), 12,
			func(t testing.TB, n int, rig func(*World) func(*Operator)) { pair(t, int64(n), rig) }},
		{"TestAnyWorldRightEnd", "Services are not healed", writes(never("Service")), 12,
			func(t testing.TB, n int, rig func(*World) func(*Operator)) { anyWorld(t, int64(n), rig) }},
		{"TestCrashAtEveryWrite", "an error of a write is called a success", with(faulty{careless: true}), 6, crashesAtACut},
		{"TestStaleReads", "nothing is looked at past the cache", believesItsCache, 8, staleWayBack},
		{"TestSpecMutation", "autoscalers are not written", writes(never("HorizontalPodAutoscaler")), 1,
			func(t testing.TB, _ int, rig func(*World) func(*Operator)) {
				mutate(t, cluster.Key{Kind: "ShopService", Namespace: Namespace, Name: "cart"}, []string{"autoscaling", "minReplicas"}, "3", rig)
			}},
		{"TestMisbehavingApps", "floors are skipped", reads(everyPodIsReady), 1,
			func(t testing.TB, _ int, rig func(*World) func(*Operator)) { misbehaviours()[2].ships(t, rig) }},
		{"TestTwoLeaders", "the table's precondition is dropped", writes(withoutPreconditions), 1, switchesLate},
		{"TestClocksThatDifferByMinutesHurtNobody", "who was left behind is asked of the clocks", reads(withoutNames), 1,
			func(t testing.TB, _ int, rig func(*World) func(*Operator)) {
				shipsAFix(t, Skew{API: -7 * time.Minute, Operator: 7 * time.Minute}, rig)
			}},
	}) {
		t.Run(c.harness, func(t *testing.T) {
			t.Parallel()
			for n := range c.runs {
				sound := &judge{TB: t}
				if c.run(sound, n, nil); sound.Failed() {
					t.Fatalf("without the fault, run %d: %s", n, sound.said)
				}
				faulted := &judge{TB: t}
				if c.run(faulted, n, c.rig); faulted.Failed() {
					return
				}
			}
			t.Errorf("%s: %d runs do not see it", c.fault, c.runs)
		})
	}
}

// crashesAtACut tries modes in which a write fails that much hangs at.
func crashesAtACut(t testing.TB, n int, rig func(*World) func(*Operator)) {
	s := scenarios()[0]
	want, writes := undisturbed(t, s.begin)
	var important []int
	for i := range writes {
		if commits(writes[i]) {
			important = append(important, i+1)
		}
	}
	s.rig = rig
	w := s.begin()
	w.OnCall = atWrite(important[n%len(important)], crashModes[3+n%2].fault)
	crashed(t, w, want, fmt.Sprintf("run %d", n))
}

// believesItsCache lets an operator look at nothing past its cache.
func believesItsCache(*World) func(*Operator) {
	return func(o *Operator) { o.Reconciler.Writer.Live = o.Client }
}

// staleWayBack deletes the stack that a way back is decided to, unseen.
func staleWayBack(t testing.TB, n int, rig func(*World) func(*Operator)) {
	s := scenarios()[2]
	s.rig = rig
	w := s.begin()
	defer w.Close()
	home := w.table().Active
	w.Delay = func(kind string) int {
		if kind == "Deployment" {
			return 20 + n
		}
		return 0
	}
	w.StartOperator()
	w.Until(func() bool { r, _ := w.Reason(); return w.table().Active != home && r == v1alpha1.ReasonRollbackWindow })
	for _, o := range ours(w, "Deployment") {
		if strings.HasSuffix(o.GetName(), strings.TrimPrefix(home, Shop)) {
			w.Chaos().Delete(o)
		}
	}
	w.Policy(func(s *v1alpha1.ShopSpec) { s.Release.Active = home })
	w.For(20 * time.Second)
	w.Check(t, fmt.Sprintf("run %d", n))
}

func deletesAService(t testing.TB, _ int, rig func(*World) func(*Operator)) {
	w := scenario{name: "serving"}.begin()
	defer w.Close()
	if rig != nil {
		w.Rig = rig(w)
	}
	o := w.Store.Get("Service", Namespace, "acme-preview")
	heals(t, w, o, damages(w, o)[0])
}

func switchesLate(t testing.TB, _ int, rig func(*World) func(*Operator)) {
	w := scenario{name: "serving", rig: rig}.begin()
	defer w.Close()
	lateSwitch(w)
	w.Check(t, "a late switch")
}
