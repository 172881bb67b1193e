package inventory

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/rounds"
)

const (
	// sagas is where checkout tells what became of one.
	sagas = "/internal/checkout/sagas/"
	// askedFor is how many holds are asked for when somebody waits for their goods.
	askedFor = 16
)

// verdicts ask checkout what became of holds whose time is over: a worker of all of
// them, and a request of those whose goods it wants.
type verdicts struct {
	store *store
	now   func() time.Time
	// asks: there is a checkout that can be asked. What serves in the sample shop knows none, so that no two services wait for each
	// other's requests: there the worker alone asks, every second.
	asks   bool
	rounds *rounds.Rounds
	// kept counts how often a hold was kept because there was no verdict.
	kept prometheus.Counter
}

// newVerdicts asks a checkout; none is in a shop that has none: then nobody knows.
func newVerdicts(s *store, now func() time.Time, checkout *client.Client, metrics prometheus.Registerer) *verdicts {
	v := &verdicts{store: s, now: now, asks: checkout != nil, kept: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "shop_inventory_holds_kept_total", Help: "How often a hold was kept beyond its time, because checkout did not say what became of it.",
	})}
	metrics.MustRegister(v.kept)
	v.rounds = &rounds.Rounds{
		DB: s.db, Table: rounds.Table{Name: "inventory.holds", Open: "state = 'open'"}, Now: now, Ask: rounds.Ask(checkout, sagas), Unknown: v.kept.Inc,
		Settle: func(ctx context.Context, tx pgx.Tx, id uuid.UUID, verdict rounds.Verdict) error {
			_, err := settle(ctx, tx, id, verdict)
			return err
		},
	}
	return v
}

// settle does what follows from a verdict.
func settle(ctx context.Context, tx pgx.Tx, hold uuid.UUID, verdict rounds.Verdict) (Hold, error) {
	if verdict.Undone() {
		return release(ctx, tx, hold, Expired)
	}
	return commit(ctx, tx, hold, verdict.Order)
}

// overdue is a hold whose time is over.
type overdue struct {
	ID, Saga uuid.UUID
	Asked    int
}

// free asks for holds whose time is over, of products that somebody else wants now,
// and tells whether one of them was given back. Two who want them may ask for one: what
// comes of it is done once. Who can ask nobody leaves that to the worker, and its turn
// as it is.
func (v *verdicts) free(ctx context.Context, skus []string) bool {
	if !v.asks {
		return false
	}
	found, err := v.store.overdue(ctx, v.now(), skus, askedFor)
	if err != nil {
		slog.WarnContext(ctx, "looking for holds whose time is over", "error", err)
		return false
	}
	freed := make([]bool, len(found))
	var all sync.WaitGroup
	for n, one := range found {
		all.Go(func() { freed[n] = v.freed(ctx, one) })
	}
	all.Wait()
	for _, one := range freed {
		if one {
			return true
		}
	}
	return false
}

// freed asks what became of a hold's saga, and tells whether it was given back. No lock waits for checkout.
func (v *verdicts) freed(ctx context.Context, one overdue) bool {
	verdict := v.rounds.Ask(ctx, one.Saga.String())
	var after Hold
	err := postgres.InTx(ctx, v.store.db, func(tx pgx.Tx) (err error) {
		if !verdict.Decided() { // the next who wants the goods need not ask again
			v.kept.Inc()
			return postpone(ctx, tx, one.ID, v.now().Add(rounds.Pause(one.Asked)))
		}
		after, err = settle(ctx, tx, one.ID, verdict)
		return err
	})
	if err != nil {
		slog.WarnContext(ctx, "settling a hold whose time is over", "error", err)
	}
	return after.State == Released
}

// taken is whose stock the hold takes.
func (h Hold) taken() (skus []string) {
	for _, line := range h.Lines {
		skus = append(skus, line.Taken)
	}
	return skus
}
