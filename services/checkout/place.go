package checkout

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// Placing an order: one key, one saga, however often the request is sent.

// placeRoute is where orders are placed; their keys are kept under it.
const placeRoute = "POST " + root + "/orders"

// placing is how long a customer waits for his order. What takes longer goes on without him.
const placing = 10 * time.Second

// place takes the key, or tells what came of it. From then on it does not end with the customer's patience: what was begun is gone on
// with until its own end.
func (a *api) place(ctx context.Context, in *placeInput) (*httpapi.Answer[orderBody], error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), placing-500*time.Millisecond)
	defer cancel()
	claim, s, stored, err := a.take(ctx, in)
	switch {
	case errors.Is(err, idempotency.ErrLost):
		return nil, open(claim.ID())
	case err != nil:
		return nil, err
	case stored != nil:
		return a.told(ctx, *stored, in.Body.Email)
	}
	if err := a.run.run(ctx, claim, s); err != nil { // what was not committed is not told
		slog.WarnContext(ctx, "leaving a saga to another process", "saga", s.ID, "error", err)
		return nil, open(s.ID)
	}
	answer, err := s.answer()
	switch {
	case err != nil:
		return nil, err
	case answer != nil:
		return a.told(ctx, *answer, in.Body.Email)
	case s.Decided():
		return nil, a.refusal(ctx, s.refused(), in.Body.Email)
	}
	return nil, open(s.ID)
}

// open says that nobody knows yet.
func open(saga uuid.UUID) error {
	return problem.New(problem.Unavailable, "We are still working on your order. Send the same again with the same key; you are charged once at most.").
		With("Retry-After", "1").Member("saga", saga)
}

// take takes the key of an order: for a new saga, for one that the key began before, or for the answer that it got.
func (a *api) take(ctx context.Context, in *placeInput) (*idempotency.Attempt, *attempt, *idempotency.Stored, error) {
	stored, err := idempotency.Answered(ctx, a.store.db, in.Key(ctx), in.Sent(ctx))
	if stored != nil || (err != nil && !fault.Is(err, fault.InFlightKind)) {
		return nil, nil, stored, err
	}
	if err == nil {
		claim, s, err := a.start(ctx, in)
		if !errors.Is(err, idempotency.ErrTaken) && !errors.Is(err, errChanged) {
			return claim, s, nil, err
		}
	}
	claim, stored, err := idempotency.Begin(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), a.run.lease)
	if err != nil || stored != nil {
		return nil, nil, stored, err
	}
	s, err := a.goOn(ctx, claim, in)
	return claim, s, nil, err
}

// start begins a saga, if the quote is still good. Another request with the same key may come first: then it begins none. Where the quote
// is not good any more nothing is told yet: a double click may be ordering at this moment, so the key is taken before the customer is refused.
func (a *api) start(ctx context.Context, in *placeInput) (*idempotency.Attempt, *attempt, error) {
	s, changed, err := a.planned(ctx, in, uuid.Must(uuid.NewV7()))
	if err != nil {
		return nil, nil, err
	}
	if changed != nil {
		return nil, nil, errChanged
	}
	first, _ := s.Next()
	s.Saga = s.Begin(first, a.now().UTC())
	claim, err := a.store.start(ctx, in.Key(ctx), in.Sent(ctx), a.run.lease, s)
	return claim, s, err
}

// errChanged says that a quote is not good any more, to who has not taken the key.
var errChanged = errors.New("the quote is not good any more")

// goOn is the saga that a key began before, or, where its process died before that, a new one. Who is refused has used up the key, as
// after every refusal: were it free, the same order sent once more could be taken after all.
func (a *api) goOn(ctx context.Context, claim *idempotency.Attempt, in *placeInput) (*attempt, error) {
	s, err := a.store.saga(ctx, claim.ID())
	if err == nil {
		s.Saga = s.Adopt()
	}
	if !fault.Is(err, fault.NotFoundKind) {
		return s, err
	}
	s, changed, err := a.planned(ctx, in, claim.ID())
	if changed != nil {
		return nil, a.refuse(ctx, claim, in.Body.Quote, *changed)
	}
	if err == nil {
		if err = a.store.begin(ctx, claim, s); err == nil {
			return s, nil
		}
	}
	return nil, errors.Join(err, a.store.forget(ctx, claim))
}

// planned is the saga of a request, or the new quote where the one that it names is not good any more.
func (a *api) planned(ctx context.Context, in *placeInput, id uuid.UUID) (s *attempt, changed *Quote, err error) {
	q, changed, err := a.agreed(ctx, in.Body)
	if err != nil || changed != nil {
		return nil, changed, err
	}
	return &attempt{
		quote: q, Saga: NewSaga(id, len(q.redeemed()) > 0, q.held(), !q.due().IsZero()),
		request: Request{Customer: customerOf(ctx), Email: in.Body.Email, Locale: in.Body.Locale, Card: in.Body.Card, Address: in.Body.Address},
	}, nil, nil
}
