package client

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTheBudgetIsATenthOfTheCallsOfTenSeconds(t *testing.T) {
	var b budget
	now := time.Unix(1_000_000, 0)
	for range 1000 {
		b.called(now)
	}
	repeats := 0
	for b.allows(now.Add(5 * time.Second)) {
		repeats++
	}
	if repeats != 100 {
		t.Errorf("1000 calls may be repeated %d times", repeats)
	}
	if b.allows(now.Add(9 * time.Second)) {
		t.Error("the budget came back while its calls counted")
	}
	later := now.Add(60 * time.Second)
	repeats = 0
	for b.allows(later) {
		repeats++
	}
	if repeats != always {
		t.Errorf("a quiet client may repeat %d times, want %d", repeats, always)
	}
}

// However calls come, one more is repeated exactly while fewer than a tenth of them were, or than are always allowed.
func TestNoWindowIsOverdrawn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b budget
		now := time.Unix(1_000_000, 0)
		var calls, repeats []int64
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(0, 700).Draw(t, "ms")) * time.Millisecond)
			for range rapid.IntRange(1, 30).Draw(t, "calls") {
				b.called(now)
				calls = append(calls, now.Unix())
			}
			for range rapid.IntRange(0, 20).Draw(t, "failures") {
				did, may := within(repeats, now.Unix()), max(always, within(calls, now.Unix())/share)
				if got := b.allows(now); got != (did < may) {
					t.Fatalf("%d of %d were repeated; another one: %t", did, may, got)
				} else if got {
					repeats = append(repeats, now.Unix())
				}
			}
		}
	})
}

// within counts what happened in the window that ends now.
func within(seconds []int64, now int64) (n int) {
	for _, s := range seconds {
		if s > now-window {
			n++
		}
	}
	return n
}

func TestAClockThatGoesBackBreaksNothing(t *testing.T) {
	var b budget
	now := time.Unix(1_000_000, 0)
	b.called(now)
	b.called(now.Add(-time.Hour))
	if !b.allows(now.Add(-time.Hour)) || !b.allows(now) {
		t.Error("nothing may be repeated")
	}
}
