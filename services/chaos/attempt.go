package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// amount is money on the wire.
type amount struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// quoted is what is read of a quote.
type quoted struct {
	ID    string `json:"id"`
	Hash  string `json:"hash"`
	Total amount `json:"total"`
	Lines []struct {
		SKU      string `json:"sku"`
		Quantity int64  `json:"quantity"`
	} `json:"lines"`
}

// outcome is what a customer was told in the end.
type outcome string

const (
	nobodyKnows outcome = "unanswered"
	placed      outcome = "placed"
	refused     outcome = "refused"
)

// attempt is one try to order, with all that its customer knows of it.
type attempt struct {
	email string
	cart  string
	quote quoted
	key   string
	card  string
	code  string
	// shown is the Authorization of a customer who is signed in; empty: of a guest.
	shown string
	// asked says that the order was asked for at least once.
	asked   bool
	outcome outcome
	// why is the kind of the refusal.
	why                  string
	order, number, token string
	// cancelled says that a cancellation was asked for, and cancels what was answered.
	cancelled bool
	cancels   outcome
	took      time.Duration
	// impatient customers do not ask again before the shop is quiet.
	impatient bool
	double    bool
}

// fill makes a cart with lines, whatever answers are lost. A PUT has no key, so the cart is read to see what became of it.
func (c *customers) fill(ctx context.Context, t *attempt, want map[string]int64) bool {
	made := c.insist(ctx, request{who: t.email, method: http.MethodPost, path: "/api/cart", key: uuid.NewString(), body: struct{}{}})
	var cart struct {
		ID string `json:"id"`
	}
	if made.status != http.StatusCreated || json.Unmarshal(made.body, &cart) != nil {
		return c.unexpected(ctx, t, "making a cart", made)
	}
	t.cart = cart.ID
	for sku, quantity := range want {
		for {
			now := c.insist(ctx, request{who: t.email, method: http.MethodGet, path: "/api/cart/" + t.cart})
			if now.status != http.StatusOK {
				return c.unexpected(ctx, t, "reading a cart", now)
			}
			put := c.insist(ctx, request{who: t.email, method: http.MethodPut, path: "/api/cart/" + t.cart + "/items/" + sku,
				body: map[string]int64{"quantity": quantity}, header: map[string]string{"If-Match": now.tag}})
			if put.status == http.StatusOK {
				break
			}
			if put.status != http.StatusPreconditionFailed {
				return c.unexpected(ctx, t, "filling a cart", put)
			}
		}
	}
	return true
}

// unexpected notes an answer that no kill explains. It returns false.
func (c *customers) unexpected(ctx context.Context, t *attempt, doing string, a answer) bool {
	if ctx.Err() == nil {
		c.journal.fault("an answer that nothing explains", fmt.Sprintf("%s: %s: %d %.300s", t.email, doing, a.status, a.body))
	}
	return false
}

// ask gets a quote. A coupon that is used up is left out, as a customer would.
func (c *customers) ask(ctx context.Context, t *attempt) bool {
	for {
		body := map[string]any{"cart": t.cart, "country": "DE", "email": t.email}
		if t.code != "" {
			body["coupons"] = []string{t.code}
		}
		got := c.insist(ctx, request{who: t.email, method: http.MethodPost, path: "/api/checkout/quotes", key: uuid.NewString(), body: body, header: t.header()})
		switch {
		case got.status == http.StatusCreated && json.Unmarshal(got.body, &t.quote) == nil:
			return true
		case got.status == http.StatusUnprocessableEntity && t.code != "":
			t.code = ""
		default:
			return c.unexpected(ctx, t, "asking what it costs", got)
		}
	}
}

// order is the request for the order; it is the same whenever it is sent.
func (t *attempt) request() request {
	return request{who: t.email, method: http.MethodPost, path: "/api/checkout/orders", key: t.key, header: t.header(), body: map[string]any{
		"quote": t.quote.ID, "hash": t.quote.Hash, "card": t.card, "email": t.email, "locale": "de",
		"address": map[string]string{"name": "Kim Chaos", "street": "Weg 1", "postcode": "10115", "city": "Berlin", "country": "DE"},
	}}
}

// header shows who orders.
func (t *attempt) header() map[string]string {
	if t.shown == "" {
		return nil
	}
	return map[string]string{"Authorization": t.shown}
}

// place orders, until the shop has decided or, for who is impatient, one answer came.
func (c *customers) place(ctx context.Context, t *attempt) {
	began := time.Now()
	t.asked = true
	if t.double {
		go c.once(ctx, t.request()) // a double click: what it is answered is compared by its effect
	}
	send := c.insist
	if t.impatient {
		send = c.once
	}
	got := send(ctx, t.request())
	if t.hears(got) {
		t.took = time.Since(began)
	}
	if got.final() && t.outcome == nobodyKnows {
		c.unexpected(ctx, t, "ordering", got)
	}
}

// refusals are what an order may be refused with.
var refusals = map[string]bool{"quote-changed": true, "sold-out": true, "payment-declined": true, "conflict": true}

// hears takes an answer to the order, and tells whether it decides.
func (t *attempt) hears(got answer) bool {
	var made struct {
		Order, Number, Token string
		Total                amount
	}
	switch {
	case got.status == http.StatusCreated && json.Unmarshal(got.body, &made) == nil && made.Total == t.quote.Total:
		t.outcome, t.order, t.number, t.token = placed, made.Order, made.Number, made.Token
	case got.status == http.StatusConflict && refusals[got.kind()]:
		t.outcome, t.why = refused, got.kind()
	default:
		return false
	}
	return true
}

// cancel asks for the end of an order.
func (c *customers) cancel(ctx context.Context, t *attempt) {
	t.cancelled, t.cancels = true, nobodyKnows
	key := uuid.NewString()
	got := c.insist(ctx, request{who: t.email, method: http.MethodPost, path: "/api/orders/" + t.order + "/cancellations", key: key, header: map[string]string{"X-Order-Token": t.token}})
	switch got.status {
	case http.StatusCreated:
		t.cancels = placed
	case http.StatusConflict:
		t.cancels = refused
	default:
		c.unexpected(ctx, t, "cancelling", got)
	}
}
