package inventory

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/combine"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
)

// holds is the HTTP of holds. New ones are made together: of a product that all want,
// one row is written, and each transaction on it waits for the one before to be on disk.
type holds struct {
	store    *store
	now      func() time.Time
	verdicts *verdicts
	together *combine.Combiner[ask, idempotency.Stored]
}

// ask is a request for a hold.
type ask struct {
	request idempotency.Request
	basket  Basket
}

const (
	// lanes is how many batches of holds a replica makes at a time; the pool has three connections.
	lanes = 2
	// mostTogether bounds a batch. Each of its holds is a few rows.
	mostTogether = 128
	// patience is how long a batch may take: what a request may.
	patience = 5 * time.Second
)

func newHolds(s *store, now func() time.Time, v *verdicts) *holds {
	h := &holds{store: s, now: now, verdicts: v}
	h.together = combine.New(combine.Options{Lanes: lanes, Most: mostTogether, Patience: patience}, h.batch)
	return h
}

type wantBody struct {
	SKU      string `json:"sku" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" example:"KIT-1001"`
	Quantity int64  `json:"quantity" minimum:"1" maximum:"1000000"`
}

// holdStart is what a checkout wants.
type holdStart struct {
	Saga  uuid.UUID  `json:"saga" format:"uuid" doc:"A saga has one hold"`
	Lines []wantBody `json:"lines" minItems:"1" maxItems:"100" doc:"Held all, or none; several of one product count together"`
	TTL   int64      `json:"ttlSeconds,omitempty" minimum:"1" maximum:"86400" default:"900" doc:"After which time checkout is asked whether the hold is still needed"`
}

type holdRenewal struct {
	TTL int64 `json:"ttlSeconds,omitempty" minimum:"1" maximum:"86400" default:"900" doc:"From now on; it never ends earlier than it did"`
}

type holdCommit struct {
	Order uuid.UUID `json:"order" format:"uuid"`
}

// holdBody is a hold on the wire.
type holdBody struct {
	ID        uuid.UUID  `json:"id" format:"uuid"`
	Saga      uuid.UUID  `json:"saga" format:"uuid"`
	State     State      `json:"state" doc:"open, released, committed, cancelled"`
	Reason    Reason     `json:"reason,omitempty" doc:"Of a released hold: undone by checkout, or expired"`
	Order     *uuid.UUID `json:"order,omitempty" format:"uuid"`
	ExpiresAt time.Time  `json:"expiresAt"`
	Lines     []lineBody `json:"lines" nullable:"false" doc:"By product, and not as they were asked for"`
}

type lineBody struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
	Taken    string `json:"taken,omitempty" doc:"Of a carton: whose stock it takes"`
	Units    int64  `json:"units,omitempty" doc:"Of a carton: how many of it"`
	Missing  int64  `json:"missing,omitempty" doc:"How many units were not there when the order was placed"`
}

type holdInput struct {
	httpapi.Idempotent
	Body holdStart
}

type renewInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body *holdRenewal
}

type releaseInput struct {
	httpapi.Idempotent
	ID uuid.UUID `path:"id" format:"uuid"`
}

type commitInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body holdCommit
}

type readHoldInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type holdOutput struct {
	ETag string `header:"ETag" doc:"Changes with the answer"`
	Body httpapi.Encoded[holdBody]
}

func (h *holds) routes(r *httpapi.API) {
	checkout := access.Service("checkout")
	httpapi.Post(r, holdsRoot, checkout, h.create,
		httpapi.ID("createHold"), httpapi.Summary("Hold a whole basket, or nothing"), httpapi.Status(http.StatusCreated), httpapi.Refuses(http.StatusConflict),
		httpapi.About("409 sold-out names the lines. A hold whose time is over goes to others only when checkout says that nothing came of it."))
	httpapi.Get(r, holdsRoot+"/{id}", checkout, h.get,
		httpapi.ID("getHold"), httpapi.Summary("One hold"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Post(r, holdsRoot+"/{id}/renewal", checkout, h.renew,
		httpapi.ID("renewHold"), httpapi.Summary("Need it for longer"), httpapi.Refuses(http.StatusNotFound, http.StatusConflict),
		httpapi.About("A hold that expired takes its goods again, or is sold-out. One that checkout released is a conflict."))
	httpapi.Post(r, holdsRoot+"/{id}/release", checkout, h.release,
		httpapi.ID("releaseHold"), httpapi.Summary("Give it back"), httpapi.Refuses(http.StatusNotFound, http.StatusConflict))
	httpapi.Post(r, holdsRoot+"/{id}/commit", checkout, h.commit,
		httpapi.ID("commitHold"), httpapi.Summary("Sell it to an order"), httpapi.Refuses(http.StatusNotFound, http.StatusConflict))
}

func (h *holds) create(ctx context.Context, in *holdInput) (*httpapi.Answer[holdBody], error) {
	basket := Basket{Saga: in.Body.Saga, Until: h.until(in.Body.TTL)}
	for _, line := range in.Body.Lines {
		basket.Wants = append(basket.Wants, Want(line))
	}
	a := ask{idempotency.Request{Key: in.Key(ctx), Body: in.Sent(ctx)}, basket}
	stored, err := h.together.Do(ctx, a)
	if fault.Is(err, soldOut) && h.verdicts.free(ctx, skusOf([]Basket{basket})) {
		stored, err = h.together.Do(ctx, a)
	}
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[holdBody](stored), nil
}

// until is when a hold ends; PostgreSQL keeps microseconds.
func (h *holds) until(seconds int64) time.Time {
	return h.now().Add(time.Duration(seconds) * time.Second).UTC().Truncate(time.Microsecond)
}

// batch makes the holds of many requests in one transaction. Where the data of one
// breaks it, each is made alone, so that this one does not fail the others.
func (h *holds) batch(ctx context.Context, asks []ask) []combine.Result[idempotency.Stored] {
	results, err := h.make(ctx, asks)
	switch {
	case err == nil:
		return results
	case len(asks) > 1 && ofData(err):
		for n := range asks {
			results = append(results, h.batch(ctx, asks[n:n+1])...)
		}
		return results
	}
	for range asks {
		results = append(results, combine.Result[idempotency.Stored]{Err: err})
	}
	return results
}

// ofData tells whether PostgreSQL refused what was to be written, or a rule did.
func ofData(err error) bool {
	var sql *pgconn.PgError
	return fault.Is(err, fault.ConflictKind) || (errors.As(err, &sql) && (strings.HasPrefix(sql.Code, "22") || strings.HasPrefix(sql.Code, "23")))
}

func (h *holds) make(ctx context.Context, asks []ask) ([]combine.Result[idempotency.Stored], error) {
	requests := make([]idempotency.Request, len(asks))
	for n := range asks {
		requests[n] = asks[n].request
	}
	all, err := idempotency.Together(ctx, h.store.db, requests, func(ctx context.Context, tx pgx.Tx, fresh []int) ([]idempotency.Result, error) {
		baskets := make([]Basket, len(fresh))
		for n, at := range fresh {
			baskets[n] = asks[at].basket
		}
		held, err := hold(ctx, tx, baskets)
		if err != nil {
			return nil, err
		}
		return answers(held)
	})
	if err != nil {
		return nil, err
	}
	results := make([]combine.Result[idempotency.Stored], len(all))
	for n, r := range all {
		results[n] = combine.Result[idempotency.Stored]{Value: r.Stored, Err: r.Err}
	}
	return results, nil
}

// answers are what the requests for new holds get.
func answers(held []placed) ([]idempotency.Result, error) {
	all := make([]idempotency.Result, len(held))
	for n, p := range held {
		if p.Err != nil {
			all[n].Err = p.Err
			continue
		}
		body, err := httpapi.Encode(holdOf(p.Hold))
		if err != nil {
			return nil, err
		}
		header := map[string]string{"Location": holdsRoot + "/" + p.Hold.ID.String(), "ETag": tagOf(body)}
		all[n].Stored = idempotency.Stored{Status: http.StatusCreated, Header: header, Body: body}
	}
	return all, nil
}

func holdOf(h Hold) holdBody {
	out := holdBody{ID: h.ID, Saga: h.Saga, State: h.State, Reason: h.Reason, Order: optional(h.Order), ExpiresAt: h.ExpiresAt.UTC(), Lines: make([]lineBody, len(h.Lines))}
	for n, line := range h.Lines {
		out.Lines[n] = lineBody{SKU: line.SKU, Quantity: line.Quantity, Missing: line.Missing}
		if line.Taken != line.SKU {
			out.Lines[n].Taken, out.Lines[n].Units = line.Taken, line.Units
		}
	}
	return out
}

func (h *holds) get(ctx context.Context, in *readHoldInput) (*holdOutput, error) {
	found, err := h.store.hold(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	body, err := httpapi.Encode(holdOf(found))
	return &holdOutput{tagOf(body), body}, err
}

func (h *holds) renew(ctx context.Context, in *renewInput) (*httpapi.Answer[holdBody], error) {
	ttl := int64(holdFor / time.Second)
	if in.Body != nil {
		ttl = in.Body.TTL
	}
	until := h.until(ttl)
	renewed := func() (*httpapi.Answer[holdBody], error) {
		return h.once(ctx, in.ID, in.Idempotent, func(ctx context.Context, tx pgx.Tx) (Hold, error) {
			return change(ctx, tx, in.ID, func(hold Hold, l *Ledger) (Hold, error) { return hold.Renew(l, until) })
		})
	}
	answer, err := renewed()
	if !fault.Is(err, soldOut) {
		return answer, err
	}
	hold, err2 := h.store.hold(ctx, in.ID)
	if err2 == nil && h.verdicts.free(ctx, hold.taken()) {
		return renewed()
	}
	return nil, err
}

func (h *holds) release(ctx context.Context, in *releaseInput) (*httpapi.Answer[holdBody], error) {
	return h.once(ctx, in.ID, in.Idempotent, func(ctx context.Context, tx pgx.Tx) (Hold, error) { return release(ctx, tx, in.ID, Undone) })
}

func (h *holds) commit(ctx context.Context, in *commitInput) (*httpapi.Answer[holdBody], error) {
	return h.once(ctx, in.ID, in.Idempotent, func(ctx context.Context, tx pgx.Tx) (Hold, error) { return commit(ctx, tx, in.ID, in.Body.Order) })
}

// once does one step of a hold, once for a key. A key that comes for another hold comes
// with another body: the hold is no part of the route.
func (h *holds) once(ctx context.Context, id uuid.UUID, in httpapi.Idempotent, step func(context.Context, pgx.Tx) (Hold, error)) (*httpapi.Answer[holdBody], error) {
	stored, err := idempotency.Once(ctx, h.store.db, in.Key(ctx), fmt.Appendf(nil, `{"hold":%q,"body":%s}`, id, in.Sent(ctx)), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		after, err := step(ctx, tx)
		if err != nil {
			return idempotency.Stored{}, err
		}
		body, err := httpapi.Encode(holdOf(after))
		return idempotency.Stored{Header: map[string]string{"ETag": tagOf(body)}, Body: body}, err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[holdBody](stored), nil
}
