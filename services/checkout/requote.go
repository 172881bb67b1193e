package checkout

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// A quote that is looked at again, once it is to be ordered; and what a customer is told instead of an order.

// refuse ends a key with the refusal of a quote, and keeps the new one.
func (a *api) refuse(ctx context.Context, claim *idempotency.Attempt, old uuid.UUID, now Quote) error {
	text, err := json.Marshal(Refusal{Kind: "quote-changed", Detail: changedDetail, Quote: &old})
	if err == nil {
		err = a.store.refuse(ctx, claim, idempotency.Stored{Status: http.StatusConflict, Body: text}, now)
	}
	if err != nil {
		return err
	}
	return quoteChanged(now)
}

const changedDetail = "Prices or conditions changed since the quote. Look at the new one."

func quoteChanged(now Quote) error {
	return problem.New(problem.QuoteChanged, changedDetail).Member("quote", now)
}

// agreed is the quote, if it is still what would be offered; else the new one.
func (a *api) agreed(ctx context.Context, b placeBody) (q Quote, changed *Quote, err error) {
	if q, err = a.store.quote(ctx, b.Quote); err != nil {
		return q, nil, err
	}
	if err := q.owned(customerOf(ctx)); err != nil {
		return q, nil, err
	}
	if !q.due().IsZero() && b.Card == "" {
		return q, nil, fault.Invalid("#/card", "There is something to pay.")
	}
	now, err := a.again(ctx, q, b.Address.Country, buyer{customerOf(ctx), b.Email})
	if err != nil {
		return q, nil, err
	}
	if now.Hash != q.Hash || b.Hash != q.Hash || !q.Valid(a.now()) {
		return q, &now, nil
	}
	return q, nil, nil
}

// again is the same lines offered anew, for where the goods go: the cart is not asked, for it may have changed meanwhile (C21).
func (a *api) again(ctx context.Context, q Quote, country string, who buyer) (Quote, error) {
	t := q.Terms
	t.Country = country
	return a.others.offer(ctx, a.policy, t, wish{q.wants(), q.codes(), who, q.again(), &q}, a.now())
}

// told is a final answer.
func (a *api) told(ctx context.Context, s idempotency.Stored, email string) (*httpapi.Answer[orderBody], error) {
	if s.Status == http.StatusCreated {
		return httpapi.Replay[orderBody](s), nil
	}
	var r Refusal
	if err := json.Unmarshal(s.Body, &r); err != nil {
		return nil, err
	}
	p := a.refusal(ctx, r, email)
	if s.Replayed {
		p = p.With("Idempotent-Replayed", "true")
	}
	return nil, p
}

// refusal is what the customer is told. With a quote that is not good any more he gets a new one, if there can be one right now.
func (a *api) refusal(ctx context.Context, r Refusal, email string) *problem.Problem {
	var fields []problem.Field
	for _, f := range r.Fields {
		fields = append(fields, problem.Field(f))
	}
	p := problem.New(problem.Of(string(r.Kind)), r.Detail, fields...)
	if r.Quote == nil {
		return p
	}
	now, err := a.anew(ctx, *r.Quote, buyer{customerOf(ctx), email})
	if err != nil {
		slog.WarnContext(ctx, "making a new quote", "error", err)
		return p
	}
	return p.Member("quote", now)
}

// anew is a quote of the same lines as they are offered now.
func (a *api) anew(ctx context.Context, quote uuid.UUID, who buyer) (Quote, error) {
	q, err := a.store.quote(ctx, quote)
	if err != nil {
		return Quote{}, err
	}
	if err := q.owned(who.customer); err != nil {
		return Quote{}, err
	}
	now, err := a.again(ctx, q, q.Country, who)
	if err != nil {
		return Quote{}, err
	}
	return now, postgres.InTx(ctx, a.store.db, func(tx pgx.Tx) error { return keep(ctx, tx, now) })
}
