package returns

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

var noon = time.Date(2026, 6, 10, 10, 0, 0, 0, time.UTC)

func euro(minor int64) money.Money { return money.New(minor, "EUR") }

func berlin(t testing.TB) Period {
	t.Helper()
	days, err := calendar.In("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return Period{days}
}

func on(t testing.TB, day string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	return at.Add(9 * time.Hour)
}

// C34: the last day to withdraw, and the last instant of it.
func TestC34TheLastDayToWithdraw(t *testing.T) {
	p := berlin(t)
	for delivered, want := range map[string]string{
		"2026-06-05": "2026-06-19", "2026-06-06": "2026-06-22", "2026-06-07": "2026-06-22", "2026-12-11": "2026-12-28", "2026-06-09": "2026-06-23",
		"2026-03-20": "2026-04-07", // Good Friday, then Easter
		"2026-04-17": "2026-05-04", // the first of May is a Friday
		"2026-04-30": "2026-05-15", // Ascension
		"2026-05-11": "2026-05-26", // Whit Monday
		"2026-12-18": "2027-01-04", // New Year, then a weekend
		"2027-03-15": "2027-03-30", // Easter Monday of another year
		"2026-09-21": "2026-10-05", // no holiday, a Monday
		"2026-09-19": "2026-10-05", // the third of October is a Saturday
	} {
		at := on(t, delivered)
		o := Order{Sent: true, Delivered: &at}
		last, end := p.Of(o)
		if last != want {
			t.Errorf("delivered on %s: until %s, want %s", delivered, last, want)
		}
		if err := o.Open(end.Add(-time.Millisecond), p); err != nil {
			t.Errorf("delivered on %s, in the last millisecond: %v", delivered, err)
		}
		if err := o.Open(end, p); !fault.Is(err, fault.ConflictKind) {
			t.Errorf("delivered on %s, a moment too late: %v", delivered, err)
		}
	}
}

// The day is that of the shop and not of UTC: what arrives half an hour after midnight arrives on the next day.
func TestC34DaysAreThoseOfTheShop(t *testing.T) {
	late := time.Date(2026, 6, 4, 22, 30, 0, 0, time.UTC) // the fifth in Berlin
	last, end := berlin(t).Of(Order{Delivered: &late})
	if last != "2026-06-19" || !end.Equal(time.Date(2026, 6, 19, 22, 0, 0, 0, time.UTC)) {
		t.Errorf("until %s, %s", last, end)
	}
}

func TestThePeriodBeginsWithTheLastGoods(t *testing.T) {
	p, completed := berlin(t), on(t, "2026-06-15")
	if last, _ := p.Of(Order{}); last != "" {
		t.Errorf("nothing arrived: %s", last)
	}
	if last, _ := p.Of(Order{CompletedAt: &completed}); last != "2026-06-29" {
		t.Errorf("nobody told of an arrival: %s", last)
	}
	arrived := on(t, "2026-06-05")
	if last, _ := p.Of(Order{CompletedAt: &completed, Delivered: &arrived}); last != "2026-06-19" {
		t.Errorf("it arrived before it was complete: %s", last)
	}
	for name, o := range map[string]Order{"not sent": {}, "cancelled": {Sent: true, Cancelled: true}} {
		if err := o.Open(noon, p); !fault.Is(err, fault.ConflictKind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// order has one line of so many for a total with tax in it, and shipping.
func order(quantity, gross, tax, shipping, shippingTax int64) Order {
	return Order{ID: uuid.New(), Number: "1", Customer: "anna", Sent: true, Shipping: euro(shipping), ShippingTax: euro(shippingTax),
		Lines: []Line{{Line: 1, SKU: "A", Name: "A", Bought: quantity, Gross: euro(gross), Tax: euro(tax)}}}
}

// accepted accepts goods of an order's first line, a lot after the other, each in a return of its own.
func accepted(t rapid.TB, o Order, tariff Tariff, lots ...int64) (all []Acceptance) {
	t.Helper()
	for _, n := range lots {
		items, worth, err := o.Take([]Want{{1, n}})
		if err != nil {
			t.Fatal(err)
		}
		r := Return{ID: uuid.New(), Order: o.ID, State: Confirmed, Items: items, Worth: worth, Refunded: euro(0)}
		after, a, err := r.Accept(o, []Part{{1, n, 0}}, tariff, uuid.New(), noon)
		if err != nil || after.State != Completed || after.Refunded != a.Refund {
			t.Fatalf("%+v (%v)", after, err)
		}
		o.Lines[0].Claimed, o.Lines[0].Returned = o.Lines[0].Claimed+n, o.Lines[0].Returned+n
		all = append(all, a)
	}
	return all
}

func TestC28PartialReturnsMakeTheWhole(t *testing.T) {
	for name, c := range map[string]struct {
		order      Order
		lots       []int64
		gross, tax []int64
	}{
		"a": {order(10, 17925, 2987, 0, 0), []int64{3, 3, 4}, []int64{5378, 5377, 7170}, []int64{896, 896, 1195}},
		"b": {order(3, 1000, 160, 0, 0), []int64{1, 1, 1}, []int64{333, 334, 333}, nil},
	} {
		for n, a := range accepted(t, c.order, Tariff{}, c.lots...) {
			l := a.Lines[0]
			if l.Gross != euro(c.gross[n]) || a.Refund != l.Gross || (c.tax != nil && l.Tax != euro(c.tax[n])) {
				t.Errorf("%s, part %d: %s with %s tax", name, n, l.Gross, l.Tax)
			}
		}
	}
}

// C28, always: whatever the lots, the sums are the line's, and net and tax make gross.
func TestC28WhateverTheLotsTheSumsAreTheLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bought := rapid.Int64Range(1, 12).Draw(t, "bought")
		gross := rapid.Int64Range(0, 100_000).Draw(t, "gross")
		tax := rapid.Int64Range(0, gross/4).Draw(t, "tax")
		shipping := rapid.Int64Range(0, 2000).Draw(t, "shipping")
		var lots []int64
		for left := bought; left > 0; {
			n := rapid.Int64Range(1, left).Draw(t, "lot")
			lots, left = append(lots, n), left-n
		}
		var sum, taxes int64
		for _, a := range accepted(t, order(bought, gross, tax, shipping, 0), Tariff{}, lots...) {
			sum += a.Refund.Minor()
			for _, l := range a.Lines {
				taxes += l.Tax.Minor()
				if l.Net.Minor()+l.Tax.Minor() != l.Gross.Minor() || l.Gross.Sign() < 0 || l.Tax.Sign() < 0 {
					t.Fatalf("%+v", l)
				}
			}
		}
		if sum != gross+shipping || taxes != tax {
			t.Fatalf("%d back of %d and %d, tax %d of %d", sum, gross, shipping, taxes, tax)
		}
	})
}

func TestC29RefundOfADiscountedLine(t *testing.T) {
	for name, c := range map[string]struct {
		order Order
		lots  []int64
		want  []int64
	}{
		"half of 90.00":      {order(2, 9000, 0, 0, 0), []int64{1, 1}, []int64{4500, 4500}},
		"10.00 off 3 × 12":   {order(3, 2600, 0, 0, 0), []int64{1, 1, 1}, []int64{867, 866, 867}},
		"not priced again":   {order(2, 10000, 0, 0, 0), []int64{1}, []int64{5000}},
		"a line for nothing": {order(2, 0, 0, 0, 0), []int64{1, 1}, []int64{0, 0}},
	} {
		for n, a := range accepted(t, c.order, Tariff{}, c.lots...) {
			if a.Refund != euro(c.want[n]) {
				t.Errorf("%s: part %d is %s", name, n, a.Refund)
			}
		}
	}
}

// C34: who withdraws from all gets shipping back, as far as the standard way would have cost; who keeps some gets none.
func TestC34ShippingGoesBackWithTheWholeOrder(t *testing.T) {
	standard := euro(490)
	express := order(2, 4000, 639, 990, 158)
	all := accepted(t, express, Tariff{&standard}, 2)
	if all[0].Refund != euro(4490) || all[0].Shipping == nil || all[0].Shipping.Tax != euro(78) || all[0].Shipping.Net != euro(412) {
		t.Errorf("%+v", all[0])
	}
	one := accepted(t, order(2, 4000, 639, 990, 158), Tariff{&standard}, 1, 1)
	if one[0].Shipping != nil || one[0].Refund != euro(2000) || one[1].Refund != euro(2490) {
		t.Errorf("one after the other: %+v", one)
	}
	if free := accepted(t, order(1, 4000, 639, 0, 0), Tariff{&standard}, 1); free[0].Shipping != nil || free[0].Refund != euro(4000) {
		t.Errorf("free shipping: %+v", free)
	}
	if whole := accepted(t, order(1, 4000, 639, 990, 158), Tariff{}, 1); whole[0].Refund != euro(4990) {
		t.Errorf("without a setting: %+v", whole)
	}
}

// C34: two of three come back, one of them damaged; one more may, two may not.
func TestC34WhatComesBackIsInspectedOnce(t *testing.T) {
	o := order(3, 3000, 479, 0, 0)
	items, worth, err := o.Take([]Want{{1, 3}})
	if err != nil || worth != euro(3000) {
		t.Fatal(worth, err)
	}
	r := Return{State: Confirmed, Items: items, Worth: worth, Refunded: euro(0)}
	first, a, err := r.Accept(o, []Part{{1, 1, 1}}, Tariff{}, uuid.New(), noon)
	if err != nil || first.State != Confirmed || len(a.Lines) != 2 || !a.Lines[0].Sellable || a.Lines[1].Sellable || a.Refund != euro(2000) {
		t.Fatalf("%+v %+v (%v)", first, a, err)
	}
	if r.Items[0].Sellable != 0 {
		t.Error("what was read is changed")
	}
	o.Lines[0].Claimed, o.Lines[0].Returned = 3, 2
	for name, parts := range map[string][]Part{
		"two more": {{1, 2, 0}}, "two more, damaged": {{1, 0, 2}}, "one and one": {{1, 1, 1}}, "huge": {{1, 1 << 62, 1 << 62}},
	} {
		if _, _, err := first.Accept(o, parts, Tariff{}, uuid.New(), noon); !fault.Is(err, fault.ConflictKind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, parts := range map[string][]Part{"nothing": {{1, 0, 0}}, "below zero": {{1, -1, 0}}, "another line": {{2, 1, 0}}, "none": nil, "twice": {{1, 0, 0}, {1, 1, 0}}} {
		if _, _, err := first.Accept(o, parts, Tariff{}, uuid.New(), noon); !fault.Is(err, fault.InvalidKind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if last, a, err := first.Accept(o, []Part{{1, 1, 0}}, Tariff{}, uuid.New(), noon); err != nil || last.State != Completed || a.Refund != euro(1000) || last.Refunded != euro(3000) {
		t.Errorf("%+v %+v (%v)", last, a, err)
	}
}

func TestMoreThanIsLeftIsNotReturned(t *testing.T) {
	o := order(3, 3000, 479, 0, 0)
	o.Lines[0].Claimed = 2
	for name, wants := range map[string][]Want{"none": nil, "no such line": {{2, 1}}, "zero": {{1, 0}}, "twice": {{1, 1}, {1, 1}}} {
		if _, _, err := o.Take(wants); !fault.Is(err, fault.InvalidKind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := o.Take([]Want{{1, 2}}); !fault.Is(err, fault.ConflictKind) {
		t.Errorf("two of one: %v", err)
	}
	if items, worth, err := o.Take([]Want{{1, 1}}); err != nil || len(items) != 1 || worth != euro(1000) {
		t.Errorf("%+v %s (%v)", items, worth, err)
	}
}

// Each step from each state: who says a thing twice changes nothing, and no way leads back.
func TestTheStepsOfAReturn(t *testing.T) {
	o, p := order(3, 3000, 479, 0, 0), berlin(t)
	items, worth, _ := o.Take([]Want{{1, 1}})
	in := func(s State) Return {
		return Return{State: s, Items: items, Worth: worth, Refunded: euro(0), Version: 1}
	}
	for from, want := range map[State]struct {
		confirm, close State
		accept         bool
	}{
		Announced: {Confirmed, Closed, false}, Confirmed: {Confirmed, Closed, true}, Completed: {Completed, "", false}, Closed: {"", Closed, false},
	} {
		confirmed, err := in(from).Confirm(o, noon, p)
		if want.confirm == "" != fault.Is(err, fault.ConflictKind) || err == nil && (confirmed.State != want.confirm || (confirmed.Version == 1) != (from != Announced)) {
			t.Errorf("%s is confirmed: %+v (%v)", from, confirmed, err)
		}
		closed, err := in(from).Close("why", noon)
		if want.close == "" != fault.Is(err, fault.ConflictKind) || err == nil && closed.State != want.close {
			t.Errorf("%s is closed: %+v (%v)", from, closed, err)
		}
		if _, _, err := in(from).Accept(o, []Part{{1, 1, 0}}, Tariff{}, uuid.New(), noon); want.accept != (err == nil) {
			t.Errorf("%s is accepted: %v", from, err)
		}
	}
	late := on(t, "2026-01-05")
	o.Delivered = &late
	if _, err := in(Announced).Confirm(o, noon, p); !fault.Is(err, fault.ConflictKind) {
		t.Errorf("announced in time, confirmed too late: %v", err)
	}
}

func TestTheReceiptSaysWhatAndWhenInTheCustomersLanguage(t *testing.T) {
	o := order(3, 3000, 479, 0, 0)
	r := Return{ID: uuid.New(), State: Confirmed, Items: []Item{{Line: 1, SKU: "A", Name: "Pan", Quantity: 2}}, Reason: "my own words", ConfirmedAt: &noon}
	zone, err := zoneOf("")
	if err != nil {
		t.Fatal(err)
	}
	for locale, want := range map[string]string{
		"":      "Receipt of your withdrawal\n\nOrder 1: you withdraw from the contract for\n  2 × Pan (A)\n\nYour withdrawal arrived here on 10 June 2026, 12:00:00 CEST.\n",
		"de-DE": "Eingangsbestätigung Ihres Widerrufs\n\nBestellung 1: Sie widerrufen den Vertrag über\n  2 × Pan (A)\n\nIhr Widerruf ist hier eingegangen am 10.06.2026, 12:00:00 CEST.\n",
	} {
		o.Locale = locale
		if got := r.Receipt(o, zone); len(got) < len(want) || got[:len(want)] != want {
			t.Errorf("%q:\n%s", locale, got)
		}
	}
}

func TestTheTariffIsRead(t *testing.T) {
	if got, err := tariffOf("4.90 EUR"); err != nil || got.UpTo == nil || *got.UpTo != euro(490) {
		t.Errorf("%+v (%v)", got, err)
	}
	if got, err := tariffOf(""); err != nil || got.UpTo != nil {
		t.Errorf("%+v (%v)", got, err)
	}
	for _, bad := range []string{"4.90", "EUR", "4.901 EUR", "-1.00 EUR", "4.90  EUR"} {
		if _, err := tariffOf(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
