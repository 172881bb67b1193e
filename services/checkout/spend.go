package checkout

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// Points are what a customer spends of his points: a discount on the goods (R4, R10).
type Points struct {
	Points int64       `json:"points" doc:"How many are spent: no more than he has, and than the goods cost"`
	Amount money.Money `json:"amount" doc:"What they take off: a part of discount"`
}

// GiftCard is a gift card that was typed, and what it pays: a means of payment, which changes no price and no tax (R10).
type GiftCard struct {
	Ending string      `json:"ending" doc:"The last characters of its code. The code itself is told to nobody"`
	Active bool        `json:"active" doc:"Whether it pays. Why not is not told: who guesses codes would learn from it"`
	Amount money.Money `json:"amount" doc:"What it pays of total"`
}

// spends is what a customer wants to use beside money. It is kept beside a quote and never in it: a code is money, and whoever knows a
// quote's id may read the quote.
type spends struct {
	// Customer is whose points they are. Nobody else orders the quote.
	Customer string   `json:"customer"`
	Points   int64    `json:"points,omitempty"`
	Codes    []string `json:"codes,omitempty"`
	// known are codes that paid in the quote that is made anew: those are no guesses.
	known []string
}

func (s spends) none() bool { return s.Points == 0 && len(s.Codes) == 0 }

// wishes are points and cards of who is signed in. Others have no points, and could guess codes without being counted.
func wishes(ctx context.Context, b termsBody) (spends, error) {
	s := spends{Customer: customerOf(ctx), Points: b.Points, Codes: b.Cards}
	if s.none() {
		return spends{}, nil
	}
	if s.Customer != "" {
		return s, nil
	}
	var fields []problem.Field
	for _, f := range []struct {
		at    string
		asked bool
	}{{"#/points", b.Points > 0}, {"#/cards", len(b.Cards) > 0}} {
		if f.asked {
			fields = append(fields, problem.Field{Pointer: f.at, Detail: "It is for customers who are signed in."})
		}
	}
	return spends{}, problem.New(problem.Unauthenticated, "Sign in to use points and gift cards, or leave points and cards out.", fields...).With("WWW-Authenticate", `Bearer realm="shop"`)
}

// again are the points and cards that the quote counts with, for the same quote made anew: no more than was shown, so that somebody who
// earns points meanwhile is not refused for it.
func (q Quote) again() spends {
	s := spends{Customer: q.spends.Customer}
	if q.Points != nil {
		s.Points = q.Points.Points
	}
	for n, c := range q.GiftCards {
		if c.Active && n < len(q.spends.Codes) {
			s.Codes = append(s.Codes, q.spends.Codes[n])
		}
	}
	s.known = s.Codes
	return s
}

// owned refuses a quote with points or cards to everybody but its customer: it is not there for them.
func (q Quote) owned(customer string) error {
	if q.spends.Customer == "" || q.spends.Customer == customer {
		return nil
	}
	return fault.NotFound("quote", q.ID.String())
}

// due is what the provider is asked for.
func (q Quote) due() money.Money {
	if q.Due == nil {
		return q.Total
	}
	return *q.Due
}

// paid is what gift cards pay of the total.
func (q Quote) paid() money.Money {
	return money.New(q.Total.Minor()-q.due().Minor(), q.Total.Currency())
}

// payers are the cards that pay something, by their codes, in their order.
func (q Quote) payers() (list []payer) {
	for n, c := range q.GiftCards {
		if c.Amount.Sign() > 0 && n < len(q.spends.Codes) {
			list = append(list, payer{q.spends.Codes[n], c.Amount})
		}
	}
	return list
}

type payer struct {
	Code   string      `json:"code"`
	Amount money.Money `json:"amount"`
}

// held tells whether loyalty must hold something for the order.
func (q Quote) held() bool { return q.spent() > 0 || len(q.payers()) > 0 }

// spent is how many points the quote counts with.
func (q Quote) spent() int64 {
	if q.Points == nil {
		return 0
	}
	return q.Points.Points
}

type loyaltyAsked struct {
	Customer string       `json:"customer,omitempty"`
	Points   int64        `json:"points,omitempty"`
	Goods    *money.Money `json:"goods,omitempty"`
	Total    *money.Money `json:"total,omitempty"`
	Cards    []string     `json:"cards,omitempty"`
	Known    []string     `json:"known,omitempty"`
	Caller   string       `json:"caller,omitempty"`
}

type loyaltyBody struct {
	Points *Points `json:"points,omitempty"`
	Cards  []struct {
		Active bool         `json:"active"`
		Amount *money.Money `json:"amount,omitempty"`
	} `json:"cards"`
	Left *money.Money `json:"left,omitempty"`
}

var errLoyalty = errors.New("loyalty's answer does not fit the question")

// without is told where points or cards are asked for that nobody can look up.
func without(err error) error {
	return fault.Unavailable("Points and gift cards cannot be used right now. Leave points and cards out, or try again later.", err)
}

// loyal asks loyalty what points take off, or what cards pay. Nothing is held.
func (o *others) loyal(ctx context.Context, asked loyaltyAsked) (loyaltyBody, error) {
	if o.loyalty == nil {
		return loyaltyBody{}, without(nil)
	}
	body, _, err := client.Call[loyaltyBody](ctx, o.loyalty, question("/internal/loyalty/quotes", asked))
	var refused *client.Error
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, &refused) && refused.Status == http.StatusTooManyRequests:
		return body, fault.TooMany("Too many codes were wrong. Wait a minute, then try again.", refused.RetryAfter).And("#/cards", "Too many codes were wrong.")
	case errors.As(err, &refused) && refused.Status == http.StatusUnprocessableEntity:
		places := map[string]string{"#/points": "#/points", "#/goods": "#/points", "#/total": "#/cards"}
		for n := range asked.Cards {
			at := fmt.Sprintf("#/cards/%d", n)
			places[at] = at
		}
		return body, refusedAs(err, places)
	}
	return body, without(err)
}

// points takes what the customer's points are worth off the goods, spread over the lines like any other discount (R3, R4). Goods and
// discount say so from then on, and what delivery costs goes by it (R6).
func (o *others) points(ctx context.Context, s spends, reduced *promotionsBody) (*Points, error) {
	if s.Points == 0 {
		return nil, nil //nolint:nilnil // none were asked for
	}
	body, err := o.loyal(ctx, loyaltyAsked{Customer: s.Customer, Points: s.Points, Goods: &reduced.Goods})
	if err != nil {
		return nil, err
	}
	if body.Points == nil {
		return nil, without(errLoyalty)
	}
	if err := reduced.less(body.Points.Amount); err != nil {
		return nil, without(err)
	}
	return body.Points, nil
}

// less takes an amount off the lines, in proportion to what they cost.
func (b *promotionsBody) less(amount money.Money) error {
	if most, err := amount.Compare(b.Goods); err != nil || most > 0 || amount.Sign() < 0 {
		return errors.Join(errLoyalty, err)
	}
	if amount.IsZero() {
		return nil
	}
	var weights []int64
	for _, l := range b.Lines {
		weights = append(weights, l.Amount.Minor())
	}
	parts, err := amount.Allocate(weights...)
	if err != nil {
		return fmt.Errorf("spreading points over the lines: %w", err)
	}
	b.Lines = slices.Clone(b.Lines)
	for n := range b.Lines {
		var bad error
		b.Lines[n].Amount, bad = b.Lines[n].Amount.Sub(parts[n])
		err = errors.Join(err, bad)
	}
	var one, two error
	b.Goods, one = b.Goods.Sub(amount)
	b.Discount, two = b.Discount.Add(amount)
	return errors.Join(err, one, two)
}

// giftCards says what each card pays of the total, and what is due then. Of wrong ones nothing is told but that they pay nothing (C42).
func (o *others) giftCards(ctx context.Context, q *Quote, s spends) error {
	if len(s.Codes) == 0 {
		return nil
	}
	body, err := o.loyal(ctx, loyaltyAsked{Customer: s.Customer, Total: &q.Total, Cards: s.Codes, Known: s.known, Caller: s.Customer})
	if err != nil {
		return err
	}
	if len(body.Cards) != len(s.Codes) || body.Left == nil {
		return without(errLoyalty)
	}
	left := q.Total
	for n, c := range body.Cards {
		card := GiftCard{Ending: ending(s.Codes[n]), Active: c.Active, Amount: money.New(0, q.Currency)}
		if c.Active && c.Amount != nil {
			card.Amount = *c.Amount
		}
		if left, err = left.Sub(card.Amount); err != nil || card.Amount.Sign() < 0 {
			return without(errors.Join(errLoyalty, err))
		}
		q.GiftCards = append(q.GiftCards, card)
	}
	if left != *body.Left || left.Sign() < 0 {
		return without(errLoyalty)
	}
	q.Due = &left
	return nil
}

// ending is what of a code its owner knows it by, and nobody pays with.
func ending(code string) string {
	if len(code) <= 8 { // that is no code, and may be half of one
		return "…"
	}
	return code[len(code)-4:]
}

const loyaltyHolds = "/internal/loyalty/holds"

// spend holds points and cards, all of them or none, once for the saga. A shop that lost its loyalty meanwhile has no order with
// them: what may be held comes back by itself, since loyalty asks what became of the saga.
func (o *others) spend(ctx context.Context, a *attempt, key string) Outcome {
	if o.loyalty == nil {
		return Outcome{Answer: No, Refusal: unspent}
	}
	body := map[string]any{"saga": a.ID, "customer": a.request.Customer}
	if points := a.quote.spent(); points > 0 {
		body["points"] = points
	}
	if cards := a.quote.payers(); len(cards) > 0 {
		body["cards"] = cards
	}
	r := made[idBody](ctx, o.loyalty, loyaltyHolds, key, body)
	r.Ref = r.body.ID
	if r.Answer == No && client.Status(r.err) == http.StatusConflict {
		r.Refusal = unspent
	}
	return r.Outcome
}

// unspent is told where others, or the customer himself in another window, were faster.
var unspent = Refusal{Kind: "quote-changed", Detail: "Points or a gift card do not reach that far any more. Nothing was charged."}

// unspend gives points and cards back.
func (o *others) unspend(ctx context.Context, a *attempt, key string) Outcome {
	if o.loyalty == nil {
		return Outcome{Answer: Away}
	}
	return made[idBody](ctx, o.loyalty, loyaltyHolds+"/"+a.Ref(Spend)+"/release", key, nil).undone()
}

// spentBody is what orders keeps of it.
type spentBody struct {
	Hold   uuid.UUID   `json:"hold"`
	Points int64       `json:"points,omitempty"`
	Off    money.Money `json:"off"`
	Cards  money.Money `json:"cards"`
}

// spent is what was held for the order; nil where nothing was.
func (a *attempt) spent() *spentBody {
	hold, err := uuid.Parse(a.Ref(Spend))
	if err != nil {
		return nil
	}
	b := &spentBody{Hold: hold, Points: a.quote.spent(), Off: money.New(0, a.quote.Currency), Cards: a.quote.paid()}
	if a.quote.Points != nil {
		b.Off = a.quote.Points.Amount
	}
	return b
}
