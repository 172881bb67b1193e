package shipping

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL of rates; parcels.go has that of orders and parcels.
type store struct{ db *postgres.DB }

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

const rateColumns = `id, country, method, name, price_minor, free_from_minor, currency, coalesce(max_grams, 0), version`

func scanRate(row pgx.CollectableRow) (r Rate, err error) {
	var price int64
	var free *int64
	var currency string
	err = row.Scan(&r.ID, &r.Country, &r.Method, &r.Name, &price, &free, &currency, &r.MaxGrams, &r.Version)
	r.Price = money.New(price, currency)
	if free != nil {
		from := money.New(*free, currency)
		r.FreeFrom = &from
	}
	return r, err
}

func readRates(ctx context.Context, db querier, where string, args ...any) ([]Rate, error) {
	rows, err := db.Query(ctx, `SELECT `+rateColumns+` FROM shipping.rates `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading rates: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanRate)
	if err != nil {
		return nil, fmt.Errorf("reading rates: %w", err)
	}
	return list, nil
}

func (s *store) rate(ctx context.Context, id uuid.UUID) (Rate, error) {
	found, err := readRates(ctx, s.db, `WHERE id = $1`, id)
	if err == nil && len(found) == 0 {
		err = fault.NotFound("rate", id.String())
	}
	if err != nil {
		return Rate{}, err
	}
	return found[0], nil
}

func (r Rate) free() *int64 {
	if r.FreeFrom == nil {
		return nil
	}
	minor := r.FreeFrom.Minor()
	return &minor
}

func insertRate(ctx context.Context, tx pgx.Tx, r Rate) error {
	_, err := tx.Exec(ctx, `INSERT INTO shipping.rates (id, country, method, name, price_minor, free_from_minor, currency, max_grams) VALUES ($1, $2, $3, $4, $5, $6, $7, nullif($8::bigint, 0))`,
		r.ID, r.Country, r.Method, r.Name, r.Price.Minor(), r.free(), r.Price.Currency(), r.MaxGrams)
	return taken(err, "There is a rate for this country, method, currency and weight.", "adding a rate")
}

// taken tells who is second of something that can be there once.
func taken(err error, detail, doing string) error {
	var sql *pgconn.PgError
	if errors.As(err, &sql) && sql.Code == "23505" {
		return fault.Conflict(fault.ConflictKind, detail)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// save writes a rate over the version that it was read at: of two who read one version, the second finds none.
func (s *store) save(ctx context.Context, before, after Rate) error {
	tag, err := s.db.Exec(ctx, `UPDATE shipping.rates SET name = $3, price_minor = $4, free_from_minor = $5, version = version + 1 WHERE id = $1 AND version = $2`,
		before.ID, before.Version, after.Name, after.Price.Minor(), after.free())
	if err != nil {
		return fmt.Errorf("changing a rate: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fault.Stale()
	}
	return nil
}

// readOrder reads what is to be sent. One that was not told of is not there.
func readOrder(ctx context.Context, db querier, id uuid.UUID) (o Order, err error) {
	var shipping int64
	var currency string
	var address []byte
	err = db.QueryRow(ctx, `SELECT id, cancelled, customer, token_hash, shipping_minor, currency, address FROM shipping.orders WHERE id = $1 AND placed`, id).
		Scan(&o.ID, &o.Cancelled, &o.Customer, &o.TokenHash, &shipping, &currency, &address)
	if errors.Is(err, pgx.ErrNoRows) {
		return Order{}, fault.NotFound("order", id.String())
	}
	if err == nil && address != nil {
		o.Address = &Address{}
		err = json.Unmarshal(address, o.Address)
	}
	if err != nil {
		return Order{}, fmt.Errorf("reading an order: %w", err)
	}
	o.Shipping = money.New(shipping, currency)
	rows, err := db.Query(ctx, `SELECT sku, name, quantity, total_minor, (SELECT coalesce(sum(i.quantity), 0)::bigint FROM shipping.parcel_lines i
			JOIN shipping.parcels p ON p.id = i.parcel WHERE p.order_id = l.order_id AND i.sku = l.sku)
		FROM shipping.order_lines l WHERE order_id = $1 ORDER BY sku`, id)
	if err != nil {
		return Order{}, fmt.Errorf("reading an order's lines: %w", err)
	}
	o.Lines, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (l Line, err error) {
		var total int64
		err = row.Scan(&l.SKU, &l.Name, &l.Quantity, &total, &l.Packed)
		l.Total = money.New(total, currency)
		return l, err
	})
	if err != nil {
		return Order{}, fmt.Errorf("reading an order's lines: %w", err)
	}
	return o, nil
}
