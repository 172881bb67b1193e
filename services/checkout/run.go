package checkout

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/emporium-shop/emporium/services/internal/idempotency"
)

const (
	// leaseTime is longer than the longest step.
	leaseTime = 12 * time.Second
	// keepTime bounds a commit.
	keepTime = 3 * time.Second
	// firstPause and longestPause are how long a saga rests that got no answer, and stuckPause one that somebody must look at.
	firstPause, longestPause, stuckPause = 500 * time.Millisecond, 15 * time.Second, 5 * time.Minute
)

// caller makes one call of another service.
type caller func(context.Context, *attempt, Action) Outcome

// runner goes on with sagas.
type runner struct {
	store *store
	call  caller
	now   func() time.Time
	// lease is how long a process may be silent before another takes its saga over.
	lease time.Duration
}

// run goes on with a saga until it has ended, or somebody does not answer: then it lets it go, for another try after a pause. What
// came of a step, and that the next one is about to be made, is one commit, and holds only while the saga is this process's.
func (r *runner) run(ctx context.Context, claim *idempotency.Attempt, a *attempt) error {
	for !a.Ended() {
		if ctx.Err() != nil { // nobody waits any more: the next one goes on
			return r.keep(ctx, func(ctx context.Context) error { return claim.Yield(ctx, 0) })
		}
		next, _ := a.Next()
		if !a.Started(next) {
			a.Saga = a.Begin(next, r.now().UTC())
			if err := r.commit(ctx, claim, a, nil); err != nil {
				return err
			}
		}
		outcome := r.call(ctx, a, next)
		a.Saga = a.Take(next, outcome, r.now().UTC())
		r.log(ctx, a, next, outcome)
		wait := a.rests(next, outcome)
		if err := r.goOn(ctx, claim, a, wait == 0); err != nil {
			return err
		}
		if wait > 0 {
			return r.keep(ctx, func(ctx context.Context) error { return claim.Yield(ctx, wait) })
		}
	}
	return nil
}

// goOn commits what came of a step: with the answer where that was the last one, and else, at once, with the beginning of the next.
func (r *runner) goOn(ctx context.Context, claim *idempotency.Attempt, a *attempt, atOnce bool) error {
	if next, more := a.Next(); more && atOnce && ctx.Err() == nil {
		a.Saga = a.Begin(next, r.now().UTC())
	}
	answer, err := a.answer()
	if err != nil {
		return err
	}
	return r.commit(ctx, claim, a, answer)
}

// keep does what must be done though nobody waits for it any more: what another service did is to be noted.
func (r *runner) keep(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	return do(ctx)
}

func (r *runner) commit(ctx context.Context, claim *idempotency.Attempt, a *attempt, answer *idempotency.Stored) error {
	return r.keep(ctx, func(ctx context.Context) error { return r.store.save(ctx, claim, a, answer) })
}

// rests is how long a saga is let alone: one that got no answer a little, one that cannot be undone, but for what somebody must do, for long.
func (a *attempt) rests(last Action, o Outcome) time.Duration {
	next, more := a.Next()
	switch {
	case o.Answer == None:
		return pause(a.Tries)
	case more && a.Steps[a.at(next.Step)].Stuck != "":
		return stuckPause
	case more && last == next && o.Answer == No: // orders must decide, and did not
		return pause(a.Tries + 1)
	}
	return 0
}

func (r *runner) log(ctx context.Context, a *attempt, next Action, o Outcome) {
	switch {
	case o.Answer == None:
		slog.WarnContext(ctx, "waiting for the answer to a step of a saga", "saga", a.ID, "kind", next.Kind, "step", next.Step, "tries", a.Tries)
	case next.Kind == Undo && o.Answer == No:
		slog.ErrorContext(ctx, "a step of a saga cannot be undone: somebody must look", "saga", a.ID, "step", next.Step)
	}
}

// pause grows with each answer that did not come.
func pause(tries int) time.Duration {
	d := firstPause
	for range min(tries, 10) {
		d *= 2
	}
	return min(d, longestPause)
}

// answer is what the customer gets, whenever the key is sent again; nil while the saga goes on.
func (a *attempt) answer() (*idempotency.Stored, error) {
	switch a.State {
	case Placed:
		text, err := json.Marshal(orderBody{a.order.ID, a.order.Number, a.order.Token, a.quote.Total})
		return &idempotency.Stored{Status: http.StatusCreated, Header: map[string]string{"Location": "/api/orders/" + a.order.ID.String()}, Body: text}, err
	case Gone:
		text, err := json.Marshal(a.refused())
		return &idempotency.Stored{Status: http.StatusConflict, Body: text}, err
	}
	return nil, nil //nolint:nilnil // there is no answer yet
}

// refused is what the customer is told, with the quote that he sent where that is what is wrong.
func (a *attempt) refused() Refusal {
	r := *a.Refusal
	if r.Kind == "quote-changed" {
		r.Quote = &a.quote.ID
	}
	return r
}
