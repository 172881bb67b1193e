package load

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// Outcome is what a customer knows of a purchase when he goes.
type Outcome string

// The outcomes. A purchase that got no quote has none: nothing was asked that could be lost.
const (
	Confirmed Outcome = "confirmed" // 201
	Refused   Outcome = "refused"   // the shop said no, and that nothing was charged
	InDoubt   Outcome = "inDoubt"   // his patience ended before there was an answer
	Failed    Outcome = "failed"    // the shop answered what it must not
)

// Purchase is what a customer remembers of one order that he asked for, by one key.
type Purchase struct {
	// Key is the Idempotency-Key, and Email is of this purchase alone: so its order is known again.
	Key, Email string
	SKU        string
	// Intended is when the visit was due, Sent when the order was asked for first, Done when its outcome was known.
	Intended, Sent, Done time.Time
	// QuotedBy and OrderedBy are the releases that answered.
	QuotedBy, OrderedBy string
	Tries               int
	Outcome             Outcome
	// Why says what was refused or went wrong.
	Why string
	// Order is the id of a confirmed one.
	Order string
}

// Across tells whether the order began on one stack and ended on another.
func (p Purchase) Across() bool { return p.Outcome == Confirmed && p.QuotedBy != p.OrderedBy }

// quote is what must be sent back with an order.
type quote struct{ ID, Hash string }

type address struct {
	Name     string `json:"name"`
	Street   string `json:"street"`
	Postcode string `json:"postcode"`
	City     string `json:"city"`
	Country  string `json:"country"`
}

// where is where all customers live.
var where = address{"Ada Load", "Lange Zeile 1", "10115", "Berlin", "DE"}

// Basket is an offer that a customer has looked at and not yet taken.
type Basket struct {
	customer *customer
	quote    quote
	purchase Purchase
}

// buy is a whole purchase.
func (c *customer) buy(ctx context.Context, intended time.Time) {
	if b, err := c.offer(ctx, intended); err == nil {
		b.order(ctx)
	}
}

// offer fills a cart and asks what it costs.
func (c *customer) offer(ctx context.Context, intended time.Time) (b Basket, err error) {
	b = Basket{customer: c, purchase: Purchase{Intended: intended, SKU: c.wants()}}
	cart, err := c.fill(ctx)
	if err != nil {
		return b, err
	}
	header, err := c.make(ctx, "quote", "/api/checkout/quotes", map[string]string{"cart": cart, "country": where.Country, "postcode": where.Postcode}, &b.quote)
	b.purchase.QuotedBy = header.Get(frontdoor.HeaderRelease)
	return b, err
}

// order asks for the order until it is known what became of it. What one answer decides is verdict's business.
func (b Basket) order(ctx context.Context) {
	c, p := b.customer, b.purchase
	p.Key = uuid.NewString()
	p.Email = emailOf(p.Key)
	p.Sent = c.due
	s := b.request(p)
	for {
		p.Tries++
		got, err := c.ask(ctx, order, s)
		said := verdict(got, err)
		p.Outcome, p.Why, p.Order, p.Done = said.outcome, said.why, said.order, c.due
		if err == nil {
			p.OrderedBy = got.header.Get(frontdoor.HeaderRelease)
		}
		again := c.due.Add(said.again)
		if said.outcome != InDoubt || again.After(p.Sent.Add(c.g.options.Visits.Patience)) || !wait(ctx, again) {
			break
		}
		c.due = again // what he waits by himself is in the purchase's time, and not in the request's
	}
	c.g.remember(p)
}

// request is the same however often it is sent.
func (b Basket) request(p Purchase) spec {
	body, _ := json.Marshal(struct {
		Quote   string  `json:"quote"`
		Hash    string  `json:"hash"`
		Card    string  `json:"card"`
		Email   string  `json:"email"`
		Locale  string  `json:"locale"`
		Address address `json:"address"`
	}{b.quote.ID, b.quote.Hash, b.customer.g.options.Visits.Card, p.Email, "de", where}) // text only
	return spec{method: http.MethodPost, path: "/api/checkout/orders", body: string(body), key: p.Key}
}

func (g *Generator) remember(p Purchase) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.purchases = append(g.purchases, p)
}

// mailbox is where the confirmations of all purchases go: nobody reads them, and nobody else orders with them.
const mailbox = "@load.example.org"

func emailOf(key string) string { return key + mailbox }

// keyOf is the key of the purchase that a mail address belongs to; empty for others.
func keyOf(email string) string {
	key, _ := strings.CutSuffix(email, mailbox)
	if key == email {
		return ""
	}
	return key
}

// said is what one answer to an order means.
type said struct {
	outcome    Outcome
	why, order string
	// again is how long to wait before the same is sent again; only in doubt.
	again time.Duration
}

// atOnce is how long a customer waits after an answer that does not say.
const atOnce = time.Second

// verdict reads an answer to an order. No answer, 429 and 5xx decide nothing, and so does 409 while the same is in flight.
func verdict(got answer, err error) said {
	if err != nil {
		return said{outcome: InDoubt, why: err.Error(), again: atOnce}
	}
	var body struct{ Order, Type string }
	unreadable := json.Unmarshal(got.body, &body)
	kind := body.Type[strings.LastIndexByte(body.Type, ':')+1:]
	switch {
	case got.status == http.StatusCreated && unreadable == nil && body.Order != "":
		return said{outcome: Confirmed, order: body.Order}
	case got.status >= 500, got.status == http.StatusTooManyRequests, kind == "idempotency-in-flight":
		return said{outcome: InDoubt, why: "status " + strconv.Itoa(got.status), again: retryAfter(got.header)}
	case got.status == http.StatusConflict && kind != "":
		return said{outcome: Refused, why: kind}
	}
	return said{outcome: Failed, why: "status " + strconv.Itoa(got.status) + " " + kind}
}

func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return atOnce
	}
	return time.Duration(seconds) * time.Second
}
