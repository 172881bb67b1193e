package pricing

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

func berlin(t rapid.TB) calendar.Calendar {
	t.Helper()
	c, err := calendar.In("")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func midnight(t rapid.TB, day string) time.Time {
	t.Helper()
	at, err := berlin(t).Start(day)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// entry is a price as it was entered before: a list, days, and smallest units.
func entry(t rapid.TB, list, from, until string, minor int64) Price {
	t.Helper()
	entered := midnight(t, "2025-12-01")
	valid, err := berlin(t).Range(from, until, entered)
	if err != nil {
		t.Fatal(err)
	}
	l := ParseList(list)
	p, err := New(uuid.Must(uuid.NewV7()), "A", l, money.New(minor, l.Currency), valid, entered)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func eur(minor int64) money.Money { return money.New(minor, "EUR") }

func TestC03ASaleStartsAndEndsWhenItSays(t *testing.T) {
	for _, c := range []struct{ from, until, before, begins, last, after string }{
		{"2026-03-27", "2026-03-29", "2026-03-26T22:59:59Z", "2026-03-26T23:00:00Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"},
		{"2026-10-24", "2026-10-25", "2026-10-23T21:59:59Z", "2026-10-23T22:00:00Z", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"},
		{"2026-09-12", "2026-09-12T17:00:00Z", "2026-09-11T21:59:59Z", "2026-09-11T22:00:00Z", "2026-09-12T16:59:59Z", "2026-09-12T17:00:00Z"},
	} {
		h := History{entry(t, "EUR", "2026-01-01", "", 2000), entry(t, "EUR", c.from, c.until, 1500)}
		for text, want := range map[string]int64{c.before: 2000, c.begins: 1500, c.last: 1500, c.after: 2000} {
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			if p, _ := h.At(at); p.Price != eur(want) {
				t.Errorf("%s to %s: at %s it costs %v", c.from, c.until, text, p.Price)
			}
		}
	}
}

// c04 is the history of the case.
func c04(t rapid.TB) History {
	return History{
		entry(t, "EUR", "2026-01-01", "", 10000), entry(t, "EUR", "2026-05-04", "2026-05-10", 8000),
		entry(t, "EUR", "2026-06-01", "2026-06-07", 7000), entry(t, "EUR", "2026-06-20", "", 7500),
	}
}

func TestC04TheLowestPriceOf30Days(t *testing.T) {
	h, c := c04(t), berlin(t)
	for _, day := range []string{"2026-06-01", "2026-06-07"} {
		got, _ := h.Show(c, midnight(t, day))
		if got.Price != eur(7000) || got.Prior == nil || *got.Prior != eur(8000) || got.Percent != "12.5" || !got.From.Equal(midnight(t, "2026-06-01")) {
			t.Errorf("%s: %+v", day, got)
		}
	}
	for day, price := range map[string]int64{"2026-01-01": 10000, "2026-06-08": 10000, "2026-06-19": 10000, "2026-06-20": 7500, "2026-07-30": 7500} {
		if got, _ := h.Show(c, midnight(t, day)); got.Price != eur(price) || got.Prior != nil || got.Percent != "" {
			t.Errorf("%s: %+v is shown as a reduction", day, got)
		}
	}
	for day, want := range map[string]int64{"2026-06-01": 8000, "2026-06-20": 7000} {
		if low, there := h.Low(c, midnight(t, day)); !there || low != eur(want) {
			t.Errorf("before %s: %v", day, low)
		}
	}
	if got, _ := h.Show(c, midnight(t, "2026-05-04")); got.Percent != "20" || *got.Prior != eur(10000) {
		t.Errorf("4 May: %+v", got)
	}
}

// What adds nothing to the history: a campaign that has not begun, saving without a
// change, and other countries.
func TestC04WhatAddsNothingToTheHistory(t *testing.T) {
	c, at := berlin(t), midnight(t, "2026-06-03")
	before, _ := c04(t).Show(c, at)
	for name, p := range map[string]Price{
		"a campaign of the future":       entry(t, "EUR", "2026-06-04", "2026-06-06", 100),
		"saved again without a change":   entry(t, "EUR", "2026-05-20", "", 10000),
		"the same campaign, once more":   entry(t, "EUR", "2026-06-02", "2026-06-07", 7000),
		"another country's, and cheaper": entry(t, "EUR-AT", "2026-05-20", "2026-05-25", 100),
	} {
		h := c04(t)
		if h = append(h, p); p.List.Country != "" {
			h = slices.DeleteFunc(h, func(p Price) bool { return p.List.Country != "" }) // as the store reads it for others
		}
		after, _ := h.Show(c, at)
		if after.Price != before.Price || *after.Prior != *before.Prior || after.Percent != before.Percent || !after.From.Equal(before.From) {
			t.Errorf("%s: %+v, was %+v", name, after, before)
		}
	}
}

func TestC19ACountryHasItsOwnPriceOrThatOfAll(t *testing.T) {
	at := midnight(t, "2026-06-01")
	a := History{entry(t, "EUR", "2026-01-01", "", 399), entry(t, "EUR-AT", "2026-01-01", "", 429)}
	if p, _ := a.At(at); p.Price != eur(429) {
		t.Errorf("in Austria A costs %v", p.Price)
	}
	campaign := append(a, entry(t, "EUR", "2026-05-30", "2026-06-02", 299))
	if p, _ := campaign.At(at); p.Price != eur(429) {
		t.Errorf("a campaign elsewhere is taken in Austria: %v", p.Price)
	}
	if p, there := (History{entry(t, "EUR", "2026-07-01", "", 399)}).At(at); there {
		t.Errorf("what has no price yet costs %v", p.Price)
	}
	for _, text := range []string{"EUR", "EUR-AT", "SEK"} {
		if got := ParseList(text).String(); got != text {
			t.Errorf("%s is %s", text, got)
		}
	}
}

func TestAPriceIsEnteredForNowOrLater(t *testing.T) {
	now, list := midnight(t, "2026-06-01"), List{Currency: "EUR"}
	for name, c := range map[string]struct {
		sku   string
		price money.Money
		from  time.Time
		at    string
	}{
		"from now on":         {"A", eur(0), now, ""},
		"a moment ago":        {"A", eur(100), now.Add(-1), "#/validFrom"},
		"less than nothing":   {"A", eur(-1), now, "#/price/amount"},
		"in another currency": {"A", money.New(1, "SEK"), now, "#/price/currency"},
		"of nothing":          {"", eur(1), now, "#/sku"},
		"of blanks":           {" A", eur(1), now, "#/sku"},
	} {
		_, err := New(uuid.New(), c.sku, list, c.price, calendar.Range{From: c.from}, now)
		var f *fault.Fault
		if errors.As(err, &f); (c.at == "") != (err == nil) || f != nil && f.Fields[0].Pointer != c.at {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// some is any history of one list, its days within two months.
func some() *rapid.Generator[History] {
	return rapid.Custom(func(t *rapid.T) (h History) {
		begin := midnight(t, "2026-01-01")
		for n := range rapid.IntRange(1, 8).Draw(t, "entries") {
			from := begin.Add(time.Duration(rapid.IntRange(0, 60*24).Draw(t, "from")) * time.Hour)
			valid := calendar.Range{From: from}
			if rapid.Bool().Draw(t, "campaign") {
				valid.Until = from.Add(time.Duration(rapid.IntRange(1, 400).Draw(t, "hours")) * time.Hour)
			}
			h = append(h, Price{ID: uuid.UUID{15: byte(n)}, SKU: "A", List: List{Currency: "EUR"}, Valid: valid, Entered: begin,
				Price: eur(rapid.Int64Range(1, 5).Draw(t, "price") * 100)})
		}
		return h
	})
}

// Steps are the price at each instant, they do not overlap, and neighbours differ.
func TestStepsArePricesAtInstants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := some().Draw(t, "h")
		steps := h.steps()
		for n, s := range steps {
			if n > 0 && (s.From.Before(steps[n-1].Until) || s.From.Equal(steps[n-1].Until) && s.price == steps[n-1].price) {
				t.Fatalf("step %d of %v", n, steps)
			}
		}
		at := midnight(t, "2026-01-01").Add(time.Duration(rapid.IntRange(-100, 3000).Draw(t, "at")) * time.Hour)
		p, found := h.At(at)
		n := slices.IndexFunc(steps, func(s step) bool { return s.Contains(at) })
		if found != (n >= 0) || found && steps[n].price != p.Price {
			t.Fatalf("at %v it costs %v (%v), by steps %v", at, p.Price, found, steps)
		}
	})
}

// The order in which entries are read changes nothing, nor do those that begin later;
// and what is shown as a reduction is below every price of the 30 days before it.
func TestAReductionIsBelowEveryPriceOfThe30DaysBefore(t *testing.T) {
	c := berlin(t)
	rapid.Check(t, func(t *rapid.T) {
		h := some().Draw(t, "h")
		at := midnight(t, "2026-02-10")
		got, found := h.Show(c, at)
		begun := slices.DeleteFunc(slices.Clone(h), func(p Price) bool { return p.Valid.From.After(at) })
		slices.Reverse(begun)
		again, _ := History(begun).Show(c, at)
		if found && (again.Price != got.Price || again.Percent != got.Percent || !again.From.Equal(got.From)) {
			t.Fatalf("%+v, without the future %+v", got, again)
		}
		if !found || got.Prior == nil {
			return
		}
		seen := false
		for hour := c.DaysBefore(got.From, 30); hour.Before(got.From); hour = hour.Add(time.Hour) {
			p, there := h.At(hour)
			if there && p.Price.Minor() < got.Prior.Minor() {
				t.Fatalf("prior %v, at %v it was %v", *got.Prior, hour, p.Price)
			}
			seen = seen || there && p.Price == *got.Prior
		}
		if !seen || got.Price.Minor() >= got.Prior.Minor() {
			t.Fatalf("%+v with a prior price that never was", got)
		}
	})
}

func TestPercentIsNeverTooMuch(t *testing.T) {
	for _, c := range []struct {
		prior, price int64
		want         string
	}{{8000, 7000, "12.5"}, {300, 200, "33.3"}, {300, 100, "66.6"}, {1000, 999, "0.1"}, {10000, 9999, "0"}, {100, 0, "100"}} {
		if got := percentOff(eur(c.prior), eur(c.price)); got != c.want {
			t.Errorf("from %d to %d: %s %%, want %s", c.prior, c.price, got, c.want)
		}
	}
}
