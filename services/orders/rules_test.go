package orders

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

func euros(minor int64) money.Money { return money.New(minor, "EUR") }

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// placement is an order of two pots and a filter, delivered for 4.90: 30.70 in all.
func placement() Placement {
	payment := uuid.Must(uuid.NewV7())
	return Placement{
		Saga: uuid.Must(uuid.NewV7()), Cart: uuid.Must(uuid.NewV7()), Quote: uuid.Must(uuid.NewV7()), Hold: uuid.Must(uuid.NewV7()), Payment: &payment,
		Email: "Jane@Example.org", Address: Address{"Jane", "Street 1", "10115", "Berlin", "DE"},
		Lines:    []Line{{"KIT-1001", "Moka Pot", 2, euros(1290), euros(2580), euros(412), ""}, {"KIT-1002", "Filter", 1, euros(100), euros(0), euros(0), ""}},
		Shipping: euros(490), Discount: euros(100), Total: euros(3070), Tax: euros(490), Taxes: []Rate{{"19", euros(2580), euros(490)}},
		Redemptions: []Redemption{{"FILTER", euros(100)}},
	}
}

// free is the same with nothing to pay.
func free() Placement {
	p := placement()
	p.Payment, p.Total, p.Tax, p.Shipping, p.Taxes = nil, euros(0), euros(0), euros(0), nil
	for n := range p.Lines {
		p.Lines[n].Total, p.Lines[n].Tax = euros(0), euros(0)
	}
	return p
}

func began(t testing.TB, p Placement) Order {
	t.Helper()
	o, facts, err := New(uuid.Must(uuid.NewV7()), "ACME-1", "secret", p, noon)
	if err != nil || len(facts) == 0 || facts[0].Kind != Placed {
		t.Fatalf("%+v %v", facts, err)
	}
	return o
}

func TestAnOrderAddsUpOrIsNone(t *testing.T) {
	for name, spoil := range map[string]func(*Placement){
		"#/total":                  func(p *Placement) { p.Total = euros(3069) },
		"#/total of a line":        func(p *Placement) { p.Lines[0].Total = euros(2581) },
		"#/taxes":                  func(p *Placement) { p.Taxes[0].Net = euros(2579) },
		"#/tax":                    func(p *Placement) { p.Tax = euros(489) },
		"#/tax in another money":   func(p *Placement) { p.Tax = money.New(490, "USD") },
		"#/discount in another":    func(p *Placement) { p.Discount = money.New(0, "USD") },
		"#/total in another money": func(p *Placement) { p.Total = money.New(3070, "USD") },
		"#/payment":                func(p *Placement) { p.Payment = nil },
		"#/total below zero":       func(p *Placement) { p.Discount = euros(-1) },
	} {
		p := placement()
		spoil(&p)
		if _, _, err := New(uuid.New(), "ACME-1", "x", p, noon); !fault.Is(err, fault.InvalidKind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	began(t, placement())
}

// C05c: with nothing to pay there is no payment, and nothing to wait for.
func TestC05cAnOrderOfNothingIsPaidAtOnce(t *testing.T) {
	o, facts, err := New(uuid.New(), "ACME-1", "x", free(), noon)
	if err != nil || o.State != Paid || len(facts) != 2 || facts[1].Kind != Paid {
		t.Errorf("%s %+v %v", o.State, facts, err)
	}
	p := free()
	p.Payment = placement().Payment
	if _, _, err := New(uuid.New(), "ACME-1", "x", p, noon); !fault.Is(err, fault.InvalidKind) {
		t.Errorf("nothing to pay, and a payment: %v", err)
	}
}

// Whatever happens in whatever order, an order goes forward along its path, a fact is told of each step and of nothing else, and
// goods come back once, if they did not leave.
func TestAnOrderGoesForwardOrIsCancelledOnce(t *testing.T) {
	next := map[State][]State{Placed: {Paid, Cancelled}, Paid: {Sent, Cancelled}, Sent: {Completed}, Completed: {}, Cancelled: {}}
	rapid.Check(t, func(t *rapid.T) {
		o, _, err := New(uuid.New(), "ACME-1", "x", placement(), noon)
		if err != nil {
			t.Fatal(err)
		}
		cancelled := 0
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			before := o
			after, facts, err := happen(t, o)
			if err != nil {
				if after.State != before.State || after.Version != before.Version || facts != nil {
					t.Fatalf("refused, and changed: %+v %v", after, facts)
				}
				continue
			}
			o = after
			if o.Version-before.Version > 1 || len(facts) != int(o.Version-before.Version) {
				t.Fatalf("version %d after %d with %v", o.Version, before.Version, facts)
			}
			if o.State != before.State && (!slices.Contains(next[before.State], o.State) || facts[0].Kind != o.State) {
				t.Fatalf("%s after %s, told as %v", o.State, before.State, facts)
			}
			if o.State == Cancelled && before.State != Cancelled {
				cancelled++
			}
		}
		if cancelled > 1 || (cancelled == 1) != (o.State == Cancelled) {
			t.Fatalf("cancelled %d times, and is %s", cancelled, o.State)
		}
	})
}

// happen does any of the things that can happen to an order.
func happen(t *rapid.T, o Order) (Order, []Fact, error) {
	switch rapid.SampledFrom([]string{"capture", "part", "void", "cancel", "send", "complete", "refund"}).Draw(t, "what") {
	case "capture":
		return o.Capture(o.Total, noon)
	case "part":
		return o.Capture(euros(1), noon)
	case "void":
		return o.Lose("voided", noon)
	case "cancel":
		return o.Cancel("changed her mind", noon)
	case "send":
		return o.Send("post", "1Z", noon)
	case "complete":
		return o.Complete(noon)
	}
	return o.Refund(euros(1), nil, noon)
}

func TestC33AfterShippingThereIsNoCancel(t *testing.T) {
	o := began(t, placement())
	if _, _, err := o.Send("post", "1", noon); !fault.Is(err, fault.ConflictKind) {
		t.Errorf("sent before it is paid: %v", err)
	}
	o, _, _ = o.Capture(o.Total, noon)
	o, _, err := o.Send("post", "1", noon)
	if err != nil || o.State != Sent {
		t.Fatal(o.State, err)
	}
	if after, facts, err := o.Cancel("late", noon); !fault.Is(err, fault.ConflictKind) || after.State != Sent || facts != nil {
		t.Errorf("%s %v %v", after.State, facts, err)
	}
}

func TestC33ALineWhoseProductIsGoneIsCancelledAsAnyOther(t *testing.T) {
	o, facts, err := began(t, placement()).Cancel("", noon)
	if err != nil || len(facts) != 1 {
		t.Fatal(err)
	}
	data, is := o.message(facts[0]).(cancelledData)
	if !is || !data.Restock || len(data.Lines) != 2 || data.Lines[0] != (bookLine{"KIT-1001", 2}) {
		t.Errorf("%+v", data)
	}
	if again, facts, err := o.Cancel("again", noon); err != nil || facts != nil || again.Version != o.Version {
		t.Errorf("cancelled again: %v %v", facts, err)
	}
}

// Its mails link to the order: the first event has its token, and no other one has.
func TestTheTokenIsToldOnceWithTheOrder(t *testing.T) {
	o := began(t, placement())
	for _, kind := range []State{Placed, Paid, Sent, Completed, Cancelled} {
		text, err := json.Marshal(o.message(Fact{Kind: kind, At: noon}))
		if err != nil || o.Token == "" {
			t.Fatal(err)
		}
		if told := strings.Contains(string(text), o.Token); told != (kind == Placed) {
			t.Errorf("%s tells the token: %t", kind, told)
		}
	}
}

func TestC26ALateFailureDoesNotUndoAPayment(t *testing.T) {
	o := began(t, placement())
	o, _, _ = o.Capture(o.Total, noon)
	if after, facts, err := o.Lose("attempt 1 failed", noon); err != nil || facts != nil || after.State != Paid {
		t.Errorf("%s %v %v", after.State, facts, err)
	}
	gone, _, _ := began(t, placement()).Lose("voided", noon)
	if after, facts, err := gone.Capture(gone.Total, noon); err != nil || facts != nil || after.State != Cancelled {
		t.Errorf("captured after the void: %s %v %v", after.State, facts, err)
	}
}

func TestC23NumbersOfTwoShopsNeverMeet(t *testing.T) {
	seen := map[string]bool{}
	for _, shop := range []string{"1", "10", "a", "a-1", "a-10"} {
		for n := range int64(12) {
			for _, counter := range []int64{n, 10*n + 1, 100000 + n} {
				seen[shop+"\x00"+Number(shop, counter)] = true
			}
		}
	}
	numbers := map[string]bool{}
	for key := range seen {
		_, number, _ := cutNul(key)
		numbers[number] = true
	}
	if len(numbers) != len(seen) {
		t.Errorf("%d numbers of %d orders", len(numbers), len(seen))
	}
	if ParseNumber(" acme-1 00001 ") != "ACME-100001" {
		t.Error(ParseNumber(" acme-1 00001 "))
	}
}

func cutNul(s string) (string, string, bool) {
	for n := range s {
		if s[n] == 0 {
			return s[:n], s[n+1:], true
		}
	}
	return s, "", false
}

func TestAnOrderIsSeenByItsCustomerAndByItsToken(t *testing.T) {
	p := placement()
	p.Customer = "anna"
	o, guest := began(t, p), began(t, placement())
	for name, c := range map[string]struct {
		o               Order
		customer, token string
		mine            bool
	}{
		"its customer": {o, "anna", "", true}, "another customer": {o, "ben", "", false}, "its token": {o, "", "secret", true}, "another token": {o, "", "secret2", false},
		"nobody": {o, "", "", false}, "a guest's by nobody": {guest, "", "", false}, "a guest's by a customer": {guest, "anna", "", false}, "a guest's by its token": {guest, "", "secret", true},
	} {
		if c.o.Mine(c.customer, c.token) != c.mine {
			t.Errorf("%s: %t", name, !c.mine)
		}
	}
	if none := (Order{}); none.Mine("", "") {
		t.Error("an order without a token is everybody's")
	}
	if one, other := NewToken(), NewToken(); one == other || len(one) < 43 {
		t.Error("a token can be guessed")
	}
}
