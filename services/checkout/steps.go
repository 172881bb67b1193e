package checkout

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

const (
	// stepTime bounds the answer to a step, payTime to that of a payment: the bank is behind it.
	stepTime, payTime = 3 * time.Second, 8 * time.Second
	// holdFor is how long goods are held, from their hold or its renewal on.
	holdFor = 900
)

// Request is what the customer sent.
type Request struct {
	Customer string  `json:"customer,omitempty"`
	Email    string  `json:"email"`
	Locale   string  `json:"locale,omitempty"`
	Card     string  `json:"card,omitempty"`
	Address  Address `json:"address"`
}

// Address is where the goods go.
type Address struct {
	Name     string `json:"name" minLength:"1" maxLength:"200"`
	Street   string `json:"street" minLength:"1" maxLength:"200"`
	Postcode string `json:"postcode" maxLength:"20"`
	City     string `json:"city" minLength:"1" maxLength:"200"`
	Country  string `json:"country" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1" example:"DE"`
}

// attempt is a saga with what it is about.
type attempt struct {
	Saga
	request Request
	quote   Quote
	// order is what the pivot made.
	order *orderRef
}

type orderRef struct {
	ID     uuid.UUID `json:"id"`
	Number string    `json:"number"`
	Token  string    `json:"token"`
}

// call makes one call for an action, by its key, within its time.
func (o *others) call(ctx context.Context, a *attempt, do Action) Outcome {
	key := a.Key(do)
	switch do {
	case Action{Call, Hold}:
		return o.hold(ctx, a, key)
	case Action{Renew, Hold}:
		return made[idBody](ctx, o.inventory, "/internal/inventory/holds/"+a.Ref(Hold)+"/renewal", key, map[string]any{"ttlSeconds": holdFor}).renewed()
	case Action{Undo, Hold}:
		return made[idBody](ctx, o.inventory, "/internal/inventory/holds/"+a.Ref(Hold)+"/release", key, nil).undone()
	case Action{Call, Redeem}:
		return o.redeem(ctx, a, key)
	case Action{Undo, Redeem}:
		return made[idBody](ctx, o.promotions, "/internal/promotions/redemptions/"+a.Ref(Redeem)+"/release", key, nil).undone()
	case Action{Call, Spend}:
		return o.spend(ctx, a, key)
	case Action{Undo, Spend}:
		return o.unspend(ctx, a, key)
	case Action{Call, Authorize}:
		return o.authorize(ctx, a, key)
	case Action{Undo, Authorize}:
		return made[idBody](ctx, o.payments, "/internal/payments/payments/"+a.Ref(Authorize)+"/voids", key, nil).undone()
	case Action{Call, Place}:
		return o.place(ctx, a, key)
	}
	return o.refuse(ctx, a, key)
}

type idBody struct {
	ID string `json:"id"`
}

// reply is an answer of another service, with its outcome as far as all have it.
type reply[T any] struct {
	body T
	err  error
	Outcome
}

// made asks for an effect.
func made[T any](ctx context.Context, c *client.Client, path, key string, body any) reply[T] {
	timeout := stepTime
	if path == authorizations {
		timeout = payTime
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	out, _, err := client.Call[T](ctx, c, client.Request{Method: http.MethodPost, Path: path, Key: key, Body: body, Timeout: timeout})
	return reply[T]{out, err, outcomeOf(err)}
}

// outcomeOf tells what an error says of the effect. Only a refusal of what was asked for is one: who did not get so far, for want of
// a key or a place, may have done it at another try.
func outcomeOf(err error) Outcome {
	if err == nil {
		return Outcome{Answer: OK}
	}
	var refused *client.Error
	if !errors.As(err, &refused) {
		return Outcome{Answer: None}
	}
	switch refused.Status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity:
		return Outcome{Answer: No, Refusal: gaveUp}
	case http.StatusConflict:
		if refused.Problem.Type == problem.InFlight.Type() {
			return Outcome{Answer: None}
		}
		return Outcome{Answer: No, Refusal: Refusal{Kind: fault.ConflictKind, Detail: refused.Problem.Detail}}
	}
	return Outcome{Answer: None}
}

// undone makes 404 what it means there: nothing to undo.
func (r reply[T]) undone() Outcome {
	if client.Status(r.err) == http.StatusNotFound {
		return Outcome{Answer: Away}
	}
	return r.Outcome
}

// renewed makes a refusal what it means there: others have the goods.
func (r reply[T]) renewed() Outcome {
	if r.Answer == No {
		r.Refusal = Refusal{Kind: "sold-out", Detail: "It was sold to others meanwhile. Nothing was charged."}
	}
	return r.Outcome
}

// said is the refusal with what the other service told of it.
func (r reply[T]) said(kind fault.Kind, places bool) Outcome {
	var refused *client.Error
	if r.Answer == No && client.Status(r.err) == http.StatusConflict && errors.As(r.err, &refused) {
		r.Refusal = Refusal{Kind: kind, Detail: refused.Problem.Detail}
		for _, f := range refused.Problem.Errors {
			if places {
				r.Refusal.Fields = append(r.Refusal.Fields, fault.Field(f))
			}
		}
	}
	return r.Outcome
}

func (o *others) hold(ctx context.Context, a *attempt, key string) Outcome {
	type line struct {
		SKU      string `json:"sku"`
		Quantity int    `json:"quantity"`
	}
	var lines []line
	for _, l := range a.quote.Lines {
		lines = append(lines, line{l.SKU, l.Quantity})
	}
	r := made[idBody](ctx, o.inventory, "/internal/inventory/holds", key, map[string]any{"saga": a.ID, "lines": lines, "ttlSeconds": holdFor})
	r.Ref = r.body.ID
	return r.said("sold-out", true)
}

func (o *others) redeem(ctx context.Context, a *attempt, key string) Outcome {
	type coupon struct {
		Code   string      `json:"code"`
		Amount money.Money `json:"amount"`
	}
	var coupons []coupon
	for _, c := range a.quote.redeemed() {
		coupons = append(coupons, coupon{c.Code, c.Amount})
	}
	body := map[string]any{"saga": a.ID, "email": a.request.Email, "coupons": coupons}
	if a.request.Customer != "" {
		body["customer"] = a.request.Customer
	}
	r := made[idBody](ctx, o.promotions, "/internal/promotions/redemptions", key, body)
	r.Ref = r.body.ID
	out := r.said("quote-changed", false)
	if out.Answer == No {
		out.Refusal = Refusal{Kind: "quote-changed", Detail: "A coupon is not valid any more. Nothing was charged."}
	}
	return out
}

const authorizations = "/internal/payments/authorizations"

// authorize asks for all that is due. What the provider says of another amount is no payment of this order (C21).
func (o *others) authorize(ctx context.Context, a *attempt, key string) Outcome {
	type payment struct {
		ID     string      `json:"id"`
		Amount money.Money `json:"amount"`
	}
	r := made[payment](ctx, o.payments, authorizations, key, map[string]any{"saga": a.ID, "amount": a.quote.due(), "card": a.request.Card})
	r.Ref = r.body.ID
	if r.Answer == OK && r.body.Amount != a.quote.due() {
		return Outcome{Answer: OK, Ref: r.Ref, Refusal: gaveUp}
	}
	return r.said("payment-declined", true)
}

func (o *others) place(ctx context.Context, a *attempt, key string) Outcome {
	type redemption struct {
		Coupon string      `json:"coupon"`
		Amount money.Money `json:"amount"`
	}
	redemptions := []redemption{}
	for _, c := range a.quote.redeemed() {
		redemptions = append(redemptions, redemption{c.Code, c.Amount})
	}
	q := a.quote
	body := map[string]any{
		"saga": a.ID, "cart": q.Cart, "cartTurn": q.CartTurn, "quote": q.ID, "hold": a.Ref(Hold), "email": a.request.Email, "address": a.request.Address,
		"lines": q.Lines, "shipping": q.Shipping, "discount": q.Discount, "redemptions": redemptions, "total": q.Total, "tax": q.Tax, "taxes": q.Taxes, "currency": q.Currency,
	}
	if way := q.delivery(); way != nil {
		body["delivery"] = map[string]string{"method": way.Method, "name": way.Name}
	}
	if spent := a.spent(); spent != nil {
		body["spent"] = spent
	}
	if len(q.ShippingTaxes) > 0 {
		body["shippingTaxes"] = q.ShippingTaxes
	}
	for name, value := range map[string]string{"payment": a.Ref(Authorize), "customer": a.request.Customer, "locale": a.request.Locale, "taxReason": q.TaxReason, "vatNumber": q.VATNumber} {
		if value != "" {
			body[name] = value
		}
	}
	r := made[orderRef](ctx, o.orders, "/internal/orders", key, body)
	if r.Answer == OK {
		a.order, r.Ref = &r.body, r.body.ID.String()
	}
	return r.Outcome
}

// refuse lets orders decide that there is no order, unless there is.
func (o *others) refuse(ctx context.Context, a *attempt, key string) Outcome {
	r := made[struct {
		Order *orderRef `json:"order,omitempty"`
	}](ctx, o.orders, "/internal/orders/refusals", key, map[string]any{"saga": a.ID})
	if r.Answer == OK && r.body.Order != nil {
		a.order, r.Ref = r.body.Order, r.body.Order.ID.String()
	}
	return r.Outcome
}
