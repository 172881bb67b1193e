package promotions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL of rules and coupons; redeem.go has that of their use.
type store struct{ db *postgres.DB }

const (
	ruleColumns   = `id, name, percent, off_minor, currency, skus, valid_from, valid_until`
	couponColumns = `id, code, percent, off_minor, currency, minimum_minor, minimum_currency, coalesce(uses, 0), coalesce(per_customer, 0), customer, valid_from, valid_until, used, version`
)

// offRow is what is taken off, as a row has it.
type offRow struct {
	percent, currency *string
	minor             *int64
}

func (o offRow) off() (Off, error) {
	if o.percent == nil {
		return Off{Amount: money.New(*o.minor, *o.currency)}, nil
	}
	rate, err := money.Percent(*o.percent)
	return Off{Percent: rate}, err
}

func rowOf(o Off) offRow {
	if o.percentual() {
		text := o.Percent.PercentText()
		return offRow{percent: &text}
	}
	return rowOfAmount(&o.Amount)
}

func rowOfAmount(m *money.Money) offRow {
	if m == nil {
		return offRow{}
	}
	minor, currency := m.Minor(), m.Currency()
	return offRow{minor: &minor, currency: &currency}
}

func scanRule(row pgx.CollectableRow) (r Rule, err error) {
	var off offRow
	var until *time.Time
	if err := row.Scan(&r.ID, &r.Name, &off.percent, &off.minor, &off.currency, &r.SKUs, &r.Valid.From, &until); err != nil {
		return Rule{}, err
	}
	r.Valid.From, r.Valid.Until = r.Valid.From.UTC(), required(until)
	r.Off, err = off.off()
	return r, err
}

func scanCoupon(row pgx.CollectableRow) (c Coupon, err error) {
	var off, minimum offRow
	var until *time.Time
	if err := row.Scan(&c.ID, &c.Code, &off.percent, &off.minor, &off.currency, &minimum.minor, &minimum.currency, &c.Uses, &c.PerCustomer,
		&c.Customer, &c.Valid.From, &until, &c.Used, &c.Version); err != nil {
		return Coupon{}, err
	}
	c.Valid.From, c.Valid.Until = c.Valid.From.UTC(), required(until)
	if minimum.minor != nil {
		m := money.New(*minimum.minor, *minimum.currency)
		c.Minimum = &m
	}
	c.Off, err = off.off()
	return c, err
}

// batcher is a pool or a transaction.
type batcher interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// basis reads what a quote needs, in one round trip: the rules of an instant, the
// coupons by code, and how often a buyer has each already.
func basis(ctx context.Context, db batcher, at time.Time, codes, keys []string) (rules []Rule, coupons map[string]Coupon, used map[string]int64, err error) {
	coupons, used = map[string]Coupon{}, map[string]int64{}
	var b pgx.Batch
	b.Queue(`SELECT `+ruleColumns+` FROM promotions.rules WHERE valid_from <= $1 AND (valid_until IS NULL OR valid_until > $1)`, at).Query(func(rows pgx.Rows) error {
		rules, err = pgx.CollectRows(rows, scanRule)
		return err
	})
	b.Queue(`SELECT `+couponColumns+` FROM promotions.coupons WHERE code = ANY($1)`, codes).Query(func(rows pgx.Rows) error {
		all, err := pgx.CollectRows(rows, scanCoupon)
		for _, c := range all {
			coupons[c.Code] = c
		}
		return err
	})
	b.Queue(`SELECT code, max(used) FROM promotions.customer_uses WHERE code = ANY($1) AND customer = ANY($2) GROUP BY code`, codes, keys).Query(func(rows pgx.Rows) error {
		var code string
		var n int64
		_, err := pgx.ForEachRow(rows, []any{&code, &n}, func() error { used[code] = n; return nil })
		return err
	})
	if err := db.SendBatch(ctx, &b).Close(); err != nil {
		return nil, nil, nil, fmt.Errorf("reading promotions: %w", err)
	}
	return rules, coupons, used, nil
}

// rules returns up to limit promotions on items that were made after one.
func (s *store) rules(ctx context.Context, after uuid.UUID, limit int) ([]Rule, error) {
	rows, err := s.db.Query(ctx, `SELECT `+ruleColumns+` FROM promotions.rules WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("listing rules: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanRule)
	if err != nil {
		return nil, fmt.Errorf("listing rules: %w", err)
	}
	return list, nil
}

func (s *store) rule(ctx context.Context, id uuid.UUID) (Rule, error) {
	rows, err := s.db.Query(ctx, `SELECT `+ruleColumns+` FROM promotions.rules WHERE id = $1`, id)
	if err != nil {
		return Rule{}, fmt.Errorf("reading a rule: %w", err)
	}
	return one(rows, scanRule, "rule", id)
}

func insertRule(ctx context.Context, tx pgx.Tx, r Rule) error {
	off := rowOf(r.Off)
	if _, err := tx.Exec(ctx, `INSERT INTO promotions.rules (`+ruleColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		r.ID, r.Name, off.percent, off.minor, off.currency, r.SKUs, r.Valid.From, optional(r.Valid.Until)); err != nil {
		return fmt.Errorf("adding a rule: %w", err)
	}
	return nil
}

// coupons returns up to limit coupons that were made after one.
func (s *store) coupons(ctx context.Context, after uuid.UUID, limit int) ([]Coupon, error) {
	rows, err := s.db.Query(ctx, `SELECT `+couponColumns+` FROM promotions.coupons WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("listing coupons: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanCoupon)
	if err != nil {
		return nil, fmt.Errorf("listing coupons: %w", err)
	}
	return list, nil
}

func (s *store) coupon(ctx context.Context, id uuid.UUID) (Coupon, error) {
	rows, err := s.db.Query(ctx, `SELECT `+couponColumns+` FROM promotions.coupons WHERE id = $1`, id)
	if err != nil {
		return Coupon{}, fmt.Errorf("reading a coupon: %w", err)
	}
	return one(rows, scanCoupon, "coupon", id)
}

func insertCoupon(ctx context.Context, tx pgx.Tx, c Coupon) error {
	off, minimum := rowOf(c.Off), rowOfAmount(c.Minimum)
	_, err := tx.Exec(ctx, `INSERT INTO promotions.coupons (id, code, percent, off_minor, currency, minimum_minor, minimum_currency, uses, per_customer, customer, valid_from, valid_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, nullif($8::bigint, 0), nullif($9::bigint, 0), $10, $11, $12)`,
		c.ID, c.Code, off.percent, off.minor, off.currency, minimum.minor, minimum.currency, c.Uses, c.PerCustomer, c.Customer, c.Valid.From, optional(c.Valid.Until))
	var sql *pgconn.PgError
	if errors.As(err, &sql) && sql.Code == "23505" {
		return fault.Conflict(fault.ConflictKind, "There is a coupon with this code.")
	}
	if err != nil {
		return fmt.Errorf("adding a coupon: %w", err)
	}
	return nil
}

// one reads the thing with an id.
func one[T any](rows pgx.Rows, scan pgx.RowToFunc[T], what string, id uuid.UUID) (T, error) {
	found, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return found, fault.NotFound(what, id.String())
	}
	if err != nil {
		return found, fmt.Errorf("reading a %s: %w", what, err)
	}
	return found, nil
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func required(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
