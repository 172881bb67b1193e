package loyalty

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/rounds"
)

// sagas is where checkout tells what became of one.
const sagas = "/internal/checkout/sagas/"

// held are the points and cards of checkouts that said nothing more.
var held = rounds.Table{Name: "loyalty.holds", Open: "state = 'reserved'"}

// asks is the worker that asks checkout what became of the sagas that hold something: one
// that died gives nothing back. A shop that has no checkout asks nobody.
func (s *store) asks(checkout *client.Client, now func() time.Time, metrics prometheus.Registerer) *rounds.Rounds {
	kept := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "shop_loyalty_kept_total", Help: "How often points or cards were kept beyond their time, because checkout did not say what became of its saga.",
	})
	metrics.MustRegister(kept)
	return &rounds.Rounds{DB: s.db, Table: held, Now: now, Ask: rounds.Ask(checkout, sagas), Unknown: kept.Inc, Settle: func(ctx context.Context, tx pgx.Tx, id uuid.UUID, v rounds.Verdict) error {
		return judge(ctx, tx, id, v, instant(now))
	}}
}

// instant is now, as the database keeps it.
func instant(now func() time.Time) time.Time { return now().UTC().Truncate(time.Microsecond) }

// judge gives back what a saga held that was undone, and commits what an order has.
func judge(ctx context.Context, tx pgx.Tx, id uuid.UUID, v rounds.Verdict, now time.Time) error {
	if v.Placed() {
		return settled(ctx, tx, id, v.Order, now)
	}
	h, err := lockHold(ctx, tx, `id = $1`, id)
	if err != nil || h.State != Reserved {
		return err
	}
	return release(ctx, tx, h, now)
}

// settled commits a hold, and books what follows of what is known of the order.
func settled(ctx context.Context, tx pgx.Tx, id, order uuid.UUID, now time.Time) error {
	if err := lockOrder(ctx, tx, order); err != nil {
		return err
	}
	h, err := lockHold(ctx, tx, `id = $1`, id)
	if err != nil {
		return err
	}
	if err := commit(ctx, tx, h, order, now); err != nil {
		return err
	}
	return settle(ctx, tx, order, now)
}
