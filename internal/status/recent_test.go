package status

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
)

// switchedTo is the shop after a switch from one release to another; a is older than b.
func switchedTo(from, to string) (*observe.World, *plan.Decision) {
	w, d := open()
	w.Observed.Releases = []plan.Release{{Name: releaseA, CreatedAt: epoch}, {Name: releaseB, Version: "2026.11.3", CreatedAt: epoch.Add(time.Hour)}}
	w.Releases[releaseB] = w.Releases[releaseA]
	d.At = epoch.Add(2 * time.Hour)
	d.Table = plan.TablePlan{Active: to, Switch: &frontdoor.Switch{At: epoch.Add(2 * time.Hour), From: from}}
	d.Reason, d.Message = v1alpha1.ReasonRollbackWindow, "it serves"
	return w, d
}

func lastSwitchOf(steps []v1alpha1.Step) (last v1alpha1.Step) {
	for _, s := range steps {
		if s.Cause != "" {
			last = s
		}
	}
	return last
}

func TestTheHistorySaysWhyTheFrontDoorWasSwitchedAndByWhom(t *testing.T) {
	by := func(w *observe.World, pin string) {
		w.Shop.Spec.Release.Active, w.Observed.Policy.Pin = pin, pin
		w.Shop.Annotations = map[string]string{v1alpha1.AnnotationBy: "ana@shop", v1alpha1.AnnotationBecause: "looks good", v1alpha1.AnnotationActedOn: pin}
	}
	for name, x := range map[string]struct {
		from, to string
		change   func(*observe.World, *plan.Decision)
		want     string
	}{
		"nothing served before": {"", releaseA, func(*observe.World, *plan.Decision) {}, "First by '' because ''"},
		"the newer one":         {releaseA, releaseB, func(*observe.World, *plan.Decision) {}, "Automatic by '' because ''"},
		"somebody approved it": {releaseA, releaseB, func(w *observe.World, _ *plan.Decision) {
			by(w, releaseB)
			w.Observed.Policy.Manual = true
		}, "Approved by 'ana@shop' because 'looks good'"},
		"somebody approved it by its version": {releaseA, releaseB, func(w *observe.World, _ *plan.Decision) {
			by(w, "2026.11.3")
			w.Observed.Policy.Manual = true
		}, "Approved by 'ana@shop' because 'looks good'"},
		"somebody else approved it, and did not say who": {releaseA, releaseB, func(w *observe.World, _ *plan.Decision) {
			by(w, releaseA)
			w.Shop.Spec.Release.Active, w.Observed.Policy.Pin, w.Observed.Policy.Manual = releaseB, releaseB, true
		}, "Approved by '' because ''"},
		"somebody went back":  {releaseB, releaseA, func(w *observe.World, _ *plan.Decision) { by(w, releaseA) }, "Pinned by 'ana@shop' because 'looks good'"},
		"Git was reverted":    {releaseB, releaseA, func(*observe.World, *plan.Decision) {}, "Reverted by '' because ''"},
		"the guard went back": {releaseB, releaseA, func(_ *observe.World, d *plan.Decision) { d.Rejected, d.Verdict = releaseB, "errors" }, "Guard by '' because 'errors'"},
		"the guard went back before the operator died": {releaseB, releaseA, func(w *observe.World, _ *plan.Decision) {
			w.Observed.Releases[1].Rejected = "errors"
		}, "Guard by '' because 'errors'"},
		"somebody went back from what the guard left": {releaseB, releaseA, func(w *observe.World, _ *plan.Decision) {
			w.Observed.Releases[1].Rejected = "errors"
			by(w, releaseA)
		}, "Pinned by 'ana@shop' because 'looks good'"},
	} {
		t.Run(name, func(t *testing.T) {
			w, d := switchedTo(x.from, x.to)
			x.change(w, d)
			s := lastSwitchOf(Shop(w, d).Recent)
			if got := fmt.Sprintf("%s by '%s' because '%s'", s.Cause, s.By, s.Because); got != x.want || s.From != x.from || s.To != x.to {
				t.Errorf("%s: %s, from %s to %s", got, x.want, s.From, s.To)
			}
		})
	}
}

func TestASwitchIsToldOnceAndWithItsMeasuredTime(t *testing.T) {
	w, d := switchedTo(releaseA, releaseB)
	w.Observed.FrontDoor = plan.FrontDoor{Ready: 2, Confirmed: 1}
	w.Shop.Status = Shop(w, d)
	w.Observed.FrontDoor = plan.FrontDoor{Ready: 2, Confirmed: 2, ConfirmedAt: d.Table.Switch.At.Add(49 * time.Millisecond)}
	for range 3 {
		w.Shop.Status = Shop(w, d)
	}
	switches := 0
	for _, s := range w.Shop.Status.Recent {
		if s.Cause != "" {
			switches++
		}
	}
	if s := lastSwitchOf(w.Shop.Status.Recent); switches != 1 || s.ConfirmMillis == nil || *s.ConfirmMillis != 49 {
		t.Errorf("%d switches are told; of the last: %+v", switches, s)
	}
}

func TestAPassInWhichNothingChangedTellsNothing(t *testing.T) {
	w, d := switchedTo(releaseA, releaseB)
	w.Shop.Status = Shop(w, d)
	before := len(w.Shop.Status.Recent)
	d.At = d.At.Add(time.Minute)
	d.Message += ", still"
	if after := Shop(w, d).Recent; len(after) != before {
		t.Errorf("it tells %v", after[before:])
	}
}

func TestAnOldViewOfTheTableTellsNothingNew(t *testing.T) {
	w, d := switchedTo(releaseB, releaseA)
	w.Shop.Status = Shop(w, d)
	d.Table = plan.TablePlan{Active: releaseB, Switch: &frontdoor.Switch{At: epoch.Add(time.Hour), From: releaseA}}
	if s := lastSwitchOf(Shop(w, d).Recent); s.To != releaseA {
		t.Errorf("after the switch to %s it tells of an earlier one to %s", releaseA, s.To)
	}
}

func TestTheHistoryIsBoundedAndKeepsSwitches(t *testing.T) {
	w, d := switchedTo("", releaseA)
	w.Shop.Status = Shop(w, d)
	for i := range 60 { // a service comes and goes
		d.Reason = []v1alpha1.Reason{v1alpha1.ReasonDegraded, v1alpha1.ReasonRollbackWindow}[i%2]
		w.Shop.Status = Shop(w, d)
	}
	steps := w.Shop.Status.Recent
	if s := lastSwitchOf(steps); s.To != releaseA || len(steps) != mostAsides+1 {
		t.Errorf("of %d steps the last switch is %+v", len(steps), s)
	}
	for i := range 30 {
		d.Table.Switch = &frontdoor.Switch{At: epoch.Add(time.Duration(3+i) * time.Hour), From: releaseB}
		w.Shop.Status = Shop(w, d)
	}
	steps = w.Shop.Status.Recent
	if len(steps) != mostSteps {
		t.Errorf("%d steps are kept, want %d", len(steps), mostSteps)
	}
	for i := 1; i < len(steps); i++ {
		if steps[i].Seq <= steps[i-1].Seq {
			t.Errorf("step %d has the number %d, the one before %d", i, steps[i].Seq, steps[i-1].Seq)
		}
	}
}

func TestALongReasonOfAPersonIsShortenedBetweenCharacters(t *testing.T) {
	s := shortened(strings.Repeat("ü", 300))
	if len(s) > mostBecause || !utf8.ValidString(s) || !strings.HasSuffix(s, "…") {
		t.Errorf("%d bytes: %q", len(s), s)
	}
}

func TestWhatIsWaitedForIsBounded(t *testing.T) {
	d := &plan.Decision{}
	for i := range 80 {
		d.Waits = append(d.Waits, plan.Wait{Kind: v1alpha1.WaitService, Name: fmt.Sprint(i), Until: epoch.Add(time.Millisecond)})
	}
	out := waitingFor(d)
	if len(out) != mostWaits || !out[0].Until.Time.Equal(epoch) {
		t.Errorf("%d waits, the first until %s", len(out), out[0].Until)
	}
}

func TestARetryThatNobodyUnderstandsIsNamed(t *testing.T) {
	w, d := open()
	w.Observed.Retry = "again"
	if m := Shop(w, d).Conditions; !strings.Contains(fmt.Sprint(m), `annotation shop.emporium.dev/retry is "again"`) {
		t.Errorf("it says %v", m)
	}
	w.Observed.Retry, d.Retried = releaseA+"/-@1", releaseA+"/-@1"
	if s := Shop(w, d); strings.Contains(fmt.Sprint(s.Conditions), "retry") || s.Retried != w.Observed.Retry {
		t.Errorf("followed %q: %v", s.Retried, s.Conditions)
	}
}
