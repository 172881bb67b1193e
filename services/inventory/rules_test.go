package inventory

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// books are what a ledger must add up to, kept beside it by other arithmetic.
type books struct {
	onHand, reserved map[string]int64
}

// Whatever happens to stock, what is on hand is the sum of the movements, what is reserved that of the open holds, and nothing is
// held that was not free.
func TestALedgerIsTheSumOfItsMovementsAndHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := NewLedger([]Stock{{SKU: "A"}, {SKU: "B"}, {SKU: "B-12", Piece: "B", Pieces: 12}, {SKU: "C", Unlimited: true}})
		var holds []Hold
		draw := func() int { return rapid.IntRange(0, len(holds)-1).Draw(t, "hold") }
		t.Repeat(map[string]func(*rapid.T){
			"move": func(t *rapid.T) {
				m := Movement{SKU: rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "sku"), Quantity: rapid.Int64Range(-30, 60).Draw(t, "quantity"), Cause: Counted}
				_ = l.Move(m)
			},
			"hold": func(t *rapid.T) {
				var wants []Want
				for range rapid.IntRange(1, 4).Draw(t, "lines") {
					wants = append(wants, Want{rapid.SampledFrom([]string{"A", "B", "B-12", "C", "NONE"}).Draw(t, "sku"), rapid.Int64Range(1, 20).Draw(t, "quantity")})
				}
				before := l.Changed()
				lines, err := l.Hold(wants)
				if err != nil {
					if !fault.Is(err, soldOut) || fmt.Sprint(before) != fmt.Sprint(l.Changed()) {
						t.Fatalf("refused with %v, and changed %v to %v", err, before, l.Changed())
					}
					return
				}
				holds = append(holds, Hold{ID: uuid.New(), State: Open, Lines: lines})
			},
			"renew":   func(t *rapid.T) { step(t, holds, draw, func(h Hold) (Hold, error) { return h.Renew(l, ten) }) },
			"release": func(t *rapid.T) { step(t, holds, draw, func(h Hold) (Hold, error) { return h.Release(l, Undone) }) },
			"expire":  func(t *rapid.T) { step(t, holds, draw, func(h Hold) (Hold, error) { return h.Release(l, Expired) }) },
			"commit":  func(t *rapid.T) { step(t, holds, draw, func(h Hold) (Hold, error) { return h.Commit(l, orderOf(h)) }) },
			"cancel": func(t *rapid.T) {
				restock := rapid.Bool().Draw(t, "restock")
				step(t, holds, draw, func(h Hold) (Hold, error) { return h.Cancel(l, orderOf(h), restock) })
			},
			"": func(t *rapid.T) { agree(t, l, holds) },
		})
	})
}

// orderOf is the order that comes of a hold, if one does.
func orderOf(h Hold) uuid.UUID { return uuid.NewSHA1(h.ID, []byte("order")) }

func step(t *rapid.T, holds []Hold, draw func() int, do func(Hold) (Hold, error)) {
	if len(holds) == 0 {
		t.Skip("there is none")
	}
	n := draw()
	after, err := do(holds[n])
	if err == nil {
		holds[n] = after
	}
}

func agree(t *rapid.T, l *Ledger, holds []Hold) {
	sums := books{map[string]int64{}, map[string]int64{}}
	for _, m := range l.Movements {
		sums.onHand[m.SKU] += m.Quantity
	}
	for _, h := range holds {
		for _, line := range h.Lines {
			if h.State == Open {
				sums.reserved[line.Taken] += line.Units
			}
		}
	}
	for sku, s := range l.stock {
		if s.OnHand != sums.onHand[sku] || s.Reserved != sums.reserved[sku] {
			t.Fatalf("%+v, its movements are %d, its holds %d", s, sums.onHand[sku], sums.reserved[sku])
		}
		if !s.Unlimited && (s.OnHand < 0 || s.Reserved > s.OnHand+s.Short || s.Short != max(0, s.Reserved-s.OnHand)) {
			t.Fatalf("oversold: %+v", s)
		}
	}
}

func held(state State, reason Reason) Hold {
	h := Hold{ID: uuid.New(), State: state, Reason: reason, ExpiresAt: ten, Lines: []Line{{SKU: "A", Quantity: 3, Taken: "A", Units: 3}}}
	if state == Committed || state == Cancelled {
		h.Order = orderOf(h)
	}
	return h
}

// Every step of a hold from every state: what it becomes, and what becomes of 10 on hand, of which an open hold has 3.
func TestWhatBecomesOfAHold(t *testing.T) {
	type want struct {
		state            State
		onHand, reserved int64
		refused          bool
	}
	renew := func(h Hold, l *Ledger) (Hold, error) { return h.Renew(l, ten.Add(time.Minute)) }
	release := func(h Hold, l *Ledger) (Hold, error) { return h.Release(l, Undone) }
	commit := func(h Hold, l *Ledger) (Hold, error) { return h.Commit(l, orderOf(h)) }
	cancel := func(h Hold, l *Ledger) (Hold, error) { return h.Cancel(l, orderOf(h), true) }
	gone := func(h Hold, l *Ledger) (Hold, error) { return h.Cancel(l, orderOf(h), false) }
	other := func(h Hold, l *Ledger) (Hold, error) { return h.Commit(l, uuid.New()) }
	for _, c := range []struct {
		what string
		from Hold
		do   func(Hold, *Ledger) (Hold, error)
		want want
	}{
		{"renew open", held(Open, ""), renew, want{Open, 10, 3, false}},
		{"renew expired", held(Released, Expired), renew, want{Open, 10, 3, false}},
		{"renew undone", held(Released, Undone), renew, want{Released, 10, 0, true}},
		{"renew committed", held(Committed, ""), renew, want{Committed, 10, 0, false}},
		{"renew cancelled", held(Cancelled, ""), renew, want{Cancelled, 10, 0, true}},
		{"release open", held(Open, ""), release, want{Released, 10, 0, false}},
		{"release released", held(Released, Expired), release, want{Released, 10, 0, false}},
		{"release committed", held(Committed, ""), release, want{Committed, 10, 0, true}},
		{"release cancelled", held(Cancelled, ""), release, want{Cancelled, 10, 0, false}},
		{"commit open", held(Open, ""), commit, want{Committed, 7, 0, false}},
		{"commit released: the order is a fact", held(Released, Undone), commit, want{Committed, 7, 0, false}},
		{"commit committed", held(Committed, ""), commit, want{Committed, 10, 0, false}},
		{"commit to another order", held(Committed, ""), other, want{Committed, 10, 0, true}},
		{"commit cancelled", held(Cancelled, ""), commit, want{Cancelled, 10, 0, false}},
		{"cancel open: nothing is added", held(Open, ""), cancel, want{Cancelled, 10, 0, false}},
		{"cancel released", held(Released, Expired), cancel, want{Cancelled, 10, 0, false}},
		{"cancel committed", held(Committed, ""), cancel, want{Cancelled, 13, 0, false}},
		{"cancel cancelled", held(Cancelled, ""), cancel, want{Cancelled, 10, 0, false}},
		{"cancel what was sent, open", held(Open, ""), gone, want{Cancelled, 7, 0, false}},
		{"cancel what was sent, committed", held(Committed, ""), gone, want{Cancelled, 10, 0, false}},
	} {
		s := Stock{SKU: "A", OnHand: 10}
		if c.from.State == Open {
			s.Reserved = 3
		}
		l := NewLedger([]Stock{s})
		after, err := c.do(c.from, l)
		got := want{after.State, l.stock["A"].OnHand, l.stock["A"].Reserved, err != nil}
		if got != c.want || (err != nil && !fault.Is(err, fault.ConflictKind)) {
			t.Errorf("%s: %+v (%v), want %+v", c.what, got, err, c.want)
		}
		if (after.State == Released) != (after.Reason != "") || (after.State == Committed && after.Order == uuid.Nil) {
			t.Errorf("%s: %+v", c.what, after)
		}
	}
}

func TestC32AHoldIsValidWhileNowIsBeforeItsEnd(t *testing.T) {
	h := Hold{ExpiresAt: ten.Add(holdFor)}
	for at, over := range map[time.Duration]bool{0: false, holdFor - time.Nanosecond: false, holdFor: true, holdFor + time.Second: true} {
		if h.Over(ten.Add(at)) != over {
			t.Errorf("after %s it is over: %t", at, !over)
		}
	}
}

func TestARenewalNeverEndsEarlier(t *testing.T) {
	h := held(Open, "")
	after, err := h.Renew(NewLedger(nil), ten.Add(-time.Minute))
	if err != nil || !after.ExpiresAt.Equal(ten) {
		t.Errorf("%+v, %v", after, err)
	}
}

// Warehouse: "a count of 2 while 5 are reserved: kept as a shortfall and reported, reserved never exceeds on hand in silence".
func TestWhatIsReservedAndNotThereIsShort(t *testing.T) {
	l := NewLedger([]Stock{{SKU: "A", OnHand: 5, Reserved: 5}})
	if err := l.Move(Movement{SKU: "A", Quantity: -3, Cause: Counted}); err != nil {
		t.Fatal(err)
	}
	if s := l.stock["A"]; s.OnHand != 2 || s.Reserved != 5 || s.Short != 3 || l.Available("A") != 0 {
		t.Fatalf("%+v, %d available", s, l.Available("A"))
	}
	if _, err := l.Hold([]Want{{"A", 1}}); !fault.Is(err, soldOut) {
		t.Errorf("one more is held: %v", err)
	}
	one := Hold{ID: uuid.New(), State: Open, Lines: []Line{{SKU: "A", Quantity: 3, Taken: "A", Units: 3}}}
	one, err := one.Commit(l, uuid.New())
	if missing := one.Missing(); err != nil || len(missing) != 1 || missing[0].Missing != 1 {
		t.Errorf("of 3, 2 are there: %+v, %v", one, err)
	}
	if s := l.stock["A"]; s.OnHand != 0 || s.Reserved != 2 || s.Short != 2 {
		t.Errorf("%+v", s)
	}
	if one, err = one.Cancel(l, one.Order, true); err != nil || l.stock["A"].OnHand != 2 {
		t.Errorf("what was missing came into being: %+v, %v", l.stock["A"], err)
	}
	if err := l.Move(Movement{SKU: "A", Quantity: -3, Cause: Damaged}); !fault.Is(err, fault.ConflictKind) {
		t.Errorf("3 of 2 are damaged: %v", err)
	}
}

func TestUnlimitedIsNeverSoldOutAndStaysSo(t *testing.T) {
	l := NewLedger([]Stock{{SKU: "A", Unlimited: true}})
	h := held(Open, "")
	var err error
	if h.Lines, err = l.Hold([]Want{{"A", 500}}); err != nil || l.Available("A") != mostUnits {
		t.Fatalf("%v, %d available", err, l.Available("A"))
	}
	h, _ = h.Commit(l, uuid.New())
	if s := l.stock["A"]; s.OnHand != -500 || s.Short != 0 || len(h.Missing()) != 0 {
		t.Errorf("%+v %+v", s, h)
	}
	if _, err := l.stock["A"].Limit(false); !fault.Is(err, fault.ConflictKind) {
		t.Errorf("there are -500 of it: %v", err)
	}
	h, _ = h.Cancel(l, h.Order, true)
	if s := l.stock["A"]; s.OnHand != 0 || !s.Unlimited {
		t.Errorf("C33: %+v", s)
	}
	if s, err := l.stock["A"].Limit(false); err != nil || s.Unlimited || s.free() != 0 {
		t.Errorf("%+v %v", s, err)
	}
}

func TestHowAProductIsKept(t *testing.T) {
	for name, c := range map[string]struct {
		product Stock
		pointer string
	}{
		"a product":             {Stock{SKU: "A"}, ""},
		"a carton":              {Stock{SKU: "A-12", Piece: "A", Pieces: 12}, ""},
		"pieces of nothing":     {Stock{SKU: "A", Pieces: 12}, "#/pieces"},
		"none in it":            {Stock{SKU: "A", Piece: "B"}, "#/pieces"},
		"a carton of itself":    {Stock{SKU: "A", Piece: "A", Pieces: 2}, "#/piece"},
		"a carton without end":  {Stock{SKU: "A", Piece: "B", Pieces: 2, Unlimited: true}, "#/unlimited"},
		"what is made to order": {Stock{SKU: "A", Unlimited: true}, ""},
	} {
		err := c.product.carton()
		f, _ := err.(*fault.Fault) //nolint:errorlint // as it is
		if (c.pointer == "") != (err == nil) || (f != nil && f.Fields[0].Pointer != c.pointer) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (Stock{SKU: "A-12", Piece: "A", Pieces: 12}).Limit(true); !fault.Is(err, fault.InvalidKind) {
		t.Errorf("a carton was made unlimited: %v", err)
	}
}
