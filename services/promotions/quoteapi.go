package promotions

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/tries"
)

// What checkout asks: what promotions and coupons take off a basket.

type lineAsked struct {
	ID       string      `json:"id" minLength:"1" maxLength:"64" doc:"The caller's own, to find the line again"`
	SKU      string      `json:"sku" minLength:"1" maxLength:"64"`
	Quantity int64       `json:"quantity" minimum:"1" maximum:"9999"`
	Amount   money.Money `json:"amount" doc:"Of the whole line, with tax, before any promotion"`
}

type quoteAsked struct {
	Currency string       `json:"currency" pattern:"^[A-Z]{3}$" example:"EUR"`
	At       *time.Time   `json:"at,omitempty" doc:"At which instant; now, where it is missing"`
	Customer string       `json:"customer,omitempty" maxLength:"64"`
	Email    string       `json:"email,omitempty" maxLength:"254"`
	Lines    []lineAsked  `json:"lines" minItems:"1" maxItems:"200" nullable:"false"`
	Shipping *money.Money `json:"shipping,omitempty" doc:"Not looked at: a coupon's minimum is of goods alone (R5)"`
	Coupons  []string     `json:"coupons,omitempty" maxItems:"10" nullable:"false" doc:"Codes, in any order"`
	Known    []string     `json:"known,omitempty" maxItems:"10" nullable:"false" doc:"Those of them that were valid on this cart before: they may say why they are not any more. Of others nobody learns why, and wrong ones are counted"`
	Caller   string       `json:"caller,omitempty" maxLength:"128" doc:"Who types the codes: cart or session. The 11th wrong code of one caller in a minute is 429. Where it is missing, customer or email"`
}

type quoteInput struct{ Body quoteAsked }

type pricedBody struct {
	ID             string      `json:"id"`
	Amount         money.Money `json:"amount" doc:"What is left of the line"`
	ItemDiscount   money.Money `json:"itemDiscount"`
	CouponDiscount money.Money `json:"couponDiscount"`
}

type claimBody struct {
	Code   string      `json:"code" doc:"As it was sent"`
	Active bool        `json:"active"`
	Amount money.Money `json:"amount" doc:"What it takes off"`
	Reason string      `json:"reason,omitempty" doc:"Why it is not active: not-valid, where it was not known; else unknown, expired, used-up, not-yours, other-currency, below-minimum, nothing-left"`
}

type quoteBody struct {
	Lines    []pricedBody `json:"lines" nullable:"false" doc:"As they were asked about"`
	Coupons  []claimBody  `json:"coupons" nullable:"false" doc:"As they were asked about"`
	Discount money.Money  `json:"discount" doc:"All that is taken off"`
	Goods    money.Money  `json:"goods" doc:"All that is left"`
}

type quoteOutput struct{ Body quoteBody }

// guesses bounds how many wrong codes somebody may type (C42): then not even a right one
// is looked at, or guessing would go on.
var guesses = tries.Limit{Most: 10, Within: time.Minute}

func (a *api) quote(ctx context.Context, in *quoteInput) (*quoteOutput, error) {
	if err := in.Body.check(); err != nil {
		return nil, err
	}
	now := a.now()
	at, known := *cmp.Or(in.Body.At, &now), map[string]bool{}
	for _, code := range in.Body.Known {
		known[Code(code)] = true
	}
	var r Result
	offer := func(ctx context.Context, db batcher) (wrong int, err error) {
		b, err := asked(ctx, db, in.Body, at)
		if err != nil {
			return 0, err
		}
		if r, err = b.Quote(); err != nil {
			return 0, tooMuch(err)
		}
		return r.hide(known), nil
	}
	if err := a.guarded(ctx, in.Body, known, offer); err != nil {
		return nil, err
	}
	return wire(r), nil
}

// guarded counts wrong codes where one is entered that is not on the cart already.
func (a *api) guarded(ctx context.Context, in quoteAsked, known map[string]bool, offer func(context.Context, batcher) (wrong int, err error)) error {
	if !slices.ContainsFunc(in.Coupons, func(code string) bool { return !known[Code(code)] }) {
		_, err := offer(ctx, a.store.db)
		return err
	}
	who := cmp.Or(in.Caller, in.Customer, Buyer{Email: in.Email}.key(), "anonymous")
	return guesses.GuardAll(ctx, a.store.db, []string{"codes:" + who}, func(ctx context.Context, tx pgx.Tx) (int, error) { return offer(ctx, tx) })
}

// hide tells of codes that were not known before only that they are not valid, and counts them.
func (r Result) hide(known map[string]bool) (wrong int) {
	for n := range r.Claims {
		if c := &r.Claims[n]; c.Reason != "" && !known[Code(c.Code)] {
			c.Reason, wrong = NotValid, wrong+1
		}
	}
	return wrong
}

// check holds amounts to one currency, and above zero.
func (q quoteAsked) check() error {
	for n, line := range q.Lines {
		at := "#/lines/" + strconv.Itoa(n) + "/amount"
		switch {
		case line.Amount.Currency() != q.Currency:
			return fault.Invalid(at+"/currency", "The basket counts in "+q.Currency+".")
		case line.Amount.Sign() < 0:
			return fault.Invalid(at+"/amount", "It is below zero.")
		}
	}
	return nil
}

// asked reads what is known of what is asked.
func asked(ctx context.Context, db batcher, in quoteAsked, at time.Time) (Basket, error) {
	b := Basket{Currency: in.Currency, Buyer: Buyer{in.Customer, in.Email}, At: at}
	codes := make([]string, len(in.Coupons))
	for n, code := range in.Coupons {
		codes[n] = Code(code)
	}
	rules, coupons, used, err := basis(ctx, db, at, codes, b.Buyer.Keys())
	if err != nil {
		return Basket{}, err
	}
	b.Rules = rules
	for n, code := range codes {
		claim := Claim{Code: in.Coupons[n], Used: used[code]}
		if c, there := coupons[code]; there {
			claim.Coupon = &c
		}
		b.Claims = append(b.Claims, claim)
	}
	for _, l := range in.Lines {
		b.Lines = append(b.Lines, Line(l))
	}
	return b, nil
}

func wire(r Result) *quoteOutput {
	out := &quoteOutput{quoteBody{make([]pricedBody, len(r.Lines)), make([]claimBody, len(r.Claims)), r.Discount, r.Goods}}
	for n, l := range r.Lines {
		out.Body.Lines[n] = pricedBody{l.ID, l.Left, l.Item, l.Coupons}
	}
	for n, c := range r.Claims {
		out.Body.Coupons[n] = claimBody{c.Code, c.Reason == "", c.Amount, string(c.Reason)}
	}
	return out
}
