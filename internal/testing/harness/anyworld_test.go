package harness

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// TestAnyWorldRightEnd: from a world that is half finished and damaged in any way the operator
// comes to what is asked for, or says what hinders it, and then it rests.
func TestAnyWorldRightEnd(t *testing.T) {
	budget := newBudget(t)
	for part := range 4 {
		t.Run(fmt.Sprintf("part %d of 4", part+1), func(t *testing.T) {
			t.Parallel()
			for n := range seeds(25) {
				budget.made.Add(1)
				anyWorld(t, int64(part+4*n), nil)
			}
		})
	}
}

func anyWorld(t testing.TB, seed int64, rig func(*World) func(*Operator)) {
	t.Helper()
	all := slices.DeleteFunc(scenarios(), func(s scenario) bool { return s.name == "delete" })
	r := rand.New(rand.NewSource(seed))
	s := all[r.Intn(len(all))]
	s.rig = rig
	w := s.begin()
	defer w.Close()
	w.StartOperator()
	w.For(time.Duration(r.Intn(25_000)) * time.Millisecond)
	dead := r.Intn(2) == 0
	if dead { // the operator sees none of it happen
		w.Close()
	}
	damage(w, r)
	if dead {
		w.StartOperator()
	}
	w.Rest()
	rightEnd(w)
	w.Check(t, fmt.Sprintf("seed %d (%s)", seed, s.name))
}

// damage does up to four things that nobody should.
func damage(w *World, r *rand.Rand) {
	for range 1 + r.Intn(4) {
		var all []client.Object
		for _, kind := range append(writtenKinds(), "ShopRelease", "Lease") {
			all = append(all, ours(w, kind)...)
		}
		if len(all) == 0 {
			return
		}
		o := all[r.Intn(len(all))]
		if _, copied := o.(*corev1.Secret); copied {
			continue // a copy whose source changed meanwhile cannot come back: TestUnseenEvents asks for it
		}
		options := damages(w, o)
		pick := options[r.Intn(len(options))]
		if r.Intn(3) > 0 {
			pick = options[r.Intn(min(len(options), 4))]
		}
		w.Say("chaos: %s %s %s", o.GetObjectKind().GroupVersionKind().Kind, o.GetName(), pick.what)
		pick.do(w, o)
	}
	if r.Intn(4) == 0 {
		w.Say("chaos: the shop's status is wiped")
		w.Chaos().Report(w.Shop(), func(o client.Object) { o.(*v1alpha1.Shop).Status = v1alpha1.ShopStatus{ObservedGeneration: -1} })
	}
}

// rightEnd: what is asked for serves, or the shop says that it does not and why; customers are
// served; and three further passes write nothing.
func rightEnd(w *World) {
	w.Always.AtRest()
	reason, message := w.Reason()
	switch outage := w.Outage(); {
	case outage != "" && !excused(reason):
		w.Always.violate("in the end customers are not served (%s), and the shop says %s: %s", outage, reason, message)
	case reason.Stalls() || excused(reason):
	case !w.fulfilled(w.Shop()):
		w.Always.violate("in the end %s serves, which is not asked for, and the shop says %s: %s", w.table().Active, reason, message)
	case reason != v1alpha1.ReasonServing && reason != v1alpha1.ReasonRollbackWindow:
		w.Always.violate("in the end the shop does not go on, and says %s: %s", reason, message)
	}
	idle(w)
}

// excused: somebody else's object stands in the way, and the message names it.
func excused(r v1alpha1.Reason) bool {
	return r == v1alpha1.ReasonForeignObject || r == v1alpha1.ReasonDegraded || r == v1alpha1.ReasonPaused
}

// idle: a pass that has nothing to do writes nothing.
func idle(w *World) {
	for range 3 {
		before := len(w.Store.Journal())
		for _, o := range w.Operators {
			if !o.Client.Dead() {
				o.queue.Add(requestFor())
				w.pass(o)
			}
		}
		var writes []string
		for _, wr := range w.Store.Journal()[before:] {
			if strings.HasPrefix(wr.Who, "operator") && !wr.DryRun {
				writes = append(writes, wr.Verb+" "+wr.Key.String())
			}
		}
		if len(writes) > 0 {
			w.Always.violate("an idle pass writes: %v", writes)
			return
		}
	}
}
