package conform

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// tried runs a rule whose outcomes come in turn, on a machine that stands still for so long during each.
func tried(timed bool, still time.Duration, outcomes ...error) (tries int, verdict Verdict, why string) {
	w := &world{Target: Target{Mode: Static}, pulse: &pulse{}}
	rule := Rule{ID: "S-01", Modes: []Mode{Static}, timed: timed, check: func(_ context.Context, c *Case) error {
		c.sees()
		tries++
		w.pulse.still.Add(int64(still))
		return outcomes[min(tries, len(outcomes))-1]
	}}
	got := judge(context.Background(), w, rule, nil)
	return tries, got.Verdict, got.Why
}

func TestAFailureCountsWhenTheMachineDidNotStandStill(t *testing.T) {
	late := errors.New("it took 9 s")
	for name, c := range map[string]struct {
		timed    bool
		still    time.Duration
		outcomes []error
		tries    int
		verdict  Verdict
		why      string
	}{
		"late":                                   {true, 0, []error{late, nil}, 1, Failed, "9 s"},
		"late while the machine stood still":     {true, time.Second, []error{late, late, nil}, 3, Passed, ""},
		"late each time":                         {true, time.Second, []error{late}, attempts, Failed, "the machine stood still for 1s"},
		"wrong, and time has no part in it":      {false, time.Second, []error{late, nil}, 1, Failed, "9 s"},
		"in time":                                {true, time.Second, []error{nil}, 1, Passed, ""},
		"about nothing":                          {true, time.Second, []error{skip("it asks nobody")}, 1, NotApplicable, "nobody"},
		"could not be seen, and then is":         {true, time.Second, []error{unseen("it did not ask"), nil}, 2, Passed, ""},
		"could not be seen, however often":       {true, time.Second, []error{unseen("it did not ask")}, attempts, NotDecided, "did not ask"},
		"a little late, as every machine can be": {true, time.Millisecond, []error{late, nil}, 1, Failed, "9 s"},
	} {
		tries, verdict, why := tried(c.timed, c.still, c.outcomes...)
		if tries != c.tries || verdict != c.verdict || !strings.Contains(why, c.why) {
			t.Errorf("%s: %d tries, %s: %s", name, tries, verdict, why)
		}
	}
}

// The clock is the test's own: synctest's never ticks while somebody runs.
func TestThePulseFeelsAMachineThatStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := feelPulse()
		time.Sleep(time.Second)
		if stood := p.stood(); stood != 0 {
			t.Errorf("a clock that ticks stood still for %s", stood)
		}
		p.end()
	})
	p, now := &pulse{}, time.Now()
	for _, after := range []time.Duration{beat, beat + beat/2, 10 * beat, beat} {
		p.tick(now, now.Add(after))
	}
	if stood := p.stood(); stood != 9*beat {
		t.Errorf("%s, want 9 beats of %s", stood, beat)
	}
}

// Each try on a machine that stands still has a longer drain delay. A request that was held for as long as an answer may
// take would be refused for its age, and one that was home before the delay ends would not see a service that drops it then.
func TestARequestInFlightOutlastsTheDrainDelayAndNotTheDeadline(t *testing.T) {
	for _, times := range []Times{contractTimes, {Drain: 1500 * time.Millisecond, Deadline: 5 * time.Second}} {
		w := &world{Target: Target{Times: times}}
		for range attempts {
			if held := w.Times.held(); held <= w.Times.Drain || held >= times.Deadline {
				t.Errorf("with a drain delay of %s it is held for %s", w.Times.Drain, held)
			}
			w.drain = &drain{}
			w.longer(Rule{ID: "D-02"})
		}
		if w.Times.Drain < times.Drain*2 {
			t.Errorf("after %d tries the drain delay is %s", attempts, w.Times.Drain)
		}
	}
}

// The rules about stopping share one run: that the machine stood still in it counts for each of them, also for those that
// only read what was seen.
func TestAFailureOfASharedRunIsLookedAtAgainWhenTheMachineStoodStillInIt(t *testing.T) {
	late := errors.New("request 2 of the load got 503")
	w := &world{Target: Target{Mode: Local, Times: contractTimes}, pulse: &pulse{}, drain: &drain{stood: time.Second, load: late}}
	tries := 0
	_, err := w.decide(t.Context(), Rule{ID: "D-04", timed: true}, func(c *Case) error {
		if tries++; w.drain == nil {
			w.drain = &drain{} // the machine goes on, and nothing is wrong
		}
		return drained(func(d *drain) error { return d.load })(t.Context(), c)
	})
	if err != nil || tries != 2 {
		t.Errorf("%d tries, %v", tries, err)
	}
}
