package checkout

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// What loyalty says of points and gift cards, before an order. Nothing is held.

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
