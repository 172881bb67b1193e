package checkout

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
)

const (
	// resumeEvery is how often sagas are looked for that nobody is at, resumeBatch how many are taken over at a time.
	resumeEvery, resumeBatch = 500 * time.Millisecond, 16
)

// resume goes on with sagas whose processes died or had no answer, until ctx ends. Any number of processes may do so: a lease keeps two
// from one saga, and what is committed is committed only by who has it.
func (r *runner) resume(ctx context.Context) error {
	for {
		n, err := r.resumeOnce(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if n == resumeBatch {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(resumeEvery):
		}
	}
}

// resumeOnce takes a batch over, and returns how many that were.
func (r *runner) resumeOnce(ctx context.Context) (int, error) {
	claims, err := idempotency.Resume(ctx, r.store.db, placeRoute, r.lease, resumeBatch)
	var all sync.WaitGroup
	for _, claim := range claims {
		all.Go(func() {
			if err := r.takeOver(ctx, claim); err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "going on with a saga", "saga", claim.ID(), "error", err)
			}
		})
	}
	all.Wait()
	return len(claims), err
}

// takeOver goes on with a saga that another process began. One that has not even a row had no effect: its key is given back, and the
// customer who sends it again begins anew.
func (r *runner) takeOver(ctx context.Context, claim *idempotency.Attempt) error {
	a, err := r.store.saga(ctx, claim.ID())
	if fault.Is(err, fault.NotFoundKind) {
		return r.store.forget(ctx, claim)
	}
	if err != nil {
		return err
	}
	a.Saga = a.Adopt()
	if err := r.run(ctx, claim, a); !errors.Is(err, idempotency.ErrLost) {
		return err
	}
	return nil // another is at it
}
