package promotions

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

// held are the coupons of checkouts that said nothing more.
var held = rounds.Table{Name: "promotions.redemptions", Open: "state = 'reserved'"}

// asks is the worker that asks checkout what became of the sagas that hold coupons: one
// that died, or lost its database, gives nothing back. A shop that has none asks nobody.
func (s *store) asks(checkout *client.Client, now func() time.Time, metrics prometheus.Registerer) *rounds.Rounds {
	kept := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "shop_promotions_kept_total", Help: "How often coupons were kept beyond their time, because checkout did not say what became of its saga.",
	})
	metrics.MustRegister(kept)
	return &rounds.Rounds{DB: s.db, Table: held, Now: now, Ask: rounds.Ask(checkout, sagas), Settle: judge, Unknown: kept.Inc}
}

// judge gives the coupons of a saga back that was undone, and commits those of an order.
func judge(ctx context.Context, tx pgx.Tx, id uuid.UUID, v rounds.Verdict) error {
	r, err := locked(ctx, tx, `id = $1`, id)
	if err != nil || r.State != Reserved {
		return err
	}
	if v.Undone() {
		_, err = change(ctx, tx, r, Redemption.Release)
		return err
	}
	_, err = commit(ctx, tx, r, v.Order)
	return err
}
