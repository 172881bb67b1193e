package pspfake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL.
type store struct{ db *postgres.DB }

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

const authorizationColumns = `id, reference, minor, currency, state, decline_code, card, captured, refunded, released, version`

func scanAuthorization(row pgx.Row) (a Authorization, err error) {
	err = row.Scan(&a.ID, &a.Reference, &a.Minor, &a.Currency, &a.State, &a.DeclineCode, &a.Card, &a.Captured, &a.Refunded, &a.Released, &a.Version)
	return a, err
}

// authorization reads one; lock is FOR UPDATE where it will be changed.
func authorization(ctx context.Context, db querier, id uuid.UUID, lock string) (Authorization, error) {
	a, err := scanAuthorization(db.QueryRow(ctx, `SELECT `+authorizationColumns+` FROM psp_fake.authorizations WHERE id = $1 `+lock, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return a, fault.NotFound("authorisation", id.String())
	}
	if err != nil {
		return a, fmt.Errorf("reading an authorisation: %w", err)
	}
	return a, nil
}

// referred lists the authorisations of a reference, or all, by their order.
func (s *store) referred(ctx context.Context, reference string, after uuid.UUID, limit int) ([]Authorization, error) {
	rows, err := s.db.Query(ctx, `SELECT `+authorizationColumns+` FROM psp_fake.authorizations
		WHERE id > $1 AND ($2 = '' OR reference = $2) ORDER BY id LIMIT $3`, after, reference, limit)
	if err != nil {
		return nil, fmt.Errorf("listing authorisations: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Authorization, error) { return scanAuthorization(row) })
	if err != nil {
		return nil, fmt.Errorf("listing authorisations: %w", err)
	}
	return list, nil
}

func insertAuthorization(ctx context.Context, tx pgx.Tx, a Authorization) error {
	_, err := tx.Exec(ctx, `INSERT INTO psp_fake.authorizations (id, reference, minor, currency, state, decline_code, card) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		a.ID, a.Reference, a.Minor, a.Currency, a.State, a.DeclineCode, a.Card)
	if err != nil {
		return fmt.Errorf("authorising: %w", err)
	}
	return book(ctx, tx, Authorization{State: Authorized}, a)
}

// change writes an operation and what it did. The row of the authorisation is locked.
func change(ctx context.Context, tx pgx.Tx, before, after Authorization, o Operation) error {
	_, err := tx.Exec(ctx, `UPDATE psp_fake.authorizations SET captured = $2, refunded = $3, released = $4, version = $5 WHERE id = $1`,
		after.ID, after.Captured, after.Refunded, after.Released, after.Version)
	if err == nil {
		_, err = tx.Exec(ctx, `INSERT INTO psp_fake.operations (id, authorization_id, reference, kind, minor, currency, state, released) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			o.ID, o.Authorization, o.Reference, o.Kind, o.Minor, o.Currency, o.State, o.Released)
	}
	if err != nil {
		return fmt.Errorf("writing a %s: %w", o.Kind, err)
	}
	return book(ctx, tx, before, after)
}

// book writes a movement into the ledger.
func book(ctx context.Context, tx pgx.Tx, before, after Authorization) error {
	movement := uuid.New()
	for _, e := range entries(before, after) {
		_, err := tx.Exec(ctx, `INSERT INTO psp_fake.ledger (movement, authorization_id, account, minor, currency) VALUES ($1, $2, $3, $4, $5)`,
			movement, after.ID, e.Account, e.Minor, after.Currency)
		if err != nil {
			return fmt.Errorf("booking: %w", err)
		}
	}
	return nil
}

const operationColumns = `id, authorization_id, reference, kind, minor, currency, state, released`

func scanOperation(row pgx.Row) (o Operation, err error) {
	err = row.Scan(&o.ID, &o.Authorization, &o.Reference, &o.Kind, &o.Minor, &o.Currency, &o.State, &o.Released)
	return o, err
}

func (s *store) operation(ctx context.Context, id uuid.UUID) (Operation, error) {
	o, err := scanOperation(s.db.QueryRow(ctx, `SELECT `+operationColumns+` FROM psp_fake.operations WHERE id = $1`, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return o, fault.NotFound("operation", id.String())
	}
	if err != nil {
		return o, fmt.Errorf("reading an operation: %w", err)
	}
	return o, nil
}

func (s *store) operations(ctx context.Context, reference string, after uuid.UUID, limit int) ([]Operation, error) {
	rows, err := s.db.Query(ctx, `SELECT `+operationColumns+` FROM psp_fake.operations WHERE id > $1 AND reference = $2 ORDER BY id LIMIT $3`, after, reference, limit)
	if err != nil {
		return nil, fmt.Errorf("listing operations: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Operation, error) { return scanOperation(row) })
	if err != nil {
		return nil, fmt.Errorf("listing operations: %w", err)
	}
	return list, nil
}

// tell puts webhooks of an event into the outbox, in the transaction of what they tell.
func tell(ctx context.Context, tx pgx.Tx, e event, times []delivery) error {
	var body []byte
	for _, d := range times {
		if body == nil || d.newID {
			var err error
			if body, err = e.encode(); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO psp_fake.webhooks (body, due_at) VALUES ($1, clock_timestamp() + $2 * interval '1 microsecond')`, body, d.after.Microseconds()); err != nil {
			return fmt.Errorf("noting a webhook: %w", err)
		}
	}
	return nil
}

// webhook is one that is due.
type webhook struct {
	seq   int64
	body  []byte
	tries int
}

// due takes webhooks, and puts them off at once: one that is not acknowledged, or
// whose sender dies, comes again after a pause that doubles up to a minute.
func (s *store) due(ctx context.Context, limit int) ([]webhook, error) {
	rows, err := s.db.Query(ctx, `UPDATE psp_fake.webhooks SET tries = tries + 1,
			due_at = clock_timestamp() + least(power(2, tries), 60) * interval '1 second'
		WHERE seq IN (SELECT seq FROM psp_fake.webhooks WHERE due_at <= clock_timestamp() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)
		RETURNING seq, body, tries`, limit)
	if err != nil {
		return nil, fmt.Errorf("taking webhooks: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (w webhook, err error) {
		return w, row.Scan(&w.seq, &w.body, &w.tries)
	})
	if err != nil {
		return nil, fmt.Errorf("taking webhooks: %w", err)
	}
	return list, nil
}

func (s *store) delivered(ctx context.Context, seq int64) error {
	if _, err := s.db.Exec(ctx, `DELETE FROM psp_fake.webhooks WHERE seq = $1`, seq); err != nil {
		return fmt.Errorf("noting that a webhook arrived: %w", err)
	}
	return nil
}

// mood is how the provider feels; version 0: nobody said so, it is the given one.
func (s *store) mood(ctx context.Context, given Mood) (Mood, int64, error) {
	var text []byte
	var version int64
	err := s.db.QueryRow(ctx, `SELECT mood, version FROM psp_fake.moods`).Scan(&text, &version)
	if errors.Is(err, pgx.ErrNoRows) {
		return given, 0, nil
	}
	var m Mood
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return Mood{}, 0, fmt.Errorf("reading the mood: %w", err)
	}
	return m, version, nil
}

func (s *store) feel(ctx context.Context, m Mood, before int64) error {
	text, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("writing the mood: %w", err)
	}
	tag, err := s.db.Exec(ctx, `INSERT INTO psp_fake.moods AS m (id, mood, version) SELECT 1, $1, $2 + 1 WHERE $2 = 0 OR EXISTS (SELECT FROM psp_fake.moods)
		ON CONFLICT (id) DO UPDATE SET mood = excluded.mood, version = excluded.version WHERE m.version = $2`, text, before)
	if err != nil {
		return fmt.Errorf("writing the mood: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fault.Stale()
	}
	return nil
}
