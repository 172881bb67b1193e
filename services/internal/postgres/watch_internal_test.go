package postgres

import (
	"errors"
	"testing"
	"time"
)

// Rule F5, as a table: what was seen, and whether the replica may be asked.
func TestReadiness(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	silent, misfit := errors.New("connection refused"), unfitf("version 3, needs 4")
	for name, c := range map[string]struct {
		seen Seen
		want error
	}{
		"nothing seen yet":                      {Seen{}, errUnseen},
		"no answer yet":                         {Seen{Err: silent, Since: ago(time.Second)}, silent},
		"it fits":                               {Seen{At: now}, nil},
		"it fitted, and is silent for a moment": {Seen{At: ago(29 * time.Second), Err: silent, Since: ago(29 * time.Second)}, nil},
		"it is silent for half a minute":        {Seen{At: ago(31 * time.Second), Err: silent, Since: ago(31 * time.Second)}, silent},
		"it does not fit":                       {Seen{At: now, Fits: misfit}, misfit},
		"it did not fit, and is silent":         {Seen{At: ago(time.Second), Fits: misfit, Err: silent, Since: now}, misfit},
	} {
		if got := c.seen.Ready(now); !errors.Is(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestSilenceCountsFromItsBeginning(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	silent := errors.New("connection refused")
	s := Seen{}.noted(now, nil)
	for n := range 20 {
		s = s.noted(now.Add(time.Duration(n+1)*2*time.Second), silent)
	}
	if want := now.Add(2 * time.Second); !s.Since.Equal(want) || !s.At.Equal(now) {
		t.Errorf("silent since %s, answered at %s", s.Since.Sub(now), s.At.Sub(now))
	}
	if s = s.noted(now.Add(time.Minute), unfitf("version 3")); s.Err != nil || s.Fits == nil {
		t.Errorf("an answer is an answer: %+v", s)
	}
	if s = s.noted(now.Add(2*time.Minute), nil); s.Ready(now.Add(2*time.Minute)) != nil {
		t.Errorf("it fits again: %+v", s)
	}
}
