package load

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// offsets lets a schedule run on a clock of its own, and returns when each arrival was intended and when it began.
func offsets(t *testing.T, rate int, length time.Duration, begin func(n int)) (intended, began []time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), length)
		defer cancel()
		arrivals(ctx, rate, func(n int, at time.Time) {
			intended, began = append(intended, at.Sub(start)), append(began, time.Since(start))
			begin(n)
		})
	})
	return intended, began
}

func TestArrivalsComeAtTheirTime(t *testing.T) {
	intended, began := offsets(t, 4, time.Second, func(int) {})
	want := []time.Duration{0, 250 * time.Millisecond, 500 * time.Millisecond, 750 * time.Millisecond}
	if !slices.Equal(intended, want) || !slices.Equal(began, want) {
		t.Errorf("intended %v, began %v", intended, began)
	}
}

// Not one is left out: what the machine was late with counts from when it should have begun.
func TestAStallMovesNoArrival(t *testing.T) {
	intended, began := offsets(t, 10, time.Second, func(n int) {
		if n == 2 {
			time.Sleep(350 * time.Millisecond)
		}
	})
	for n, at := range intended {
		if at != time.Duration(n)*100*time.Millisecond {
			t.Errorf("arrival %d was intended for %s", n, at)
		}
	}
	if len(intended) != 10 || began[3] != 550*time.Millisecond || began[5] != 550*time.Millisecond || began[6] != 600*time.Millisecond {
		t.Errorf("after the stall they began at %v", began)
	}
}

// Rates that do not divide a second do not drift.
func TestARateDoesNotDrift(t *testing.T) {
	intended, _ := offsets(t, 3, 1000*time.Second, func(int) {})
	if len(intended) != 3000 || intended[2997] != 999*time.Second {
		t.Errorf("%d arrivals, the last at %s", len(intended), intended[len(intended)-1])
	}
}
