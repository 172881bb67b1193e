package books

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/money"
)

var (
	noon   = time.Date(2026, 1, 27, 12, 0, 0, 0, time.UTC)
	policy = Policy{Skew: 2 * time.Minute, Lag: 15 * time.Minute}
	// after is when nothing can be under way any more.
	after = noon.Add(time.Hour)
)

func euro(minor int64) money.Money { return money.New(minor, "EUR") }

// noMoney is what an order says that missed a refund.
var noMoney = euro(0)

// whole is a checkout of which every book says the same: an order that was paid for, with a coupon.
func whole(minor int64) Case {
	saga, order, payment, hold, charge := uuid.New(), uuid.New(), uuid.New(), uuid.New(), uuid.New()
	reference, coupon := charge.String(), []Coupon{{"WELCOME", euro(100)}}
	return Case{
		Orders: []Order{{
			ID: order, Number: "ACME-100001", Saga: saga, Hold: hold, Payment: &payment, Total: euro(minor), Refunded: euro(0), State: "paid",
			PlacedAt: noon, ChangedAt: noon, Lines: []Line{{"KIT-1001", 2}, {"KIT-1002", 1}, {"KIT-1001", 1}}, Redemptions: coupon,
		}},
		Payments: []Payment{{
			ID: payment, Saga: saga.String(), State: "captured", Amount: euro(minor), Authorized: euro(minor), Captured: euro(minor), Refunded: euro(0), Held: euro(0),
			Balanced: true, Reference: &reference, ChangedAt: noon,
		}},
		Charges:     []Charge{{ID: charge, Reference: saga.String() + ":authorize", Currency: "EUR", Authorized: minor, Captured: minor, Balanced: true, ChangedAt: noon}},
		Holds:       []Hold{{ID: hold, Saga: saga, State: committed, Order: &order, ExpiresAt: noon, ChangedAt: noon, Lines: []Line{{"KIT-1001", 3}, {"KIT-1002", 1}}}},
		Redemptions: []Redemption{{ID: uuid.New(), Saga: saga, State: committed, Order: &order, Coupons: coupon, ChangedAt: noon}},
		Mails:       []Mail{{ID: uuid.New(), Order: order, Saga: &saga, Kind: placed, ChangedAt: noon}},
		Sagas:       []Saga{{ID: saga, State: placed, Order: &order, BegunAt: noon, ChangedAt: noon}},
	}
}

// cancelled is the same checkout, cancelled and undone in every book.
func (c Case) cancelled() Case {
	c.Orders[0].State, c.Orders[0].Refunded = cancelled, c.Orders[0].Total
	c.Payments[0].Refunded, c.Payments[0].State = c.Payments[0].Captured, "refunded"
	c.Charges[0].Refunded = c.Charges[0].Captured
	c.Holds[0].State, c.Redemptions[0].State = cancelled, "returned"
	return c
}

// carded is the same checkout where orders and payments tell what gift cards paid of it and got back.
func (c Case) carded(paid, back int64) Case {
	cards, got, same := euro(paid), euro(back), euro(back)
	c.Payments[0].Cards, c.Payments[0].CardsBack, c.Orders[0].CardsBack = &cards, &got, &same
	return c
}

// spoiledCards is a checkout whose total gift cards pay a cent more of, with what payments says of them.
func spoiledCards(paid, back int64, order *money.Money) func(*Case) {
	return func(c *Case) {
		due := c.Orders[0].Total
		c.Orders[0].Due, c.Orders[0].Total = &due, euro(due.Minor()+1)
		*c = c.carded(paid, back)
		c.Orders[0].CardsBack = order
	}
}

// broken lists the rules that a case breaks at a moment.
func broken(v Verdict) (names []string) {
	for _, one := range v.Violations {
		if !slices.Contains(names, one.Rule) {
			names = append(names, one.Rule)
		}
	}
	return names
}

// Whatever the amounts, what every book says the same of balances: an order that was paid, refunded in part, cancelled, or never made.
func TestBooksThatSayTheSameBalance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := whole(rapid.Int64Range(100, money.Most).Draw(t, "total"))
		switch rapid.IntRange(0, 6).Draw(t, "kind") {
		case 1:
			back := rapid.Int64Range(0, c.Charges[0].Captured).Draw(t, "refund")
			c.Orders[0].Refunded, c.Payments[0].Refunded, c.Charges[0].Refunded = euro(back), euro(back), back
		case 2:
			c = c.cancelled()
		case 3: // undone: the money was reserved, and released
			c.Orders, c.Mails = nil, nil
			c.Payments[0].Captured, c.Charges[0].Captured = euro(0), 0
			c.Holds[0].State, c.Holds[0].Order, c.Redemptions[0].State, c.Redemptions[0].Order = "released", nil, "released", nil
			c.Sagas[0].State, c.Sagas[0].Order = undone, nil
		case 4: // a gift
			c.Orders[0].Total, c.Orders[0].Payment, c.Payments, c.Charges = euro(0), nil, nil, nil
		case 5: // gift cards pay a part
			due := c.Orders[0].Total
			c.Orders[0].Due, c.Orders[0].Total = &due, euro(due.Minor()+1)
			if rapid.Bool().Draw(t, "told") {
				c = c.carded(1, 1)
			}
		case 6: // gift cards pay all
			none := euro(0)
			c.Orders[0].Due, c.Orders[0].Payment, c.Payments, c.Charges = &none, nil, nil, nil
			if rapid.Bool().Draw(t, "told") {
				c.Payments = []Payment{{ID: c.Orders[0].ID, Saga: c.Orders[0].Saga.String(), State: "captured", Amount: none, Authorized: none, Captured: none, Refunded: none, Held: none, Balanced: true, ChangedAt: noon}}
				c = c.carded(c.Orders[0].Total.Minor(), 0)
			}
		}
		if v := Compare("s", c, after, policy); len(v.Violations) != 0 || !v.Due.IsZero() {
			t.Fatalf("%+v", v)
		}
	})
}

// faults are what can be wrong in a book, with the rule that must name it.
var faults = map[string]struct {
	rule  string
	spoil func(*Case)
}{
	"another amount authorised":         {"order-authorized-once", func(c *Case) { c.Payments[0].Authorized = euro(1) }},
	"a payment that is not there":       {"order-authorized-once", func(c *Case) { c.Payments = nil }},
	"nothing authorised":                {"order-authorized-once", func(c *Case) { c.Payments[0].Authorized = euro(0) }},
	"a gift that is paid for":           {"order-authorized-once", func(c *Case) { c.Orders[0].Total, c.Orders[0].Payment = euro(0), nil }},
	"the total paid beside a gift card": {"order-authorized-once", func(c *Case) { part := euro(1); c.Orders[0].Due = &part }},
	"less captured":                     {"order-captured", func(c *Case) { c.Payments[0].Captured = euro(1) }},
	"never captured":                    {"order-captured", func(c *Case) { c.Orders[0].State = placed }},
	"a charge without an order":         {"no-charge-without-order", func(c *Case) { c.Orders = nil }},
	"a second charge":                   {"charged-once", func(c *Case) { again := c.Charges[0]; again.ID = uuid.New(); c.Charges = append(c.Charges, again) }},
	"more refunded than taken":          {"refunds-within-captures", func(c *Case) { c.Payments[0].Refunded = euro(c.Payments[0].Captured.Minor() + 1) }},
	"more given back by the provider":   {"refunds-within-captures", func(c *Case) { c.Charges[0].Refunded = c.Charges[0].Captured + 1 }},
	"a refund that the order missed":    {"refunds-within-captures", func(c *Case) { c.Payments[0].Refunded, c.Charges[0].Refunded = euro(5), 5 }},
	"gift cards paid something else":    {"gift-cards-as-ordered", spoiledCards(2, 0, nil)},
	"gift cards got too much":           {"gift-cards-as-ordered", spoiledCards(1, 2, nil)},
	"an order that missed their refund": {"gift-cards-as-ordered", spoiledCards(1, 1, &noMoney)},
	"a ledger of the shop":              {"ledger-balances", func(c *Case) { c.Payments[0].Balanced = false }},
	"a ledger of the provider":          {"ledger-balances", func(c *Case) { c.Charges[0].Balanced = false }},
	"a cent more at the provider":       {"as-the-provider", func(c *Case) { c.Charges[0].Captured++ }},
	"still reserved at the provider":    {"as-the-provider", func(c *Case) { c.Charges[0].Held = 1 }},
	"unknown to the provider":           {"as-the-provider", func(c *Case) { c.Charges = nil }},
	"unknown to the shop":               {"as-the-provider", func(c *Case) { c.Payments[0].Reference = nil }},
	"a hold that is open":               {"order-holds-its-goods", func(c *Case) { c.Holds[0].State = open }},
	"no hold":                           {"order-holds-its-goods", func(c *Case) { c.Holds = nil }},
	"fewer goods":                       {"order-holds-its-goods", func(c *Case) { c.Holds[0].Lines = c.Holds[0].Lines[:1] }},
	"goods sold to nobody":              {"hold-has-an-order", func(c *Case) { other := uuid.New(); c.Holds[0].Order = &other }},
	"goods held for nobody":             {"hold-has-an-order", func(c *Case) { c.Orders, c.Holds[0].State, c.Holds[0].Order = nil, open, nil }},
	"coupons that are not redeemed":     {"coupons-as-ordered", func(c *Case) { c.Redemptions[0].State = reserved }},
	"no redemption":                     {"coupons-as-ordered", func(c *Case) { c.Redemptions = nil }},
	"another discount":                  {"coupons-as-ordered", func(c *Case) { c.Redemptions[0].Coupons = []Coupon{{"WELCOME", euro(101)}} }},
	"coupons that the order has not":    {"coupons-as-ordered", func(c *Case) { c.Orders[0].Redemptions = nil }},
	"no mail":                           {"order-confirmed", func(c *Case) { c.Mails = nil }},
	"two mails":                         {"order-confirmed", func(c *Case) { again := c.Mails[0]; again.ID = uuid.New(); c.Mails = append(c.Mails, again) }},
	"a mail about nothing":              {"order-confirmed", func(c *Case) { c.Mails[0].Order = uuid.New() }},
	"cancelled, and the money is kept":  {"cancelled-is-undone", func(c *Case) { *c = c.cancelled(); c.Payments[0].Refunded = euro(0) }},
	"cancelled, and the goods are gone": {"cancelled-is-undone", func(c *Case) { *c = c.cancelled(); c.Holds[0].State = committed }},
	"cancelled, and the coupon is used": {"cancelled-is-undone", func(c *Case) { *c = c.cancelled(); c.Redemptions[0].State = committed }},
	"a saga that is stuck":              {"saga-ends", func(c *Case) { c.Sagas[0].Stuck = []string{"auth"} }},
	"a saga that does not end":          {"saga-ends", func(c *Case) { c.Sagas[0].State = running }},
	"an order that is lost":             {"saga-ends", func(c *Case) { c.Orders = nil }},
	"an order of a saga undone":         {"saga-ends", func(c *Case) { c.Sagas[0].State = undone }},
	"an order that nobody placed":       {"saga-ends", func(c *Case) { c.Sagas = nil }},
}

// Each fault in one book is found, under the name of its rule, whatever the amount.
func TestEachFaultIsFoundByItsRule(t *testing.T) {
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				c := whole(rapid.Int64Range(100, money.Most-1).Draw(t, "total"))
				f.spoil(&c)
				if found := broken(Compare("s", c, after, policy)); !slices.Contains(found, f.rule) {
					t.Fatalf("found %v, want %s", found, f.rule)
				}
			})
		})
	}
}

// A rule that no fault breaks would never be seen to fail.
func TestEveryRuleHasAFault(t *testing.T) {
	broke := map[string]bool{"stock-is-its-ledger": true, "coupon-used-as-redeemed": true} // below
	for _, f := range faults {
		broke[f.rule] = true
	}
	for _, r := range Rules {
		if !broke[r.Name] || r.Says == "" || r.Mend == "" || (r.Case == nil && r.Stock == nil && r.Use == nil) {
			t.Errorf("%s has no fault, or does not say what it is", r.Name)
		}
	}
}

// What happens step by step, in whatever order the books hear of it, is no violation while it may be under way; what stays so is one.
func TestWhatIsUnderWayIsNoViolationUntilItsTimeIsOver(t *testing.T) {
	c := whole(2580)
	// The order was just placed: nobody has heard of it.
	c.Orders[0].State, c.Payments[0].Captured, c.Payments[0].Held, c.Mails = placed, euro(0), c.Payments[0].Authorized, nil
	c.Charges[0].Captured, c.Charges[0].Held = 0, c.Charges[0].Authorized
	c.Holds[0].State, c.Holds[0].Order, c.Redemptions[0].State, c.Redemptions[0].Order = open, nil, reserved, nil
	c.Sagas[0].State, c.Sagas[0].Order = running, nil
	for at, want := range map[time.Duration]bool{0: false, policy.Lag - time.Nanosecond: false, policy.Lag: true} {
		v := Compare("s", c, noon.Add(at), policy)
		if (len(v.Violations) > 0) != want {
			t.Errorf("after %s: %v", at, v.Violations)
		}
		if !want && !v.Due.Equal(noon.Add(policy.Lag)) {
			t.Errorf("after %s it is compared again at %s", at, v.Due)
		}
	}
	found := broken(Compare("s", c, after, policy))
	for _, want := range []string{"order-captured", "order-holds-its-goods", "coupons-as-ordered", "order-confirmed", "saga-ends"} {
		if !slices.Contains(found, want) {
			t.Errorf("found %v, and not %s", found, want)
		}
	}
}

// At whatever moment it is looked at, a case that does not balance is either a violation or due later: none is forgotten.
func TestWhatDoesNotBalanceIsNeverForgotten(t *testing.T) {
	names := make([]string, 0, len(faults))
	for name := range faults {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(t *rapid.T) {
		c := whole(2580)
		faults[rapid.SampledFrom(names).Draw(t, "fault")].spoil(&c)
		at := noon.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "later")))
		v := Compare("s", c, at, policy)
		if len(v.Violations) == 0 && !v.Due.After(at) {
			t.Fatalf("no violation, and due at %s", v.Due)
		}
	})
}

func TestWhatIsFoundAgainIsTheSameViolation(t *testing.T) {
	c := whole(2580)
	faults["a cent more at the provider"].spoil(&c)
	first, again := Compare("s", c, after, policy), Compare("s", c, after.Add(time.Hour), policy)
	if len(first.Violations) == 0 || !slices.Equal(first.Violations, again.Violations) {
		t.Errorf("%v, then %v", first.Violations, again.Violations)
	}
	c.Charges[0].Captured++ // what staff accepted was another amount
	if more := Compare("s", c, after, policy); more.Violations[0].ID == first.Violations[0].ID {
		t.Error("another amount is the same violation")
	}
}

// Products: on hand and reserved are the sums of movements and holds, and neither goes where it cannot be.
func TestStockIsItsLedger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hand := rapid.Int64Range(0, 1000).Draw(t, "on hand")
		s := Stock{SKU: "KIT-1001", OnHand: hand, Moved: hand}
		s.Reserved = rapid.Int64Range(0, hand).Draw(t, "reserved")
		s.Held = s.Reserved
		if v := CompareStock(s, noon, policy); len(v.Violations) != 0 {
			t.Fatalf("%+v: %v", s, v.Violations)
		}
		switch rapid.IntRange(0, 3).Draw(t, "fault") {
		case 0:
			s.Moved += rapid.SampledFrom([]int64{-1, 1}).Draw(t, "off")
		case 1:
			s.Held += rapid.SampledFrom([]int64{-1, 1}).Draw(t, "off")
		case 2:
			s.OnHand, s.Moved = -1, -1
		case 3:
			s.Reserved, s.Held = hand+1, hand+1
		}
		if found := broken(CompareStock(s, noon, policy)); !slices.Equal(found, []string{"stock-is-its-ledger"}) {
			t.Fatalf("%+v: %v", s, found)
		}
	})
	free := Stock{SKU: "MADE", OnHand: -5, Moved: -5, Unlimited: true}
	short := Stock{SKU: "KIT-1001", OnHand: 2, Moved: 2, Reserved: 3, Held: 3, Short: 1}
	for _, s := range []Stock{free, short} {
		if v := CompareStock(s, noon, policy); len(v.Violations) != 0 {
			t.Errorf("%+v: %v", s, v.Violations)
		}
	}
}

func TestACouponIsUsedAsItIsRedeemed(t *testing.T) {
	once := int64(1)
	for name, c := range map[string]struct {
		use  Use
		want int
	}{
		"as often":          {Use{Code: "A", Used: 3, Redeemed: 3}, 0},
		"once of once":      {Use{Code: "A", Used: 1, Redeemed: 1, Uses: &once}, 0},
		"more than it says": {Use{Code: "A", Used: 1, Redeemed: 2}, 1},
		"less than it says": {Use{Code: "A", Used: 2, Redeemed: 1}, 1},
		"twice of once":     {Use{Code: "A", Used: 2, Redeemed: 2, Uses: &once}, 1},
	} {
		if v := CompareUse(c.use, noon, policy); len(v.Violations) != c.want || c.want > 0 && v.Violations[0].Rule != "coupon-used-as-redeemed" {
			t.Errorf("%s: %v", name, v.Violations)
		}
	}
}
