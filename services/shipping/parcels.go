package shipping

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// lockOrder makes whoever else packs or cancels this order wait until the transaction ends, also where nothing is known of it yet.
func lockOrder(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	if _, err := tx.Exec(ctx, `SELECT FROM shipping.orders WHERE id = $1 FOR UPDATE`, id); err != nil {
		return fmt.Errorf("locking an order: %w", err)
	}
	return nil
}

// note makes the row of an order that is heard of, and locks it.
func note(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	if _, err := tx.Exec(ctx, `INSERT INTO shipping.orders (id) VALUES ($1) ON CONFLICT DO NOTHING`, id); err != nil {
		return fmt.Errorf("noting an order: %w", err)
	}
	return lockOrder(ctx, tx, id)
}

// packing is what staff puts into a parcel.
type packing struct {
	Order             uuid.UUID
	Items             []Item
	Carrier, Tracking string
	Grams             int64
	// From is the country that sends, for a tracking number of our own.
	From string
}

// pack makes a parcel. The order is locked before it is read: of two who pack the last piece, one does.
func pack(ctx context.Context, tx pgx.Tx, in packing, now time.Time) (Parcel, error) {
	if err := lockOrder(ctx, tx, in.Order); err != nil {
		return Parcel{}, err
	}
	o, err := readOrder(ctx, tx, in.Order)
	if err != nil {
		return Parcel{}, err
	}
	goods, shipping, items, err := o.Pack(in.Items)
	if err != nil {
		return Parcel{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Parcel{}, err
	}
	p := Parcel{ID: id, Order: o.ID, State: Packed, Carrier: in.Carrier, Tracking: in.Tracking, Grams: in.Grams, Items: items, Goods: goods, Shipping: shipping, PackedAt: now, Version: 1}
	if p.Tracking == "" {
		var serial int64
		if err := tx.QueryRow(ctx, `SELECT nextval('shipping.serials')`).Scan(&serial); err != nil {
			return Parcel{}, fmt.Errorf("drawing a tracking number: %w", err)
		}
		p.Tracking = TrackingNumber(serial, in.From)
	}
	return p, insertParcel(ctx, tx, p)
}

func insertParcel(ctx context.Context, tx pgx.Tx, p Parcel) error {
	_, err := tx.Exec(ctx, `INSERT INTO shipping.parcels (id, order_id, state, carrier, tracking, grams, currency, goods_minor, shipping_minor, packed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		p.ID, p.Order, p.State, p.Carrier, p.Tracking, p.Grams, p.Goods.Currency(), p.Goods.Minor(), p.Shipping.Minor(), p.PackedAt)
	if err := taken(err, "There is a parcel with this tracking number.", "making a parcel"); err != nil {
		return err
	}
	for _, i := range p.Items {
		if _, err := tx.Exec(ctx, `INSERT INTO shipping.parcel_lines (parcel, sku, quantity, amount_minor) VALUES ($1, $2, $3, $4)`, p.ID, i.SKU, i.Quantity, i.Amount.Minor()); err != nil {
			return fmt.Errorf("packing a line: %w", err)
		}
	}
	return nil
}

// readParcels reads parcels with what is in them.
func readParcels(ctx context.Context, db querier, where string, args ...any) ([]Parcel, error) {
	rows, err := db.Query(ctx, `SELECT id, order_id, state, carrier, tracking, grams, currency, goods_minor, shipping_minor, packed_at, sent_at, delivered_at, version,
			(SELECT array_agg(sku ORDER BY sku) FROM shipping.parcel_lines WHERE parcel = p.id), (SELECT array_agg(quantity ORDER BY sku) FROM shipping.parcel_lines WHERE parcel = p.id),
			(SELECT array_agg(amount_minor ORDER BY sku) FROM shipping.parcel_lines WHERE parcel = p.id)
		FROM shipping.parcels p `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading parcels: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanParcel)
	if err != nil {
		return nil, fmt.Errorf("reading parcels: %w", err)
	}
	return list, nil
}

func scanParcel(row pgx.CollectableRow) (p Parcel, err error) {
	var currency string
	var goods, shipping int64
	var skus []string
	var quantities, amounts []int64
	err = row.Scan(&p.ID, &p.Order, &p.State, &p.Carrier, &p.Tracking, &p.Grams, &currency, &goods, &shipping, &p.PackedAt, &p.SentAt, &p.DeliveredAt, &p.Version, &skus, &quantities, &amounts)
	p.Goods, p.Shipping = money.New(goods, currency), money.New(shipping, currency)
	for n, sku := range skus {
		p.Items = append(p.Items, Item{sku, quantities[n], money.New(amounts[n], currency)})
	}
	return p, err
}

func readParcel(ctx context.Context, db querier, id uuid.UUID) (Parcel, error) {
	found, err := readParcels(ctx, db, `WHERE id = $1`, id)
	if err == nil && len(found) == 0 {
		err = fault.NotFound("parcel", id.String())
	}
	if err != nil {
		return Parcel{}, err
	}
	return found[0], nil
}

// change does what a rule says to a parcel, and tells of it. Its order is locked meanwhile: one that is cancelled just now is not sent.
func change(ctx context.Context, tx pgx.Tx, id uuid.UUID, rule func(p Parcel, cancelled bool) (Parcel, error)) (Parcel, error) {
	seen, err := readParcel(ctx, tx, id)
	if err != nil {
		return Parcel{}, err
	}
	if err := lockOrder(ctx, tx, seen.Order); err != nil {
		return Parcel{}, err
	}
	o, err := readOrder(ctx, tx, seen.Order)
	if err != nil {
		return Parcel{}, err
	}
	before, err := readParcel(ctx, tx, id)
	if err != nil {
		return Parcel{}, err
	}
	after, err := rule(before, o.Cancelled)
	if err != nil || after.State == before.State {
		return after, err
	}
	if _, err := tx.Exec(ctx, `UPDATE shipping.parcels SET state = $2, sent_at = $3, delivered_at = $4, version = $5 WHERE id = $1`, id, after.State, after.SentAt, after.DeliveredAt, after.Version); err != nil {
		return Parcel{}, fmt.Errorf("changing a parcel: %w", err)
	}
	return after, tell(ctx, tx, after)
}
