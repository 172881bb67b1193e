package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// source is who tells; its schema has the same name.
const source = "inventory"

// emits are the events that inventory tells.
var emits = []events.Type{events.HoldReleased, events.ShortfallDetected, events.StockChanged}

// takes are the events that have an effect here.
var takes = inbox.Handlers{events.OrderPlaced: orderPlaced, events.OrderCancelled: orderCancelled, events.ReturnAccepted: returnAccepted}

// orderPlaced sells the hold of an order. It may come before or after checkout's own commit.
func orderPlaced(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data struct{ Order, Hold uuid.UUID }
	if err := e.Into(&data); err != nil {
		return err
	}
	_, err := commit(ctx, tx, data.Hold, data.Order)
	return err
}

// orderCancelled puts the goods of an order back. How many these are, the hold says: what was missing never left.
func orderCancelled(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data struct {
		Order   uuid.UUID
		Restock bool
	}
	if err := e.Into(&data); err != nil {
		return err
	}
	_, err := cancel(ctx, tx, data.Order, data.Restock)
	return err
}

// tell puts into the outbox what others must know of a hold that changed.
func tell(ctx context.Context, tx pgx.Tx, before, after Hold) error {
	if after.State == Released && before.State == Open {
		data := map[string]any{"hold": after.ID, "saga": after.Saga, "reason": after.Reason}
		if err := put(ctx, tx, events.HoldReleased, after.ID.String(), data); err != nil {
			return err
		}
	}
	if after.State != Committed || before.State == Committed {
		return nil
	}
	for _, line := range after.Missing() {
		data := map[string]any{"order": after.Order, "sku": line.Taken, "missing": line.Missing}
		if err := put(ctx, tx, events.ShortfallDetected, after.Order.String(), data); err != nil {
			return err
		}
	}
	return nil
}

func put(ctx context.Context, tx pgx.Tx, t events.Type, subject string, data any) error {
	e, err := events.New(ctx, source, t, subject, data)
	if err != nil {
		return err
	}
	return outbox.Put(ctx, tx, source, e)
}

const (
	// tellEvery is how often what can be bought is told, of a product that changed.
	tellEvery = time.Second
	// tellBatch bounds what is told in one transaction.
	tellBatch = 500
)

// teller tells how many of a product can be bought. It compares with what it told
// last, so nothing is lost when it dies, and writes no row that a hold waits for.
type teller struct {
	store *store
	now   func() time.Time
}

// run tells until ctx ends.
func (t *teller) run(ctx context.Context) error {
	for {
		n, err := t.round(ctx)
		if err != nil {
			return err
		}
		if n == tellBatch { // of other products
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(tellEvery):
		}
	}
}

// round tells of the products that changed since, and how many these were.
func (t *teller) round(ctx context.Context) (n int, err error) {
	err = postgres.InTx(ctx, t.store.db, func(tx pgx.Tx) error {
		changed, err := untold(ctx, tx)
		if err != nil {
			return err
		}
		at := t.now().UTC().Truncate(time.Millisecond)
		for _, s := range changed {
			data := map[string]any{"sku": s.SKU, "available": s.Available, "at": at}
			if err := put(ctx, tx, events.StockChanged, s.SKU, data); err != nil {
				return err
			}
		}
		n = len(changed)
		return nil
	})
	return n, err
}

// level is how many of a product can be bought.
type level struct {
	SKU       string
	Available int64
}

// untold reads what is not as it was told last, and notes it as told.
func untold(ctx context.Context, tx pgx.Tx) ([]level, error) {
	rows, err := tx.Query(ctx, `WITH now AS (SELECT s.sku, CASE WHEN f.unlimited THEN $1::bigint ELSE greatest(0, f.on_hand - f.reserved) END / coalesce(s.pieces, 1) AS available
			FROM inventory.stock s JOIN inventory.stock f ON f.sku = coalesce(s.piece, s.sku)),
		changed AS (SELECT n.sku, n.available FROM now n LEFT JOIN inventory.told t ON t.sku = n.sku WHERE t.available IS DISTINCT FROM n.available ORDER BY n.sku LIMIT $2)
		INSERT INTO inventory.told (sku, available) SELECT sku, available FROM changed
		ON CONFLICT (sku) DO UPDATE SET available = excluded.available RETURNING sku, available`, mostUnits, tellBatch)
	if err != nil {
		return nil, fmt.Errorf("looking what changed: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[level])
	if err != nil {
		return nil, fmt.Errorf("looking what changed: %w", err)
	}
	return list, nil
}
