package loyalty

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL of points; holds.go has that of checkouts, cards.go that of gift cards, orders.go that of orders.
type store struct{ db *postgres.DB }

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// lockAccounts makes whoever else changes the points of these customers wait until the transaction ends. All lock them in one order.
func lockAccounts(ctx context.Context, tx pgx.Tx, customers ...string) error {
	if _, err := tx.Exec(ctx, `INSERT INTO loyalty.accounts (customer) SELECT DISTINCT c FROM unnest($1::text[]) c WHERE c <> '' ORDER BY c ON CONFLICT DO NOTHING`, customers); err != nil {
		return fmt.Errorf("opening an account: %w", err)
	}
	if _, err := tx.Exec(ctx, `SELECT FROM loyalty.accounts WHERE customer = ANY($1) ORDER BY customer FOR UPDATE`, customers); err != nil {
		return fmt.Errorf("locking an account: %w", err)
	}
	return nil
}

// sums reads what the ledger says of a customer. Who decides by it has locked the account in an earlier statement: this one
// sees what was committed before it began.
func sums(ctx context.Context, db querier, customer string, now time.Time) (s Sums, err error) {
	err = db.QueryRow(ctx, `SELECT coalesce(sum(points), 0), coalesce(sum(points) FILTER (WHERE expires_at <= $2), 0), coalesce(-sum(points) FILTER (WHERE points < 0), 0),
			(SELECT coalesce(sum(h.points), 0) FROM loyalty.holds h WHERE h.customer = $1 AND h.state = 'reserved' AND h.points > 0),
			coalesce(sum(points) FILTER (WHERE kind IN ('earned', 'taken-back') AND at > $3), 0), min(expires_at) FILTER (WHERE expires_at > $2)
		FROM loyalty.points WHERE customer = $1`, customer, now, now.AddDate(0, -year, 0)).
		Scan(&s.Balance, &s.Old, &s.Taken, &s.Held, &s.Year, &s.Next)
	if err != nil {
		return Sums{}, fmt.Errorf("adding up points: %w", err)
	}
	return s, nil
}

// book writes a line of the ledger.
func book(ctx context.Context, tx pgx.Tx, e Entry) error {
	_, err := tx.Exec(ctx, `INSERT INTO loyalty.points (id, customer, kind, points, order_id, expires_at, reason, staff, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		e.ID, e.Customer, e.Kind, e.Points, e.Order, e.Expires, e.Reason, e.Staff, e.At)
	if err == nil && e.Expires != nil {
		_, err = tx.Exec(ctx, `UPDATE loyalty.accounts SET sweep_at = least(sweep_at, $2) WHERE customer = $1`, e.Customer, e.Expires)
	}
	if err != nil {
		return fmt.Errorf("booking points: %w", err)
	}
	return nil
}

// post books points of a kind; none is nothing.
func post(ctx context.Context, tx pgx.Tx, customer string, kind Kind, points int64, order *uuid.UUID, at time.Time) error {
	if points == 0 || customer == "" {
		return nil
	}
	e, err := newEntry(customer, kind, points, order, at)
	if err != nil {
		return err
	}
	return book(ctx, tx, e)
}

// lapse takes what is due of an account that is locked, and tells what is left.
func lapse(ctx context.Context, tx pgx.Tx, customer string, now time.Time) (Sums, error) {
	s, err := sums(ctx, tx, customer, now)
	if err != nil {
		return Sums{}, err
	}
	if err := post(ctx, tx, customer, Lapsed, -s.Due(), nil, now); err != nil {
		return Sums{}, err
	}
	if _, err := tx.Exec(ctx, `UPDATE loyalty.accounts SET sweep_at = coalesce($2, 'infinity'::timestamptz) WHERE customer = $1`, customer, s.Next); err != nil {
		return Sums{}, fmt.Errorf("noting when points expire next: %w", err)
	}
	due := s.Due()
	s.Balance, s.Taken = s.Balance-due, s.Taken+due
	return s, nil
}

// correct gives or takes points as a member of staff says.
func correct(ctx context.Context, tx pgx.Tx, customer string, points int64, reason, staff string, now time.Time) error {
	if err := lockAccounts(ctx, tx, customer); err != nil {
		return err
	}
	s, err := lapse(ctx, tx, customer, now)
	if err != nil {
		return err
	}
	if err := s.Correct(points); err != nil {
		return err
	}
	e, err := newEntry(customer, Corrected, points, nil, now)
	if err != nil {
		return err
	}
	e.Reason, e.Staff = reason, staff
	return book(ctx, tx, e)
}

// entries returns up to limit lines of a customer that are older than one, the newest first.
func (s *store) entries(ctx context.Context, customer string, before uuid.UUID, limit int) ([]Entry, error) {
	rows, err := s.db.Query(ctx, `SELECT id, customer, kind, points, order_id, expires_at, reason, staff, at FROM loyalty.points
		WHERE customer = $1 AND id < $2 ORDER BY id DESC LIMIT $3`, customer, before, limit)
	if err != nil {
		return nil, fmt.Errorf("listing points: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Entry])
	if err != nil {
		return nil, fmt.Errorf("listing points: %w", err)
	}
	return list, nil
}

// tiers are in the order in which they are reached.
func tiers(ctx context.Context, db querier) ([]Tier, error) {
	rows, err := db.Query(ctx, `SELECT name, points FROM loyalty.tiers ORDER BY points`)
	if err != nil {
		return nil, fmt.Errorf("listing tiers: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Tier])
	if err != nil {
		return nil, fmt.Errorf("listing tiers: %w", err)
	}
	return list, nil
}
