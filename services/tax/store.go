package tax

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL.
type store struct{ db *postgres.DB }

// kept is how long an answer of the register stands.
const kept = 24 * time.Hour

const columns = `id, country, class, percent, begins::text`

func scan(row pgx.CollectableRow) (Rate, error) {
	var r Rate
	var percent string
	if err := row.Scan(&r.ID, &r.Country, &r.Class, &percent, &r.From); err != nil {
		return Rate{}, err
	}
	var err error
	r.Percent, err = money.Percent(percent)
	return r, err
}

// basis reads what a quote needs, in one round trip: the rates of a country, and the
// classes of those products that are not standard.
func (s *store) basis(ctx context.Context, country string, skus []string) (rates Rates, of map[string]string, err error) {
	of = map[string]string{}
	var b pgx.Batch
	b.Queue(`SELECT `+columns+` FROM tax.rates WHERE country = $1`, country).Query(func(rows pgx.Rows) error {
		rates, err = pgx.CollectRows(rows, scan)
		return err
	})
	b.Queue(`SELECT sku, class FROM tax.classes WHERE sku = ANY($1)`, skus).Query(func(rows pgx.Rows) error {
		var sku, class string
		_, err := pgx.ForEachRow(rows, []any{&sku, &class}, func() error { of[sku] = class; return nil })
		return err
	})
	if err := s.db.SendBatch(ctx, &b).Close(); err != nil {
		return nil, nil, fmt.Errorf("reading rates: %w", err)
	}
	return rates, of, nil
}

// rate reads one.
func (s *store) rate(ctx context.Context, id uuid.UUID) (Rate, error) {
	list, err := s.rates(ctx, `id = $1`, id)
	if err == nil && len(list) == 0 {
		return Rate{}, fault.NotFound("rate", id.String())
	}
	if err != nil {
		return Rate{}, err
	}
	return list[0], nil
}

// place is the key of a rate in the list of all.
type place struct {
	Country string    `json:"c"`
	Class   string    `json:"k"`
	From    string    `json:"f"`
	ID      uuid.UUID `json:"i"`
}

// list returns up to limit rates after a place, of a country or of all.
func (s *store) list(ctx context.Context, country string, after place, limit int) ([]Rate, error) {
	return s.rates(ctx, `($1 = '' OR country = $1) AND (country, class, begins::text, id) > ($2, $3, $4, $5) ORDER BY country, class, begins, id LIMIT $6`,
		country, after.Country, after.Class, after.From, after.ID, limit)
}

func (s *store) rates(ctx context.Context, where string, args ...any) ([]Rate, error) {
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM tax.rates WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("listing rates: %w", err)
	}
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("listing rates: %w", err)
	}
	return list, nil
}

// insert adds a rate.
func insert(ctx context.Context, tx pgx.Tx, r Rate) error {
	_, err := tx.Exec(ctx, `INSERT INTO tax.rates (id, country, class, percent, begins) VALUES ($1, $2, $3, $4, $5::text::date)`,
		r.ID, r.Country, r.Class, r.Percent.PercentText(), r.From)
	if err != nil {
		return fmt.Errorf("adding a rate: %w", err)
	}
	return nil
}

// class of a product, and its version; 0 is a product that was never classed.
func (s *store) class(ctx context.Context, sku string) (class string, version int64, err error) {
	err = s.db.QueryRow(ctx, `SELECT class, version FROM tax.classes WHERE sku = $1`, sku).Scan(&class, &version)
	if errors.Is(err, pgx.ErrNoRows) {
		return Standard, 0, nil
	}
	if err != nil {
		return "", 0, fmt.Errorf("reading a class: %w", err)
	}
	return class, version, nil
}

// classify writes the class of a product over the version that it was read at.
func (s *store) classify(ctx context.Context, sku, class string, version int64) error {
	tag, err := s.db.Exec(ctx, `INSERT INTO tax.classes (sku, class) SELECT $1, $2 WHERE $3 = 0 OR EXISTS (SELECT FROM tax.classes WHERE sku = $1)
		ON CONFLICT (sku) DO UPDATE SET class = excluded.class, version = classes.version + 1 WHERE classes.version = $3`, sku, class, version)
	if err != nil {
		return fmt.Errorf("writing a class: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fault.Stale()
	}
	return nil
}

// checked is what the register said lately.
func (s *store) checked(ctx context.Context, n Number, now time.Time) (Verdict, error) {
	var registered bool
	err := s.db.QueryRow(ctx, `SELECT registered FROM tax.vat_checks WHERE number = $1 AND checked_at > $2`, n.String(), now.Add(-kept)).Scan(&registered)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Unchecked, nil
	case err != nil:
		return Unchecked, fmt.Errorf("reading what the register said: %w", err)
	case registered:
		return Registered, nil
	}
	return NotRegistered, nil
}

func (s *store) note(ctx context.Context, n Number, v Verdict, now time.Time) error {
	_, err := s.db.Exec(ctx, `INSERT INTO tax.vat_checks (number, registered, checked_at) VALUES ($1, $2, $3)
		ON CONFLICT (number) DO UPDATE SET registered = excluded.registered, checked_at = excluded.checked_at`, n.String(), v == Registered, now)
	if err != nil {
		return fmt.Errorf("noting what the register said: %w", err)
	}
	return nil
}
