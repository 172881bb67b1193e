package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/tokens"
)

// store is the SQL.
type store struct{ db *postgres.DB }

// Account is a member of staff.
type Account struct {
	ID     uuid.UUID
	Name   string
	Hash   string
	Scopes []string
}

// account finds a member of staff; there is none where the second value is false.
func (s *store) account(ctx context.Context, name string) (a Account, there bool, err error) {
	err = s.db.QueryRow(ctx, `SELECT id, name, hash, scopes FROM auth.staff WHERE name = $1`, name).Scan(&a.ID, &a.Name, &a.Hash, &a.Scopes)
	if errors.Is(err, pgx.ErrNoRows) {
		return Account{}, false, nil
	}
	if err != nil {
		return Account{}, false, fmt.Errorf("reading an account: %w", err)
	}
	return a, true, nil
}

// add makes an account, if the name is free.
func add(ctx context.Context, db *postgres.DB, a Account) error {
	_, err := db.Exec(ctx, `INSERT INTO auth.staff (id, name, hash, scopes) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING`, a.ID, a.Name, a.Hash, a.Scopes)
	if err != nil {
		return fmt.Errorf("adding an account: %w", err)
	}
	return nil
}

// rehash replaces a hash that is weak by now, unless somebody changed it meanwhile.
func (s *store) rehash(ctx context.Context, a Account, hash string) error {
	if _, err := s.db.Exec(ctx, `UPDATE auth.staff SET hash = $3 WHERE id = $1 AND hash = $2`, a.ID, a.Hash, hash); err != nil {
		return fmt.Errorf("writing a new hash: %w", err)
	}
	return nil
}

func nameKey(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

// failures is how often a name failed in a minute.
func (s *store) failures(ctx context.Context, name string, minute time.Time) (n int, err error) {
	err = s.db.QueryRow(ctx, `SELECT coalesce((SELECT count FROM auth.failures WHERE name = $1 AND minute = $2), 0)`, nameKey(name), minute).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("reading failed logins: %w", err)
	}
	return n, nil
}

func (s *store) failed(ctx context.Context, name string, minute time.Time) error {
	_, err := s.db.Exec(ctx, `INSERT INTO auth.failures AS f (name, minute, count) VALUES ($1, $2, 1) ON CONFLICT (name, minute) DO UPDATE SET count = f.count + 1`, nameKey(name), minute)
	if err != nil {
		return fmt.Errorf("noting a failed login: %w", err)
	}
	return nil
}

// forget deletes the failures of minutes that are over.
func (s *store) forget(ctx context.Context, before time.Time) error {
	if _, err := s.db.Exec(ctx, `DELETE FROM auth.failures WHERE minute < $1`, before); err != nil {
		return fmt.Errorf("forgetting failed logins: %w", err)
	}
	return nil
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func keysOf(ctx context.Context, q querier) ([]Key, error) {
	rows, err := q.Query(ctx, `SELECT id, private, signs_from FROM auth.keys ORDER BY signs_from, id`)
	if err != nil {
		return nil, fmt.Errorf("reading the keys: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Key])
	if err != nil {
		return nil, fmt.Errorf("reading the keys: %w", err)
	}
	return all, nil
}

// turn does the next step with the keys, and tells of a new one in the same commit. Of two who do so at once the second finds it done.
func (s *store) turn(ctx context.Context, t Turning, now time.Time) error {
	return postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `LOCK TABLE auth.keys IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return fmt.Errorf("locking the keys: %w", err)
		}
		keys, err := keysOf(ctx, tx)
		if err != nil {
			return err
		}
		step := t.Next(now, keys)
		if _, err := tx.Exec(ctx, `DELETE FROM auth.keys WHERE id = ANY($1)`, step.Withdraw); err != nil {
			return fmt.Errorf("withdrawing keys: %w", err)
		}
		if !step.Make {
			return nil
		}
		return insertKey(ctx, tx, step.SignsFrom)
	})
}

// insertKey makes a key, and puts the event into the outbox.
func insertKey(ctx context.Context, tx pgx.Tx, from time.Time) error {
	id := "auth/" + uuid.NewString()
	if _, err := tx.Exec(ctx, `INSERT INTO auth.keys (id, private, signs_from) VALUES ($1, $2, $3)`, id, string(tokens.New(id).Private()), from); err != nil {
		return fmt.Errorf("making a key: %w", err)
	}
	e, err := events.New(ctx, "auth", events.KeysRotated, id, map[string]any{"kid": id, "notBefore": from.UTC()})
	if err != nil {
		return err
	}
	return outbox.Put(ctx, tx, "auth", e)
}
