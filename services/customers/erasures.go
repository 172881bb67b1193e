package customers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/erasure"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/pause"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// told is the data of what is told of a customer.
type told struct {
	Customer string `json:"customer"`
}

// erase deletes what this service has of a customer, and tells all others to, in one commit. Asked again it finds what was begun.
func (s *store) erase(ctx context.Context, tx pgx.Tx, customer string, now time.Time) (Erasure, error) {
	err := mine(ctx, tx, customer)
	if fault.Is(err, fault.NotFoundKind) {
		return oneErasure(ctx, tx, customer, `customer = $1`, customer)
	}
	if err != nil {
		return Erasure{}, err
	}
	count, err := forget(ctx, tx, customer)
	if err != nil {
		return Erasure{}, err
	}
	id, err := uuid.NewRandom() // whoever has it may read the proof
	if err != nil {
		return Erasure{}, fmt.Errorf("making the id of an erasure: %w", err)
	}
	var b pgx.Batch
	b.Queue(`INSERT INTO customers.erasures (id, customer, asked_at, told_at) VALUES ($1, $2, $3, $3)`, id, customer, now)
	b.Queue(`INSERT INTO customers.erasure_answers (erasure, service, count, at) VALUES ($1, $2, $3, $4)`, id, own, count, now)
	b.Queue(`INSERT INTO customers.erasure_answers (erasure, service) SELECT $1, unnest($2::text[])`, id, s.holders)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return Erasure{}, fmt.Errorf("beginning an erasure: %w", err)
	}
	if err := tell(ctx, tx, events.CustomerErased, customer); err != nil {
		return Erasure{}, err
	}
	return oneErasure(ctx, tx, customer, `customer = $1`, customer)
}

// forget deletes all but the tombstone. Answers that were stored for repeated requests hold addresses as well.
func forget(ctx context.Context, tx pgx.Tx, customer string) (count int64, err error) {
	for _, statement := range []string{
		`DELETE FROM customers.customers WHERE id = $1`, `DELETE FROM customers.addresses WHERE customer = $1`, `DELETE FROM customers.consents WHERE customer = $1`,
		`DELETE FROM customers.idempotency_keys WHERE caller = 'customer:' || $1`,
	} {
		tag, err := tx.Exec(ctx, statement, customer)
		if err != nil {
			return 0, fmt.Errorf("forgetting a customer: %w", err)
		}
		count += tag.RowsAffected()
	}
	return count, nil
}

func oneErasure(ctx context.Context, in querier, name, where string, args ...any) (Erasure, error) {
	list, err := erasures(ctx, in, `WHERE `+where, args...)
	if err == nil && len(list) == 0 {
		err = fault.NotFound("erasure", name)
	}
	return append(list, Erasure{})[0], err
}

// erasures reads them with what all services said.
func erasures(ctx context.Context, in querier, where string, args ...any) ([]Erasure, error) {
	rows, err := in.Query(ctx, `SELECT id, customer, asked_at, coalesce(complete_at, 'epoch'), complete_at IS NOT NULL,
		(SELECT array_agg(service ORDER BY service) FROM customers.erasure_answers a WHERE a.erasure = e.id),
		(SELECT array_agg(count ORDER BY service) FROM customers.erasure_answers a WHERE a.erasure = e.id),
		(SELECT array_agg(coalesce(at, 'epoch') ORDER BY service) FROM customers.erasure_answers a WHERE a.erasure = e.id)
		FROM customers.erasures e `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading erasures: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanErasure)
	if err != nil {
		return nil, fmt.Errorf("reading erasures: %w", err)
	}
	return list, nil
}

func scanErasure(row pgx.CollectableRow) (e Erasure, err error) {
	var complete time.Time
	var is bool
	var names []string
	var counts []*int64
	var times []time.Time
	if err := row.Scan(&e.ID, &e.Customer, &e.AskedAt, &complete, &is, &names, &counts, &times); err != nil {
		return e, err
	}
	if e.AskedAt = e.AskedAt.UTC(); is {
		e.CompleteAt = complete.UTC()
	}
	for n, name := range names {
		a := ErasureAnswer{Service: name, Count: counts[n]}
		if a.Count != nil {
			a.At = times[n].UTC()
		}
		e.Answers = append(e.Answers, a)
	}
	return e, nil
}

// open lists erasures that are not complete, for staff, after one in the order of their ids.
func (s *store) open(ctx context.Context, after uuid.UUID, limit int) ([]Erasure, error) {
	return erasures(ctx, s.db, `WHERE complete_at IS NULL AND id > $1 ORDER BY id LIMIT $2`, after, limit)
}

// answered keeps the first answer of each service; the last of them completes the erasure.
func answered(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var done erasure.Done
	if err := e.Into(&done); err != nil {
		return err
	}
	var id uuid.UUID
	err := tx.QueryRow(ctx, `SELECT id FROM customers.erasures WHERE customer = $1 FOR UPDATE`, done.Customer).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // of another shop's data
	}
	if err != nil {
		return fmt.Errorf("reading an erasure: %w", err)
	}
	var b pgx.Batch
	b.Queue(`INSERT INTO customers.erasure_answers AS a (erasure, service, count, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (erasure, service) DO UPDATE SET count = excluded.count, at = excluded.at WHERE a.count IS NULL`, id, done.Service, done.Count, e.Time)
	b.Queue(`UPDATE customers.erasures SET complete_at = $2 WHERE id = $1 AND complete_at IS NULL
		AND NOT EXISTS (SELECT FROM customers.erasure_answers WHERE erasure = $1 AND count IS NULL)`, id, e.Time)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("keeping an answer: %w", err)
	}
	return nil
}

const (
	// lookEvery is how often erasures are looked for that some service has not answered, batch how many at a time.
	lookEvery, batch = time.Minute, 100
)

// askAgain is a worker: it tells services again that have not answered.
func (s *store) askAgain(now func() time.Time) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			n, err := s.askOnce(ctx, now())
			if err != nil {
				return err
			}
			if n > 0 {
				slog.InfoContext(ctx, "telling services again of erasures that they have not answered", "erasures", n)
			}
			if !pause.For(ctx, lookEvery) {
				return nil
			}
		}
	}
}

func (s *store) askOnce(ctx context.Context, now time.Time) (n int, err error) {
	err = postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `UPDATE customers.erasures SET told_at = $1 WHERE id IN (SELECT id FROM customers.erasures
			WHERE complete_at IS NULL AND told_at <= $2 ORDER BY told_at LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING customer`, now, now.Add(-again), batch)
		if err != nil {
			return fmt.Errorf("looking for erasures: %w", err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("looking for erasures: %w", err)
		}
		for _, customer := range list {
			if err := tell(ctx, tx, events.CustomerErased, customer); err != nil {
				return err
			}
		}
		n = len(list)
		return nil
	})
	return n, err
}
