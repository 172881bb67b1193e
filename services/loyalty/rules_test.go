package loyalty

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// Whatever was given and taken, what expires is neither spent nor held, and no more than there is.
func TestWhatExpiresIsNeitherSpentNorHeldNorMoreThanThereIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1000)
		old, fresh, taken := n.Draw(t, "old"), n.Draw(t, "fresh"), n.Draw(t, "taken")
		s := Sums{Balance: old + fresh - taken, Old: old, Taken: taken}
		s.Held = rapid.Int64Range(0, max(0, s.Balance)).Draw(t, "held")
		due := s.Due()
		if due < 0 || due > old || due > 0 && s.Now() < s.Held {
			t.Fatalf("%+v: %d is due", s, due)
		}
		if s.Available() < 0 || s.Balance >= 0 && s.Available() > s.Balance {
			t.Fatalf("%+v: %d can be spent", s, s.Available())
		}
		after := Sums{Balance: s.Balance - due, Old: old, Taken: taken + due, Held: s.Held}
		if after.Due() != 0 || after.Available() != s.Available() {
			t.Fatalf("%+v, after it expired %+v", s, after)
		}
	})
}

func TestNobodySpendsOrLosesMoreThanHeHas(t *testing.T) {
	for name, c := range map[string]struct {
		sums            Sums
		reserve, loses  int64
		reserved, taken bool
	}{
		"all of it":         {Sums{Balance: 500}, 500, 500, true, true},
		"one more":          {Sums{Balance: 500}, 501, 501, false, false},
		"what is held":      {Sums{Balance: 500, Held: 400}, 101, 101, false, false},
		"what is not held":  {Sums{Balance: 500, Held: 400}, 100, 100, true, true},
		"what is due":       {Sums{Balance: 500, Old: 300}, 201, 201, false, false},
		"what is not due":   {Sums{Balance: 500, Old: 300}, 200, 200, true, true},
		"nothing from debt": {Sums{Balance: -12, Taken: 12}, 1, 1, false, false},
	} {
		if err := c.sums.Reserve(c.reserve); (err == nil) != c.reserved || err != nil && !fault.Is(err, fault.ConflictKind) {
			t.Errorf("%s: reserved: %v", name, err)
		}
		if err := c.sums.Correct(-c.loses); (err == nil) != c.taken || err != nil && !fault.Is(err, fault.ConflictKind) {
			t.Errorf("%s: taken: %v", name, err)
		}
	}
	if err := (Sums{}).Correct(0); !fault.Is(err, fault.InvalidKind) {
		t.Errorf("nothing: %v", err)
	}
	if err := (Sums{Balance: -12, Taken: 12}).Correct(5); err != nil {
		t.Errorf("giving to who owes: %v", err)
	}
}

func TestATierIsTheHighestThatIsReached(t *testing.T) {
	list := []Tier{{"bronze", 0}, {"silver", 500}, {"gold", 2000}}
	for points, want := range map[int64]string{-1: "/bronze", 0: "bronze/silver", 499: "bronze/silver", 500: "silver/gold", 1999: "silver/gold", 2000: "gold/", 9000: "gold/"} {
		var got [2]string
		for n, tier := range func() []*Tier { r, next := TierOf(list, points); return []*Tier{r, next} }() {
			if tier != nil {
				got[n] = tier.Name
			}
		}
		if got[0]+"/"+got[1] != want {
			t.Errorf("%d points: %v, want %s", points, got, want)
		}
	}
}

func paidOrder(t rapidOrT, goods, net string) Order {
	return Order{Customer: "anna", Goods: eur(t, goods), Net: eur(t, net), Paid: true}
}

// C45: of the sum, on net, and what is left after each return.
func TestC45PointsOnNetAndWhatAReturnTakes(t *testing.T) {
	o := paidOrder(t, "119.40", "100.34")
	for refunded, want := range map[int64]int64{0: 100, 3990: 66, 11940: 0, 12430: 0} {
		o.Refunded = refunded
		if got, err := o.Earns(); got != want || err != nil {
			t.Errorf("after %d went back it earns %d (%v), want %d", refunded, got, err, want)
		}
	}
	small := paidOrder(t, "15.00", "12.61")
	if got, err := small.Earns(); got != 12 || err != nil {
		t.Errorf("12.61 net earns %d (%v)", got, err)
	}
	for refunded, want := range map[int64]int64{0: 0, 750: 250, 1500: 500, 1990: 500} {
		small.Refunded = refunded
		if got, err := small.Back(500); got != want || err != nil {
			t.Errorf("after %d went back, of 500 points %d come back (%v), want %d", refunded, got, err, want)
		}
	}
}

func TestWhatEarnsNothing(t *testing.T) {
	for name, change := range map[string]func(*Order){
		"a guest's": func(o *Order) { o.Customer = "" }, "not paid": func(o *Order) { o.Paid = false }, "cancelled": func(o *Order) { o.Cancelled = true },
		"in kronor":       func(o *Order) { o.Goods, o.Net = money.New(11900, "SEK"), money.New(10000, "SEK") },
		"paid by points":  func(o *Order) { o.Goods, o.Net = money.New(0, "EUR"), money.New(0, "EUR") },
		"99 cents of net": func(o *Order) { o.Goods, o.Net = money.New(118, "EUR"), money.New(99, "EUR") },
	} {
		o := paidOrder(t, "119.00", "100.00")
		change(&o)
		if got, err := o.Earns(); got != 0 || err != nil {
			t.Errorf("%s: %d (%v)", name, got, err)
		}
	}
	gone := paidOrder(t, "0.00", "0.00")
	if back, _ := gone.Back(500); back != 0 {
		t.Errorf("points that paid all come back without a return: %d", back)
	}
	gone.Cancelled = true
	if back, _ := gone.Back(500); back != 500 {
		t.Errorf("of a cancelled order %d come back", back)
	}
}

// The more went back, the less is earned and the more points come back; all of it is all.
func TestReturnsOnlyTakeAndAllOfThemTakeAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		goods := rapid.Int64Range(1, 1_000_000).Draw(t, "goods")
		net := rapid.Int64Range(0, goods).Draw(t, "net")
		spent := rapid.Int64Range(0, 10_000).Draw(t, "spent")
		steps := rapid.SliceOfN(rapid.Int64Range(0, goods), 0, 8).Draw(t, "refunded")
		slices.Sort(steps)
		o := Order{Customer: "anna", Goods: money.New(goods, "EUR"), Net: money.New(net, "EUR"), Paid: true}
		earned, back := net/perPoint, int64(0)
		for _, o.Refunded = range append(steps, goods) {
			e, err := o.Earns()
			b, err2 := o.Back(spent)
			if err != nil || err2 != nil || e > earned || e < 0 || b < back || b > spent {
				t.Fatalf("%+v earns %d after %d, %d come back after %d (%v, %v)", o, e, earned, b, back, err, err2)
			}
			earned, back = e, b
		}
		if earned != 0 || back != spent {
			t.Fatalf("all went back: it earns %d, and %d of %d come back", earned, back, spent)
		}
	})
}

func TestAHoldEndsOnce(t *testing.T) {
	order, other := uuid.New(), uuid.New()
	begin := Hold{State: Reserved}
	committed, err := begin.Commit(order)
	if err != nil || committed.State != Committed || *committed.Order != order {
		t.Fatalf("%+v (%v)", committed, err)
	}
	if again, err := committed.Commit(order); err != nil || again.State != Committed {
		t.Errorf("again: %+v (%v)", again, err)
	}
	released, err := begin.Release()
	if err != nil || released.State != Released {
		t.Errorf("%+v (%v)", released, err)
	}
	if again, err := released.Release(); err != nil || again.State != Released {
		t.Errorf("again: %+v (%v)", again, err)
	}
	for name, err := range map[string]error{
		"another order":              func() error { _, err := committed.Commit(other); return err }(),
		"committed after release":    func() error { _, err := released.Commit(order); return err }(),
		"released with an order":     func() error { _, err := committed.Release(); return err }(),
		"released after it was back": func() error { _, err := committed.Cancel().Release(); return err }(),
	} {
		if !fault.Is(err, fault.ConflictKind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if back := committed.Cancel(); back.State != Given || back.Cancel().State != Given || released.Cancel().State != Released {
		t.Errorf("cancelled: %+v", back)
	}
}

// C44: the provider first, then the card that paid last.
func TestC44ARefundGoesToTheProviderFirst(t *testing.T) {
	one, two := uuid.New(), uuid.New()
	part := func(id uuid.UUID, paid, back string) Part { return Part{id, eur(t, paid), eur(t, back)} }
	for name, c := range map[string]struct {
		parts                  []Part
		amount, left, provider string
		want                   []Part
		kind                   fault.Kind
	}{
		"20.00 of 12.50 and a card": {[]Part{part(one, "17.50", "0.00")}, "20.00", "12.50", "12.50", []Part{part(one, "17.50", "7.50")}, ""},
		"the provider has enough":   {[]Part{part(one, "17.50", "0.00")}, "12.50", "12.50", "12.50", nil, ""},
		"no provider":               {[]Part{part(one, "32.50", "0.00")}, "32.50", "0.00", "0.00", []Part{part(one, "32.50", "32.50")}, ""},
		"two cards":                 {[]Part{part(one, "50.00", "0.00"), part(two, "10.00", "0.00")}, "15.00", "0.00", "0.00", []Part{part(two, "10.00", "10.00"), part(one, "50.00", "5.00")}, ""},
		"some is back already":      {[]Part{part(one, "50.00", "0.00"), part(two, "10.00", "8.00")}, "5.00", "0.00", "0.00", []Part{part(two, "10.00", "2.00"), part(one, "50.00", "3.00")}, ""},
		"more than was paid":        {[]Part{part(one, "17.50", "10.00")}, "20.01", "12.50", "", nil, fault.ConflictKind},
		"nothing":                   {[]Part{part(one, "17.50", "0.00")}, "0.00", "12.50", "", nil, fault.InvalidKind},
		"a debt of the provider":    {[]Part{part(one, "17.50", "0.00")}, "1.00", "-1.00", "", nil, fault.InvalidKind},
	} {
		provider, cards, err := Hold{State: Committed, Parts: c.parts}.Refund(eur(t, c.amount), eur(t, c.left))
		if c.kind != "" {
			if !fault.Is(err, c.kind) {
				t.Errorf("%s: %v, want %s", name, err, c.kind)
			}
			continue
		}
		if err != nil || provider != eur(t, c.provider) || !slices.Equal(cards, c.want) {
			t.Errorf("%s: %s and %v (%v), want %s and %v", name, provider, cards, err, c.provider, c.want)
		}
	}
	for _, state := range []State{Reserved, Released, Given} {
		if _, _, err := (Hold{State: state, Parts: []Part{part(one, "17.50", "0.00")}}).Refund(eur(t, "1.00"), eur(t, "0.00")); !fault.Is(err, fault.ConflictKind) {
			t.Errorf("a refund of what is %s: %v", state, err)
		}
	}
}

func TestC44CardsPayInTheirOrderAndInTheirCurrency(t *testing.T) {
	fifty := Card{Balance: eur(t, "50.00")}
	for name, c := range map[string]struct {
		total       string
		cards       []Card
		parts, left string
	}{
		"a part of it":         {"32.50", []Card{fifty}, "32.50", "0.00"},
		"not enough":           {"62.50", []Card{fifty}, "50.00", "12.50"},
		"two":                  {"60.00", []Card{fifty, fifty}, "50.00 10.00", "0.00"},
		"the second is no use": {"20.00", []Card{fifty, fifty}, "20.00 0.00", "0.00"},
	} {
		parts, left, err := Cover(eur(t, c.total), c.cards)
		var texts []string
		for _, p := range parts {
			texts = append(texts, p.Amount())
		}
		if err != nil || strings.Join(texts, " ") != c.parts || left != eur(t, c.left) {
			t.Errorf("%s: %v, %s left (%v)", name, texts, left, err)
		}
	}
	if _, _, err := Cover(money.New(5000, "SEK"), []Card{fifty}); !fault.Is(err, fault.InvalidKind) {
		t.Errorf("kronor by a card of euros: %v", err)
	}
	closedCard := fifty
	closedCard.Closed = true
	for name, c := range map[string]struct {
		card   Card
		amount money.Money
		kind   fault.Kind
	}{
		"more than is on it": {fifty, eur(t, "50.01"), fault.ConflictKind}, "closed": {closedCard, eur(t, "1.00"), fault.ConflictKind},
		"nothing": {fifty, eur(t, "0.00"), fault.InvalidKind}, "kronor": {fifty, money.New(100, "SEK"), fault.InvalidKind},
	} {
		if err := c.card.Take(c.amount, "#/cards/0"); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := fifty.Take(eur(t, "50.00"), ""); err != nil {
		t.Errorf("all of it: %v", err)
	}
}

func TestACodeIsHardToGuessAndEasyToType(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		c, code, err := NewCard(eur(t, "50.00"), nil, noon)
		if err != nil || seen[code] || len(code) != codeLength+3 || strings.Trim(code, letters+"-") != "" || c.Ending != code[15:] {
			t.Fatalf("%q: %+v (%v)", code, c, err)
		}
		seen[code] = true
		typed := strings.ToLower(strings.ReplaceAll(code, "-", " "))
		if string(hashOf(typed)) != string(hashOf(code)) || strings.Contains(string(hashOf(code)), code) {
			t.Fatalf("%q is not %q", typed, code)
		}
	}
	for _, bad := range []string{"0.00", "-1.00", "1000.01"} {
		if _, _, err := NewCard(eur(t, bad), nil, noon); !fault.Is(err, fault.InvalidKind) {
			t.Errorf("a card of %s: %v", bad, err)
		}
	}
}
