package books

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Case is all that the shop wrote of one checkout, in whichever book.
type Case struct {
	Orders      []Order
	Payments    []Payment
	Charges     []Charge
	Holds       []Hold
	Redemptions []Redemption
	Mails       []Mail
	Sagas       []Saga
}

// order is the case's order by its id.
func (c Case) order(id uuid.UUID) *Order {
	for n := range c.Orders {
		if c.Orders[n].ID == id {
			return &c.Orders[n]
		}
	}
	return nil
}

// payment is what the shop knows of an order's money. What gift cards pay in full has a payment of the order's own id.
func (c Case) payment(o Order) *Payment {
	for n := range c.Payments {
		if id := c.Payments[n].ID; o.Payment != nil && id == *o.Payment || o.Payment == nil && id == o.ID {
			return &c.Payments[n]
		}
	}
	return nil
}

// charge is what the provider knows of a payment.
func (c Case) charge(p Payment) *Charge {
	for n := range c.Charges {
		if p.Reference != nil && c.Charges[n].ID.String() == *p.Reference {
			return &c.Charges[n]
		}
	}
	return nil
}

// hold is an order's.
func (c Case) hold(o Order) *Hold {
	for n := range c.Holds {
		if c.Holds[n].ID == o.Hold {
			return &c.Holds[n]
		}
	}
	return nil
}

// Patience says how long what does not balance may be under way.
type Patience int

const (
	// None is for what is wrong in whatever order things happen.
	None Patience = iota
	// Skew is for what two services wrote one after the other: two books are never read at one moment.
	Skew
	// Lag is for what follows by an event, or by a worker that tries again.
	Lag
)

// Policy is how long each patience is.
type Policy struct{ Skew, Lag time.Duration }

func (p Policy) of(k Patience) time.Duration {
	switch k {
	case Skew:
		return p.Skew
	case Lag:
		return p.Lag
	case None:
	}
	return 0
}

// Finding is what a rule does not find balanced.
type Finding struct {
	// Object is what it is about, as staff call it: order ACME-100001.
	Object string
	// Detail says what there is, and what there should be. The same finding has the same detail every time.
	Detail string
	// Since is when it could have begun, and Patience how long it may take from then on.
	Since    time.Time
	Patience Patience
}

// Violation is a finding whose time is over.
type Violation struct {
	ID uuid.UUID
	// Rule is its name, Subject what was compared.
	Rule, Subject, Object, Detail string
}

// space makes the ids of violations.
var space = uuid.MustParse("0198c9a5-0000-7000-8000-0000000b0075")

func (f Finding) violation(rule, subject string) Violation {
	id := uuid.NewSHA1(space, []byte(strings.Join([]string{rule, subject, f.Object, f.Detail}, "\x00")))
	return Violation{id, rule, subject, f.Object, f.Detail}
}

// Verdict is what comparing said: what does not balance, and when to compare again
// what is still under way; zero where nothing is.
type Verdict struct {
	Violations []Violation
	Due        time.Time
}

// Compare holds what was read of one checkout against every rule.
func Compare(subject string, c Case, now time.Time, p Policy) Verdict {
	return judge(subject, now, p, func(r Rule) []Finding {
		if r.Case == nil {
			return nil
		}
		return r.Case(c)
	})
}

// CompareStock and CompareUse do so with a product and a coupon.
func CompareStock(s Stock, now time.Time, p Policy) Verdict {
	return judge(StockSubject(s.SKU), now, p, func(r Rule) []Finding {
		if r.Stock == nil {
			return nil
		}
		return r.Stock(s)
	})
}

// CompareUse holds a coupon against every rule about coupons.
func CompareUse(u Use, now time.Time, p Policy) Verdict {
	return judge(UseSubject(u.Code), now, p, func(r Rule) []Finding {
		if r.Use == nil {
			return nil
		}
		return r.Use(u)
	})
}

// StockSubject and UseSubject name what is no checkout.
func StockSubject(sku string) string { return "product " + sku }

// UseSubject names a coupon.
func UseSubject(code string) string { return "coupon " + code }

func judge(subject string, now time.Time, p Policy, finds func(Rule) []Finding) (v Verdict) {
	for _, r := range Rules {
		for _, f := range finds(r) {
			end := f.Since.Add(p.of(f.Patience))
			if f.Patience == None || !now.Before(end) {
				v.Violations = append(v.Violations, f.violation(r.Name, subject))
			} else if v.Due.IsZero() || end.Before(v.Due) {
				v.Due = end
			}
		}
	}
	return v
}

// later is the last of some moments.
func later(at ...time.Time) time.Time { return slices.MaxFunc(at, time.Time.Compare) }
