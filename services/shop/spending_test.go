package shop

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
)

// regular is a customer with a token of auth, in the whole shop.
type regular struct {
	t         *testing.T
	s         *Shop
	me, staff string
}

func (c regular) ask(method, path, body, as string, into any) int {
	c.t.Helper()
	res, text := ask(c.t, method, c.s.URL()+path, body, "Authorization", "Bearer "+as, "Idempotency-Key", uuid.NewString())
	if res.StatusCode/100 == 2 && into != nil {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			c.t.Fatalf("%s: %s: %v", path, text, err)
		}
	}
	if res.StatusCode/100 != 2 {
		c.t.Logf("%s %s: %d %s", method, path, res.StatusCode, text)
	}
	return res.StatusCode
}

type sum struct{ Amount, Currency string }

// spends quotes two of a product with points or cards and orders it; card is the provider's, empty where nothing is left to pay.
func (c regular) spends(more, card string) (quoted struct {
	ID, Hash   string
	Total, Tax sum
	Due        *sum
}, made placed) {
	c.t.Helper()
	var cart struct{ ID string }
	res, text := ask(c.t, "POST", c.s.URL()+"/api/cart", "{}", "Idempotency-Key", uuid.NewString())
	if err := json.Unmarshal([]byte(text), &cart); err != nil {
		c.t.Fatal(text, err)
	}
	if res, text := ask(c.t, "PUT", c.s.URL()+"/api/cart/"+cart.ID+"/items/KIT-1001", `{"quantity":2}`, "If-Match", res.Header.Get("ETag")); res.StatusCode != 200 {
		c.t.Fatalf("filling a cart: %d %s", res.StatusCode, text)
	}
	if code := c.ask("POST", "/api/checkout/quotes", fmt.Sprintf(`{"cart":%q,"country":"DE"%s}`, cart.ID, more), c.me, &quoted); code != 201 {
		c.t.Fatalf("the quote: %d", code)
	}
	code := c.ask("POST", "/api/checkout/orders", fmt.Sprintf(`{"quote":%q,"hash":%q%s,"email":"regular@example.org","locale":"en",
		"address":{"name":"Ann","street":"Main Street 1","postcode":"10115","city":"Berlin","country":"DE"}}`, quoted.ID, quoted.Hash, card), c.me, &made)
	if code != 201 {
		c.t.Fatalf("the order: %d", code)
	}
	return quoted, made
}

func (c regular) onCard(id string) string {
	c.t.Helper()
	var card struct{ Balance sum }
	c.ask("GET", "/api/loyalty/cards/"+id, "", c.staff, &card)
	return card.Balance.Amount
}

func (c regular) points() (n int64) {
	c.t.Helper()
	var account struct{ Available int64 }
	c.ask("GET", "/api/loyalty/account", "", c.me, &account)
	return account.Available
}

func (c regular) state(order string) string {
	c.t.Helper()
	var o struct{ State string }
	c.ask("GET", "/api/orders/"+order, "", c.me, &o)
	return o.State
}

// C44, C45 in the whole shop: points take off before tax; a card pays a part, and the provider the rest; another order is paid by a card alone,
// without a payment; cancelled, each gives back what it took, and the books balance.
func TestC44C45PointsAndCardsPayOrdersOfTheWholeShop(t *testing.T) {
	l := keepBooks(t)
	s := l.Shop
	c := regular{t: t, s: s}
	id := uuid.NewString()
	for kind, into := range map[string]*string{"customer": &c.me, "staff": &c.staff} {
		scope := map[string]string{"staff": "loyalty:read loyalty:write orders:read orders:write payments:read payments:write returns:read returns:write"}[kind]
		token, err := s.Token(kind, id, scope, 10*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		*into = token
	}
	if code := c.ask("POST", "/api/loyalty/staff/customers/"+id+"/corrections", `{"points":500,"reason":"a present"}`, c.staff, nil); code != 200 {
		t.Fatalf("giving points: %d", code)
	}
	var small, large giftCard
	c.ask("POST", "/api/loyalty/cards", `{"amount":{"amount":"10.00","currency":"EUR"}}`, c.staff, &small)
	c.ask("POST", "/api/loyalty/cards", `{"amount":{"amount":"500.00","currency":"EUR"}}`, c.staff, &large)

	plain, _ := c.spends("", `,"card":"tok_visa"`)
	eventually(t, "the plain order earned points", func() bool { return c.points() > 500 })
	earned := c.points() - 500
	// An order earns some 60 points as soon as it is paid, which may be before the next line.
	part, first := c.spends(fmt.Sprintf(`,"points":500,"cards":[%q]`, small.Code), `,"card":"tok_visa"`)
	if part.Due == nil || minor(t, plain.Total)-minor(t, part.Total) != 500 || minor(t, part.Total)-minor(t, *part.Due) != 1000 || c.points() >= 500 || c.onCard(small.ID) != "0.00" {
		t.Errorf("%+v, without them %+v; %d points and %s are left", part, plain, c.points(), c.onCard(small.ID))
	}
	eventually(t, "the order is paid", func() bool { return c.state(first.Order) == "paid" })

	all, second := c.spends(fmt.Sprintf(`,"cards":[%q]`, large.Code), "")
	if all.Total != plain.Total || all.Tax != plain.Tax || all.Due == nil || minor(t, *all.Due) != 0 || c.state(second.Order) != "paid" {
		t.Errorf("%+v, without the card %+v; it is %s", all, plain, c.state(second.Order))
	}
	for _, o := range []placed{first, second} {
		if code := c.ask("POST", "/api/orders/"+o.Order+"/cancellations", "", c.me, nil); code != 201 {
			t.Errorf("cancelling: %d", code)
		}
	}
	eventually(t, "points and cards are back, beside the points that the plain order earned", func() bool {
		return c.points() == 500+earned && c.onCard(small.ID) == "10.00" && c.onCard(large.ID) == "500.00"
	})
	l.balances("after points, cards and cancellations")
	c.refundsToCards(small, large)
	l.balances("after refunds and returns of what gift cards paid")
}

type giftCard struct{ ID, Code string }

// refundsToCards orders once more with each card and gives the money back by hand: of what a card pays a part of, the provider's part first, and
// all that a card pays in full. Of a third order, which left, the goods come back.
func (c regular) refundsToCards(small, large giftCard) {
	c.t.Helper()
	refund := func(payment, amount string, want int) {
		c.t.Helper()
		if code := c.ask("POST", "/api/payments/"+payment+"/refunds", `{"amount":{"amount":"`+amount+`","currency":"EUR"}}`, c.staff, nil); code != want {
			c.t.Errorf("refunding %s: %d, want %d", amount, code, want)
		}
	}
	part, first := c.spends(fmt.Sprintf(`,"cards":[%q]`, small.Code), `,"card":"tok_visa"`)
	eventually(c.t, "the order is paid", func() bool { return c.state(first.Order) == "paid" })
	var known struct{ Payment string }
	c.ask("GET", "/api/orders/staff/"+first.Order, "", c.staff, &known)
	eventually(c.t, "the payment is captured", func() bool {
		var p struct{ Captured sum }
		c.ask("GET", "/api/payments/"+known.Payment, "", c.staff, &p)
		return p.Captured == *part.Due
	})
	refund(known.Payment, euros(minor(c.t, *part.Due)+250), 201)
	eventually(c.t, "the card has what is beyond the provider's part", func() bool { return c.onCard(small.ID) == "2.50" })
	refund(known.Payment, "7.51", 409)
	refund(known.Payment, "7.50", 201)

	all, second := c.spends(fmt.Sprintf(`,"cards":[%q]`, large.Code), "")
	eventually(c.t, "payments knows what gift cards pay", func() bool { return c.ask("GET", "/api/payments/"+second.Order, "", c.staff, nil) == 200 })
	refund(second.Order, "0.01", 201)
	refund(second.Order, euros(minor(c.t, all.Total)-1), 201)
	eventually(c.t, "each card has all that it paid, and the orders say so", func() bool {
		return c.onCard(small.ID) == "10.00" && c.onCard(large.ID) == "500.00" && c.back(first.Order) == "10.00" && c.back(second.Order) == all.Total.Amount
	})
	c.returnsByCard(large)
}

// returnsByCard orders by a card alone, and sends the goods back: the card has all of it again.
func (c regular) returnsByCard(card giftCard) {
	c.t.Helper()
	all, made := c.spends(fmt.Sprintf(`,"cards":[%q]`, card.Code), "")
	if code := c.ask("POST", "/api/orders/"+made.Order+"/shipments", `{"carrier":"DHL","tracking":"1Z"}`, c.staff, nil); code != 201 {
		c.t.Errorf("sending: %d", code)
	}
	var back struct{ ID string }
	eventually(c.t, "a return is noted", func() bool {
		return c.ask("POST", "/api/returns/staff", fmt.Sprintf(`{"order":%q,"lines":[{"line":1,"quantity":2}]}`, made.Order), c.staff, &back) == 201
	})
	if code := c.ask("POST", "/api/returns/staff/"+back.ID+"/acceptances", `{"lines":[{"line":1,"sellable":2}]}`, c.staff, nil); code != 201 {
		c.t.Errorf("accepting: %d", code)
	}
	eventually(c.t, "the card has all of it again, and the order says so", func() bool {
		return c.onCard(card.ID) == "500.00" && c.back(made.Order) == all.Total.Amount
	})
}

// back is what an order says that gift cards have again.
func (c regular) back(order string) string {
	c.t.Helper()
	var o struct{ Spent struct{ Back sum } }
	c.ask("GET", "/api/orders/"+order, "", c.me, &o)
	return o.Spent.Back.Amount
}

// euros is an amount as a person writes it.
func euros(minor int) string { return fmt.Sprintf("%d.%02d", minor/100, minor%100) }

func minor(t *testing.T, s sum) (n int) {
	t.Helper()
	var euros, cents int
	if _, err := fmt.Sscanf(s.Amount, "%d.%d", &euros, &cents); err != nil {
		t.Fatal(s, err)
	}
	return 100*euros + cents
}
