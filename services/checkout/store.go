package checkout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL.
type store struct{ db *postgres.DB }

func keep(ctx context.Context, tx pgx.Tx, q Quote) error {
	if _, err := tx.Exec(ctx, `INSERT INTO checkout.quotes (id, quote, expires_at, spends) VALUES ($1, $2, $3, $4)`, q.ID, q, q.ExpiresAt, q.spends.kept()); err != nil {
		return fmt.Errorf("keeping a quote: %w", err)
	}
	return nil
}

func (s *store) quote(ctx context.Context, id uuid.UUID) (q Quote, err error) {
	err = s.db.QueryRow(ctx, `SELECT quote, coalesce(spends, '{}') FROM checkout.quotes WHERE id = $1`, id).Scan(&q, &q.spends)
	if errors.Is(err, pgx.ErrNoRows) {
		return Quote{}, fault.NotFound("quote", id.String())
	}
	if err != nil {
		return Quote{}, fmt.Errorf("reading a quote: %w", err)
	}
	return q, nil
}

// begin writes a saga that is about to begin, while the attempt is this process's.
func (s *store) begin(ctx context.Context, claim *idempotency.Attempt, a *attempt) error {
	err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		if err := claim.RenewIn(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO checkout.sagas (id, quote, state, progress, request) VALUES ($1, $2, $3, $4, $5)`, a.ID, a.quote.ID, a.State, a.Saga, a.request)
		return err
	})
	if err != nil {
		return ordered(err)
	}
	return nil
}

// start writes a saga that is about to begin, with its key and its first step, in one commit.
func (s *store) start(ctx context.Context, key idempotency.Key, sent []byte, lease time.Duration, a *attempt) (*idempotency.Attempt, error) {
	request, err := json.Marshal(a.request)
	if err != nil {
		return nil, fmt.Errorf("writing a request: %w", err)
	}
	claim, err := idempotency.Start(ctx, s.db, key, sent, a.ID, lease, `INSERT INTO checkout.sagas (id, quote, state, progress, request) SELECT ours.id, $1::uuid, $2::text, $3::jsonb, $4::jsonb FROM ours`,
		a.quote.ID, string(a.State), kept{a.Saga, nil}, request)
	if err != nil {
		return nil, ordered(err)
	}
	return claim, nil
}

// ordered says of a quote that is being ordered that it is.
func ordered(err error) error {
	var sql *pgconn.PgError
	if errors.As(err, &sql) && sql.ConstraintName == "sagas_quote" {
		return fault.Conflict(fault.ConflictKind, "This quote is being ordered already, or was. Look at your orders, or ask for a new quote.")
	}
	return fmt.Errorf("beginning a saga: %w", err)
}

// saga reads one with its quote.
func (s *store) saga(ctx context.Context, id uuid.UUID) (*attempt, error) {
	var a attempt
	var progress kept
	err := s.db.QueryRow(ctx, `SELECT s.progress, s.request, q.quote, coalesce(q.spends, '{}') FROM checkout.sagas s JOIN checkout.quotes q ON q.id = s.quote WHERE s.id = $1`, id).
		Scan(&progress, &a.request, &a.quote, &a.quote.spends)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.NotFound("saga", id.String())
	}
	if err != nil {
		return nil, fmt.Errorf("reading a saga: %w", err)
	}
	a.Saga, a.order = progress.Saga, progress.Order
	return &a, nil
}

// kept is a saga in its row, with the order that it made.
type kept struct {
	Saga
	Order *orderRef `json:"order,omitempty"`
}

// save commits how far a saga is, while the attempt is this process's. With an answer the attempt ends in the same commit.
func (s *store) save(ctx context.Context, claim *idempotency.Attempt, a *attempt, answer *idempotency.Stored) error {
	request := a.request
	if a.Ended() || a.Ref(Authorize) != "" {
		request.Card = "" // it is not needed any more
	}
	text, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("writing a request: %w", err)
	}
	const change = `UPDATE checkout.sagas s SET state = $2, progress = $3, request = $4, changed_at = clock_timestamp() FROM ours WHERE s.id = $1`
	if args := []any{a.ID, string(a.State), kept{a.Saga, a.order}, text}; answer != nil {
		err = claim.FinishWith(ctx, *answer, change, args...)
	} else {
		err = claim.RenewWith(ctx, change, args...)
	}
	if err != nil {
		return fmt.Errorf("going on with a saga: %w", err)
	}
	return nil
}

// forget gives a key back whose request had no effect.
func (s *store) forget(ctx context.Context, claim *idempotency.Attempt) error {
	return postgres.InTx(ctx, s.db, func(tx pgx.Tx) error { return claim.Forget(ctx, tx) })
}

// refuse ends a key with what its customer is told, and keeps the quote that he is offered instead, in one commit.
func (s *store) refuse(ctx context.Context, claim *idempotency.Attempt, answer idempotency.Stored, now Quote) error {
	return postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		if err := keep(ctx, tx, now); err != nil {
			return err
		}
		return claim.Finish(ctx, tx, answer)
	})
}

// stuck is how many sagas cannot be undone.
func (s *store) stuck(ctx context.Context) (n int, err error) {
	err = s.db.QueryRow(ctx, `SELECT count(*) FROM checkout.sagas WHERE state = 'back' AND progress @? '$.steps[*].stuck'`).Scan(&n)
	return n, err
}

// kept is what a quote's row has of it; nil is NULL.
func (s spends) kept() *spends {
	if s.none() {
		return nil
	}
	return &s
}

// forgetCodes forgets the codes of gift cards that nobody needs any more: of quotes that are over and of which no order is being placed.
func (s *store) forgetCodes(ctx context.Context, before time.Time) error {
	_, err := s.db.Exec(ctx, `UPDATE checkout.quotes SET spends = NULL WHERE id IN (SELECT id FROM checkout.quotes q WHERE spends IS NOT NULL AND expires_at < $1
		AND NOT EXISTS (SELECT FROM checkout.sagas s WHERE s.quote = q.id AND s.state NOT IN ('placed', 'undone')) LIMIT 500 FOR UPDATE SKIP LOCKED)`, before)
	if err != nil {
		return fmt.Errorf("forgetting codes of gift cards: %w", err)
	}
	return nil
}

// sweep forgets quotes that nobody ordered, a day after their end.
func (s *store) sweep(ctx context.Context, before time.Time) (int64, error) {
	tag, err := s.db.Exec(ctx, `DELETE FROM checkout.quotes WHERE id IN (SELECT id FROM checkout.quotes q WHERE expires_at < $1
		AND NOT EXISTS (SELECT FROM checkout.sagas s WHERE s.quote = q.id) ORDER BY expires_at LIMIT 500 FOR UPDATE SKIP LOCKED)`, before)
	if err != nil {
		return 0, fmt.Errorf("forgetting quotes: %w", err)
	}
	return tag.RowsAffected(), nil
}
