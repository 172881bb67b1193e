package returns

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// note makes the row of an order that is heard of, and locks it: what became of an order may be told before the order.
func note(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	if _, err := tx.Exec(ctx, `INSERT INTO returns.orders (id) VALUES ($1) ON CONFLICT DO NOTHING`, id); err != nil {
		return fmt.Errorf("noting an order: %w", err)
	}
	return lockOrder(ctx, tx, id)
}

// lockOrder makes whoever else returns something of this order wait until the transaction ends.
func lockOrder(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	if _, err := tx.Exec(ctx, `SELECT FROM returns.orders WHERE id = $1 FOR UPDATE`, id); err != nil {
		return fmt.Errorf("locking an order: %w", err)
	}
	return nil
}

// readOrder reads what is known of an order. One that was not told of is not there.
func readOrder(ctx context.Context, db querier, id uuid.UUID) (o Order, err error) {
	var in string
	var shipping, tax int64
	err = db.QueryRow(ctx, `SELECT id, number, customer, token_hash, locale, sent, cancelled, completed_at, currency, shipping_minor, shipping_tax_minor
		FROM returns.orders WHERE id = $1 AND placed`, id).
		Scan(&o.ID, &o.Number, &o.Customer, &o.TokenHash, &o.Locale, &o.Sent, &o.Cancelled, &o.CompletedAt, &in, &shipping, &tax)
	if errors.Is(err, pgx.ErrNoRows) {
		return Order{}, fault.NotFound("order", id.String())
	}
	if err != nil {
		return Order{}, fmt.Errorf("reading an order: %w", err)
	}
	o.Shipping, o.ShippingTax = money.New(shipping, in), money.New(tax, in)
	if o.Lines, err = readLines(ctx, db, id, in); err != nil {
		return Order{}, err
	}
	// Delivered is when the last parcel arrived, once as many of each product did as were bought.
	err = db.QueryRow(ctx, `SELECT max(at) FROM returns.deliveries WHERE order_id = $1 AND NOT EXISTS (
			SELECT FROM returns.order_lines l WHERE l.order_id = $1 GROUP BY l.sku
			HAVING sum(l.quantity) > (SELECT coalesce(sum(d.quantity), 0) FROM returns.deliveries d WHERE d.order_id = $1 AND d.sku = l.sku))`, id).Scan(&o.Delivered)
	if err != nil {
		return Order{}, fmt.Errorf("reading when an order arrived: %w", err)
	}
	return o, nil
}

// readLines reads the lines of an order. Of a return that is confirmed all is claimed, of one that has ended what came back; what is
// announced alone takes nothing from anybody.
func readLines(ctx context.Context, db querier, order uuid.UUID, currency string) ([]Line, error) {
	rows, err := db.Query(ctx, `SELECT l.line, l.sku, l.name, l.quantity, l.gross_minor, l.tax_minor, coalesce(b.claimed, 0)::bigint, coalesce(b.returned, 0)::bigint
		FROM returns.order_lines l LEFT JOIN (
			SELECT i.line, sum(CASE r.state WHEN 'confirmed' THEN i.quantity WHEN 'announced' THEN 0 ELSE i.sellable + i.damaged END) AS claimed, sum(i.sellable + i.damaged) AS returned
			FROM returns.lines i JOIN returns.returns r ON r.id = i.return_id WHERE r.order_id = $1 GROUP BY i.line) b ON b.line = l.line
		WHERE l.order_id = $1 ORDER BY l.line`, order)
	if err != nil {
		return nil, fmt.Errorf("reading an order's lines: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (l Line, err error) {
		var gross, tax int64
		err = row.Scan(&l.Line, &l.SKU, &l.Name, &l.Bought, &gross, &tax, &l.Claimed, &l.Returned)
		l.Gross, l.Tax = money.New(gross, currency), money.New(tax, currency)
		return l, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading an order's lines: %w", err)
	}
	return list, nil
}
