package calendar

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func berlin(t rapid.TB) Calendar {
	t.Helper()
	c, err := In("")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func utc(t rapid.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// C03, both changes of the clocks.
func TestARangeOfDaysHasItsLastDay(t *testing.T) {
	c, now := berlin(t), utc(t, "2026-01-01T00:00:00Z")
	for _, r := range []struct {
		from, until, begins, ends string
		hours                     time.Duration
	}{
		{"2026-03-27", "2026-03-29", "2026-03-26T23:00:00Z", "2026-03-29T22:00:00Z", 71},
		{"2026-10-24", "2026-10-25", "2026-10-23T22:00:00Z", "2026-10-25T23:00:00Z", 49},
		{"2026-09-12T15:00:00Z", "2026-09-12T17:00:00Z", "2026-09-12T15:00:00Z", "2026-09-12T17:00:00Z", 2},
		{"2026-09-12T17:00:00+02:00", "2026-09-12T17:00:00Z", "2026-09-12T15:00:00Z", "2026-09-12T17:00:00Z", 2},
	} {
		got, err := c.Range(r.from, r.until, now)
		if err != nil || !got.From.Equal(utc(t, r.begins)) || !got.Until.Equal(utc(t, r.ends)) || got.Until.Sub(got.From) != r.hours*time.Hour {
			t.Errorf("%s to %s: %v (%v)", r.from, r.until, got, err)
		}
		if !got.Contains(got.From) || got.Contains(got.Until) || !got.Contains(got.Until.Add(-1)) || got.Contains(got.From.Add(-1)) {
			t.Errorf("%v does not include its start and exclude its end", got)
		}
	}
}

func TestWithoutEndsItIsFromNowOn(t *testing.T) {
	c, now := berlin(t), utc(t, "2026-06-01T12:00:00Z")
	for _, from := range []string{"", "2026-06-01"} {
		if r, err := c.Range(from, "", now); err != nil || !r.From.Equal(now) || !r.Until.IsZero() || !r.Contains(now.AddDate(99, 0, 0)) {
			t.Errorf("from %q: %v (%v)", from, r, err)
		}
	}
}

func TestWhatIsNoRangeIsRefused(t *testing.T) {
	for _, r := range [][2]string{
		{"2026-13-01", ""}, {"tomorrow", ""}, {"2026-06-02T12:00:00", ""}, {"2026-06-02", "2026-02-30"},
		{"2026-06-03", "2026-06-02"}, {"2026-06-02T12:00:00Z", "2026-06-02T12:00:00Z"}, {"", "2026-05-31"}, {"", "x"},
	} {
		if got, err := berlin(t).Range(r[0], r[1], utc(t, "2026-06-01T12:00:00Z")); err == nil {
			t.Errorf("%q is %v", r, got)
		}
	}
	if _, err := In("Berlin/Europe"); err == nil {
		t.Error("a zone that nobody knows was taken")
	}
}

// Every instant is in exactly one day, and a day before keeps the time on the wall.
func TestDaysFollowEachOther(t *testing.T) {
	c := berlin(t)
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(1577836800, 1893456000).Draw(t, "at"), 0).UTC()
		day := c.Day(at)
		from, err := c.Start(day)
		until, err2 := c.Until(day)
		if err != nil || err2 != nil || !(Range{from, until}).Contains(at) || c.Day(until) <= day || c.Day(until.Add(-1)) != day {
			t.Fatalf("%v is in %s: from %v until %v (%v, %v)", at, day, from, until, err, err2)
		}
		if before := c.DaysBefore(from, 30); !before.Equal(mustStart(t, c, c.Day(before))) {
			t.Fatalf("30 days before the beginning of %s is %v, no midnight", day, before)
		}
	})
}

func mustStart(t rapid.TB, c Calendar, day string) time.Time {
	t.Helper()
	at, err := c.Start(day)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
