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

// Each try on a machine that stands still has twice the drain delay: a request that was
// held for all of it would be refused for its age, and not for the SIGTERM.
func TestARequestInFlightIsNeverHeldForAsLongAsAnAnswerMayTake(t *testing.T) {
	times := Times{Drain: time.Second, Deadline: 5 * time.Second}
	if held := times.held(); held <= times.Drain {
		t.Errorf("held for %s of a drain delay of %s", held, times.Drain)
	}
	w := &world{Target: Target{Times: times}}
	for range attempts {
		w.drain = &drain{}
		w.longer(Rule{ID: "D-02"})
		if held := w.Times.held(); held >= times.Deadline {
			t.Errorf("with a drain delay of %s it is held for %s", w.Times.Drain, held)
		}
	}
}
