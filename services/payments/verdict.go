package payments

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

// orphans are payments that have no order, and nobody cancelled.
var orphans = rounds.Table{Name: "payments.payments", Open: "order_id IS NULL AND NOT cancelled"}

// asks is the worker that asks checkout what became of the sagas of such payments: a
// checkout that died, or lost its database, voids nothing. A shop that has none asks nobody.
func (t *till) asks(checkout *client.Client, now func() time.Time, metrics prometheus.Registerer) *rounds.Rounds {
	kept := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "shop_payments_kept_total", Help: "How often a payment without an order was kept, because checkout did not say what became of its saga.",
	})
	metrics.MustRegister(kept)
	return &rounds.Rounds{DB: t.store.db, Table: orphans, Now: now, Ask: rounds.Ask(checkout, sagas), Settle: t.judge, Unknown: kept.Inc}
}

// judge voids or gives back the payment of a saga that was undone. Of one that was
// placed the event comes, which also tells the tax.
func (t *till) judge(ctx context.Context, tx pgx.Tx, id uuid.UUID, v rounds.Verdict) error {
	if !v.Undone() {
		return nil
	}
	p, err := readPayment(ctx, tx, id, locked)
	if err != nil || p.Order != nil || p.Cancelled {
		return err
	}
	failed, err := t.failed(ctx, tx, p)
	if err != nil {
		return err
	}
	after, err := t.unwind(ctx, tx, p.Cancel())
	if err != nil {
		return err
	}
	return save(ctx, tx, p, after, after.State(failed))
}
