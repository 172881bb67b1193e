package analytics

import (
	"encoding/csv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

// Clocks are changed at 2 or 3 in Berlin, at midnight in Havana and Beirut, by half an hour on Lord Howe.
func TestADayHasTheHoursOfItsZone(t *testing.T) {
	for _, c := range []struct {
		zone, day string
		hours     int
		begins    string
		took      time.Duration
	}{
		{"Europe/Berlin", "2026-03-28", 24, "2026-03-27T23:00:00Z", 24 * time.Hour},
		{"Europe/Berlin", "2026-03-29", 23, "2026-03-28T23:00:00Z", 23 * time.Hour},
		{"Europe/Berlin", "2026-10-25", 25, "2026-10-24T22:00:00Z", 25 * time.Hour},
		{"Asia/Kolkata", "2026-03-29", 24, "2026-03-28T18:30:00Z", 24 * time.Hour},
		{"America/Havana", "2026-11-01", 25, "2026-11-01T04:00:00Z", 25 * time.Hour},
		{"Asia/Beirut", "2026-03-29", 23, "2026-03-28T22:00:00Z", 23 * time.Hour},
		{"Australia/Lord_Howe", "2026-04-05", 25, "2026-04-04T13:00:00Z", 24*time.Hour + 30*time.Minute},
		{"UTC", "2026-12-31", 24, "2026-12-31T00:00:00Z", 24 * time.Hour},
	} {
		clock := clockIn(t, c.zone)
		begins, err := clock.Parse(c.day)
		if err != nil || !begins.Equal(instant(t, c.begins)) {
			t.Errorf("%s in %s begins %s, want %s (%v)", c.day, c.zone, begins, c.begins, err)
		}
		hours := clock.Hours(begins)
		if len(hours) != c.hours || clock.After(begins, 1).Sub(begins) != c.took {
			t.Errorf("%s in %s has %d hours and takes %s, want %d and %s", c.day, c.zone, len(hours), clock.After(begins, 1).Sub(begins), c.hours, c.took)
		}
	}
}

// Of whatever instant and zone: the day and the hour contain it, begin on the wall, and are those that Hours lists.
func TestAnInstantIsInItsDayAndHour(t *testing.T) {
	zones := []string{"Europe/Berlin", "America/Havana", "Asia/Beirut", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Chatham", "UTC"}
	rapid.Check(t, func(rt *rapid.T) {
		c, err := ClockOf(rapid.SampledFrom(zones).Draw(rt, "zone"))
		if err != nil {
			rt.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(1577836800, 2051222400).Draw(rt, "at"), 0).UTC() // 2020 to 2034
		day, end, hour := c.Day(at), c.After(at, 1), c.Hour(at)
		if day.After(at) || !end.After(at) || c.Date(day) != c.Date(at) || c.Date(day.Add(-1)) == c.Date(at) {
			rt.Fatalf("%s is in the day from %s to %s", at, day, end)
		}
		if hour.After(at) || at.Sub(hour) >= time.Hour || hour.Before(day) {
			rt.Fatalf("%s is in the hour from %s", at, hour)
		}
		if !slices.ContainsFunc(c.Hours(day), hour.Equal) {
			rt.Fatalf("the hour %s of %s is not listed among %v", hour, at, c.Hours(day))
		}
	})
}

func TestAnUnknownZoneIsSaid(t *testing.T) {
	if _, err := ClockOf("Europe/Atlantis"); err == nil || !strings.Contains(err.Error(), "Atlantis") {
		t.Error(err)
	}
	if c, err := ClockOf(""); err != nil || c.Zone() != defaultZone {
		t.Error(c, err)
	}
}

// facts of one order, of which the order of arrival says nothing.
func drawFacts(rt *rapid.T) (all []Fact) {
	subject := uuid.New()
	for _, k := range []Kind{Placed, Paid, Cancelled, Completed, Captured, Refunded, Redeemed, HoldUndone, CartClosed} {
		if !rapid.Bool().Draw(rt, string(k)) {
			continue
		}
		f := Fact{Kind: k, ID: string(k), Subject: subject, At: noon.Add(time.Duration(rapid.IntRange(-9999, 9999).Draw(rt, "minutes")) * time.Minute)}
		if k == Placed || k == Captured || k == Refunded || k == Redeemed {
			f.Figures = Figures{Currency: "EUR", Amount: 2380, Tax: 380, Coupon: "TEN", Lines: []Line{{"A", 2, 1890}}}
		}
		all = append(all, f)
	}
	return all
}

func TestWhatFactsCountDoesNotDependOnTheirOrderOrOnWhenTheyCame(t *testing.T) {
	b := Books{berlin(t), noon.Add(-50 * time.Hour)}
	rapid.Check(t, func(rt *rapid.T) {
		facts := drawFacts(rt)
		want, got := Rollups{}, Rollups{}
		b.Add(want, Roll(facts), 1)
		rand.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
		for n := 0; n < len(facts); {
			k := min(len(facts), n+rapid.IntRange(1, 3).Draw(rt, "batch"))
			b.Change(got, facts[:n], facts[n:k])
			n = k
		}
		if n := want.Differing(got); n != 0 {
			rt.Fatalf("%d differ: %v, want %v", n, got, want)
		}
	})
}

func TestWhatDiffersIsCounted(t *testing.T) {
	a, b := Slot{Day, noon, Cell{Measure: "a"}}, Slot{Day, noon, Cell{Measure: "b"}}
	for _, c := range []struct {
		one, other Rollups
		want       int64
	}{
		{Rollups{a: 1}, Rollups{a: 1}, 0}, {Rollups{a: 1}, Rollups{a: 2}, 1}, {Rollups{a: 1}, Rollups{b: 1}, 2}, {Rollups{a: 0}, Rollups{b: 0}, 0}, {Rollups{}, Rollups{b: 3}, 1},
	} {
		if got := c.one.Differing(c.other); got != c.want {
			t.Errorf("%v and %v: %d, want %d", c.one, c.other, got, c.want)
		}
	}
}

func TestConversionIsRoundedHalfUp(t *testing.T) {
	for _, c := range []struct {
		converted, undone, expired int64
		want                       string
	}{{0, 0, 0, ""}, {1, 0, 0, "100.0"}, {0, 1, 0, "0.0"}, {1, 1, 1, "33.3"}, {2, 1, 0, "66.7"}, {1, 1999, 0, "0.1"}, {1, 2000, 0, "0.0"}} {
		if got := HoldsOf(c.converted, c.undone, c.expired); got.Conversion != c.want {
			t.Errorf("%+v, want %q", got, c.want)
		}
	}
}

// Amounts of two currencies are never added.
func TestTotalsAreByCurrency(t *testing.T) {
	got := TotalsOf(map[Cell]int64{{Measure: "placed"}: 3, {Gross, "", "EUR"}: 2380, {Gross, "", "JPY"}: 1200, {Net, "", "EUR"}: 2000, {"refunded-amount", "", "EUR"}: 500})
	if got.Orders.Placed != 3 || len(got.Revenue) != 2 || got.Revenue[0].Gross.String() != "23.80 EUR" || got.Revenue[0].Refunded.String() != "5.00 EUR" || got.Revenue[1].Gross.String() != "1200 JPY" || got.Revenue[1].Net.Sign() != 0 {
		t.Errorf("%+v", got)
	}
}

func TestProductsAreRanked(t *testing.T) {
	got := ProductsOf(map[Cell]int64{{Units, "B", ""}: 2, {Units, "A", ""}: 2, {Units, "C", ""}: 9, {UnitsGross, "C", "EUR"}: 100, {UnitsCancelled, "B", ""}: 1})
	if len(got) != 3 || got[0].SKU != "C" || got[0].Gross[0].Amount() != "1.00" || got[1].SKU != "A" || got[2].SKU != "B" || got[2].Cancelled != 1 {
		t.Errorf("%+v", got)
	}
}

// No cell of words begins with what a spreadsheet computes, whatever an SKU is called, and nothing is lost in it.
func TestTextIsNoFormula(t *testing.T) {
	for text, want := range map[string]string{
		"KIT-1001": "KIT-1001", "": "", "=1+1": "'=1+1", "+49": "'+49", "-2": "'-2", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1", "＝1+1": "'＝1+1", " =1": "' =1", "a=b": "a=b",
		"\u00a0=cmd|'/C calc'!A0": "'\u00a0=cmd|'/C calc'!A0",
	} {
		if got := Text(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		sku := strings.ToValidUTF8(rapid.StringMatching(`[=+\-@ \t"',;A-Z0-9＝]{0,20}`).Draw(rt, "sku"), "")
		text, err := productTable([]Product{{SKU: sku, Units: 1}}).CSV()
		if err != nil {
			rt.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
		if err != nil || len(rows) != 2 || len(rows[1]) != 5 {
			rt.Fatalf("%q: %v", text, err)
		}
		cell := rows[1][0]
		if strings.TrimPrefix(cell, "'") != strings.TrimPrefix(sku, "'") || strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t") {
			rt.Fatalf("%q became %q", sku, cell)
		}
	})
}

func TestARangeIsDaysAndNotTooMany(t *testing.T) {
	c := berlin(t)
	for _, x := range []struct {
		from, until string
		days        int
	}{{"", "", 30}, {"2026-03-29", "2026-03-30", 1}, {"2026-01-01", "", 152}, {"", "2026-02-01", 30}, {"2025-01-01", "2026-02-05", 400}} {
		r, err := RangeOf(c, x.from, x.until, noon)
		if err != nil || len(r.days()) != x.days {
			t.Errorf("%q to %q: %d days (%v), want %d", x.from, x.until, len(r.days()), err, x.days)
		}
	}
	for _, x := range [][2]string{{"2026-03-30", "2026-03-30"}, {"2026-03-31", "2026-03-30"}, {"2025-01-01", "2026-02-06"}, {"2026-02-30", ""}, {"yesterday", ""}, {"", "2026-1-1"}, {"0001-01-01", "0001-01-02"}, {"2026-06-02", ""}} {
		if _, err := RangeOf(c, x[0], x[1], noon); !fault.Is(err, fault.InvalidKind) {
			t.Errorf("%v: %v", x, err)
		}
	}
}

func TestDaysAreNotKeptForLessThanEventsAreRepeated(t *testing.T) {
	for text, want := range map[string]int{"": 90, "21": 21, "400": 400, "20": 0, "-1": 0, "x": 0, "1e3": 0} {
		if n, err := daysOf(text); n != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d (%v), want %d", text, n, err, want)
		}
	}
}
