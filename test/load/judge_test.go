package load

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// bought is a confirmed purchase by a key that is also the order's id.
func bought(key string) Purchase {
	return Purchase{Key: key, Email: emailOf(key), SKU: "one", Outcome: Confirmed, Order: key, QuotedBy: "a", OrderedBy: "a", Intended: at(0), Sent: at(10), Done: at(30)}
}

func so(p Purchase, change func(*Purchase)) Purchase {
	change(&p)
	return p
}

func refused(p *Purchase) { p.Outcome, p.Order, p.Why = Refused, "", "sold-out" }
func inDoubt(p *Purchase) { p.Outcome, p.Order, p.Why = InDoubt, "", "status 503" }

// there is an order as the list of staff has it, and beside it one of which nobody was told.
func there(id string) Placed           { return Placed{ID: id, State: "paid"} }
func beside(id, key string) Placed     { return Placed{ID: id, State: "paid", Email: emailOf(key)} }
func cancelled(o Placed) Placed        { o.State = "cancelled"; return o }
func stock(units int) map[string]int   { return map[string]int{"one": units} }
func yes() *bool                       { b := true; return &b }
func no() *bool                        { b := false; return &b }
func placed(all ...Placed) Found       { return Found{Orders: all} }
func those(all ...Purchase) []Purchase { return all }

func TestJudge(t *testing.T) {
	cases := map[string]struct {
		purchases []Purchase
		found     Found
		want      Verdict
	}{
		"nothing was bought": {},
		"a confirmed order is there": {
			those(bought("k1")), placed(there("k1")), Verdict{Orders: 1}},
		"quoted by one release and ordered from another it is across": {
			those(so(bought("k1"), func(p *Purchase) { p.OrderedBy = "b" })), placed(there("k1")), Verdict{Orders: 1, OrdersAcross: 1}},
		"a confirmed order that is not there is lost": {
			those(bought("k1"), bought("k2")), placed(there("k2")), Verdict{Orders: 2, OrdersLost: 1}},
		"a confirmed order that somebody cancelled is lost": {
			those(bought("k1")), placed(cancelled(there("k1"))), Verdict{Orders: 1, OrdersLost: 1}},
		"an order that was given to two customers is lost to one": {
			those(bought("k1"), so(bought("k2"), func(p *Purchase) { p.Order = "k1" })), placed(there("k1")), Verdict{Orders: 2, OrdersLost: 1}},
		"a second order for one key is charged twice": {
			those(bought("k1")), placed(there("k1"), beside("x", "k1")), Verdict{Orders: 1, ChargedTwice: 1}},
		"two orders for a purchase in doubt are charged twice": {
			those(so(bought("k1"), inDoubt)), placed(beside("x", "k1"), beside("y", "k1")), Verdict{InDoubt: 1, OrdersInDoubt: 1, ChargedTwice: 1}},
		"what was refused has no order": {
			those(so(bought("k1"), refused)), Found{}, Verdict{}},
		"an order of a refused purchase is unasked": {
			those(so(bought("k1"), refused)), placed(beside("x", "k1")), Verdict{OrdersUnasked: 1}},
		"an order of a refused purchase that was cancelled is not": {
			those(so(bought("k1"), refused)), placed(cancelled(beside("x", "k1"))), Verdict{}},
		"a purchase in doubt may have an order": {
			those(so(bought("k1"), inDoubt), so(bought("k2"), inDoubt)), placed(beside("x", "k1")), Verdict{InDoubt: 2, OrdersInDoubt: 1}},
		"other people's orders are not ours": {
			those(bought("k1")), placed(there("k1"), Placed{ID: "x", State: "paid", Email: "anna@example.org"}, beside("y", "k9")), Verdict{Orders: 1}},
		"the last unit is sold": {
			those(bought("k1")), Found{Orders: []Placed{there("k1")}, Stock: stock(1)}, Verdict{Orders: 1}},
		"a unit more than there was is oversold": {
			those(bought("k1"), bought("k2")), Found{Orders: []Placed{there("k1"), there("k2")}, Stock: stock(1)}, Verdict{Orders: 2, Oversold: 1}},
		"so it is when nobody was told of it": {
			those(bought("k1"), so(bought("k2"), inDoubt)), Found{Orders: []Placed{there("k1"), beside("x", "k2")}, Stock: stock(1)}, Verdict{Orders: 1, InDoubt: 1, OrdersInDoubt: 1, Oversold: 1}},
		"what never runs out is never oversold": {
			those(bought("k1")), Found{Orders: []Placed{there("k1")}, Stock: map[string]int{"two": 0}}, Verdict{Orders: 1}},
		"books that balance": {
			those(bought("k1")), Found{Orders: []Placed{there("k1")}, Books: &Books{Balanced: true}}, Verdict{Orders: 1, BooksBalanced: yes()}},
		"books that say that something was charged twice": {
			those(bought("k1")), Found{Orders: []Placed{there("k1")}, Books: &Books{ChargedTwice: 1}}, Verdict{Orders: 1, ChargedTwice: 1, BooksBalanced: no()}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Judge(c.purchases, c.found), cmpopts.IgnoreFields(Verdict{}, "Examples")); diff != "" {
				t.Errorf("want - / got +:\n%s", diff)
			}
		})
	}
}

func TestWhatMustNotBeIsNamed(t *testing.T) {
	if broken := (Verdict{Orders: 3, InDoubt: 1, BooksBalanced: yes()}).Broken(); broken != nil {
		t.Errorf("all is well, and broken are %v", broken)
	}
	bad := Verdict{OrdersLost: 1, OrdersUnasked: 1, Oversold: 1, ChargedTwice: 1, BooksBalanced: no()}
	if diff := cmp.Diff([]string{"ordersLost", "ordersUnasked", "oversold", "chargedTwice", "booksBalanced"}, bad.Broken()); diff != "" {
		t.Error(diff)
	}
}
