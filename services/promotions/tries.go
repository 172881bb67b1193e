package promotions

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
)

const (
	// mostTries is how many wrong codes somebody may type within window, over all
	// replicas (C42): whoever guesses learns nothing.
	mostTries = 10
	window    = time.Minute
	// sweepTries is how often old ones are forgotten.
	sweepTries = 10 * time.Minute
)

// exhausted tells whether somebody typed too many wrong codes: then not even a right
// one is looked at, or guessing would go on.
func (s *store) exhausted(ctx context.Context, who string, now time.Time) (bool, error) {
	n, err := count(ctx, s.db, hash(who), now)
	return n >= mostTries, err
}

// wrong notes that somebody typed n wrong codes, and tells whether that was too many.
// Those who do so at once wait for each other.
func (s *store) wrong(ctx context.Context, who string, n int, now time.Time) (over bool, err error) {
	id := hash(who)
	err = postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(binary.BigEndian.Uint64(id))); err != nil { //nolint:gosec // any 64 bits will do
			return fmt.Errorf("locking tries: %w", err)
		}
		before, err := count(ctx, tx, id, now)
		if err != nil {
			return err
		}
		over = before+n > mostTries
		if _, err = tx.Exec(ctx, `INSERT INTO promotions.tries (who, at) SELECT $1, $2 FROM generate_series(1, $3)`, id, now, n); err != nil {
			return fmt.Errorf("noting wrong codes: %w", err)
		}
		return nil
	})
	return over, err
}

type row interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func count(ctx context.Context, db row, id []byte, now time.Time) (n int, err error) {
	if err := db.QueryRow(ctx, `SELECT count(*) FROM promotions.tries WHERE who = $1 AND at > $2`, id, now.Add(-window)).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting wrong codes: %w", err)
	}
	return n, nil
}

// hash keeps addresses out of the table.
func hash(who string) []byte {
	sum := sha256.Sum256([]byte("emporium/promotions/" + who))
	return sum[:16]
}

// sweep forgets tries that do not count any more, until ctx ends.
func (s *store) sweep(now func() time.Time) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			if _, err := s.db.Exec(ctx, `DELETE FROM promotions.tries WHERE at < $1`, now().Add(-2*window)); err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "forgetting wrong codes", "error", err)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(sweepTries):
			}
		}
	}
}
