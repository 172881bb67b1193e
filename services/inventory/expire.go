package inventory

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// Verdict is what became of a saga.
type Verdict struct {
	State Outcome   `json:"state"`
	Order uuid.UUID `json:"order"`
}

// Outcome is what checkout says of a saga. Whatever else it says, the saga may still
// place an order: if its hold went to another customer, that order could not be kept.
type Outcome string

// Undone and placed are for ever.
const (
	sagaUndone Outcome = "undone"
	sagaPlaced Outcome = "placed"
)

const (
	// askWithin is how long checkout may take for a verdict.
	askWithin = time.Second
	// askedFor is how many holds are asked for when somebody waits for their goods.
	askedFor = 16
	// firstPause and longestPause are between two questions for one hold.
	firstPause, longestPause = time.Second, 15 * time.Second
	// lookEvery is how often the worker looks for holds whose time is over, and
	// lookBatch how many it asks for before it looks again.
	lookEvery = time.Second
	lookBatch = 100
)

// pause is how long to wait after so many questions that were not answered.
func pause(asked int) time.Duration {
	if asked > 4 {
		return longestPause
	}
	return min(longestPause, firstPause<<max(0, asked))
}

// verdicts ask checkout what became of holds whose time is over.
type verdicts struct {
	store *store
	now   func() time.Time
	// checkout is nil in a shop that has none: then nobody knows.
	checkout *client.Client
	// kept counts how often a hold was kept because there was no verdict.
	kept prometheus.Counter
}

func newVerdicts(s *store, now func() time.Time, checkout *client.Client, metrics prometheus.Registerer) *verdicts {
	v := &verdicts{store: s, now: now, checkout: checkout, kept: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "shop_inventory_holds_kept_total", Help: "How often a hold was kept beyond its time, because checkout did not say what became of it.",
	})}
	metrics.MustRegister(v.kept)
	return v
}

// overdue is a hold whose time is over.
type overdue struct {
	ID, Saga uuid.UUID
	Asked    int
}

// free asks for holds whose time is over, of products that somebody else wants now,
// and tells whether one of them was given back.
func (v *verdicts) free(ctx context.Context, skus []string) bool {
	found, err := v.store.overdue(ctx, v.now(), skus, askedFor)
	if err != nil {
		slog.WarnContext(ctx, "looking for holds whose time is over", "error", err)
		return false
	}
	freed := make([]bool, len(found))
	var all sync.WaitGroup
	for n, one := range found {
		all.Go(func() {
			after, err := v.settle(ctx, one)
			if freed[n] = after.State == Released; err != nil {
				slog.WarnContext(ctx, "settling a hold whose time is over", "error", err)
			}
		})
	}
	all.Wait()
	for _, one := range freed {
		if one {
			return true
		}
	}
	return false
}

// run settles holds until ctx ends.
func (v *verdicts) run(ctx context.Context) error {
	for {
		n, err := v.round(ctx)
		if err != nil {
			return err
		}
		if n == lookBatch {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lookEvery):
		}
	}
}

// round asks for a batch of holds, and tells how many these were. What it could
// settle or put off is not in the next one. One that cannot be settled does not keep the others.
func (v *verdicts) round(ctx context.Context) (int, error) {
	found, err := v.store.overdue(ctx, v.now(), nil, lookBatch)
	if err != nil {
		return 0, err
	}
	var failed []error
	for _, one := range found {
		if _, err := v.settle(ctx, one); err != nil {
			failed = append(failed, err)
		}
	}
	return len(found), errors.Join(failed...)
}

// settle asks what became of a hold's saga, and does what follows from it. No lock
// waits for checkout.
func (v *verdicts) settle(ctx context.Context, one overdue) (after Hold, err error) {
	verdict := v.ask(ctx, one.Saga)
	err = postgres.InTx(ctx, v.store.db, func(tx pgx.Tx) (err error) {
		switch {
		case verdict.State == sagaUndone:
			after, err = release(ctx, tx, one.ID, Expired)
		case verdict.State == sagaPlaced && verdict.Order != uuid.Nil:
			after, err = commit(ctx, tx, one.ID, verdict.Order)
		default:
			v.kept.Inc()
			err = postpone(ctx, tx, one.ID, v.now().Add(pause(one.Asked)))
		}
		return err
	})
	return after, err
}

// ask is the verdict, and no verdict where checkout is not there, or knows of no such saga.
func (v *verdicts) ask(ctx context.Context, saga uuid.UUID) Verdict {
	if v.checkout == nil {
		return Verdict{}
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	verdict, _, err := client.Call[Verdict](ctx, v.checkout, client.Request{Path: "/internal/checkout/sagas/" + saga.String()})
	if err != nil && client.Status(err) != http.StatusNotFound {
		slog.WarnContext(ctx, "asking what became of a hold", "error", err)
	}
	return verdict
}

// taken is whose stock the hold takes.
func (h Hold) taken() (skus []string) {
	for _, line := range h.Lines {
		skus = append(skus, line.Taken)
	}
	return skus
}
