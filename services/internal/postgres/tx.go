package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// tries is how often a transaction is done that others keep breaking.
const tries = 4

// InTx does a transaction: all of it, or nothing. What PostgreSQL broke off for
// another's sake, a deadlock or a serialization failure, is done again from the
// beginning, so do must have no effect but on tx and on what it sets anew. When
// that does not help it is a fault.Unavailable. A commit of which nobody knows
// how it ended is not repeated.
func InTx(ctx context.Context, db *DB, do func(pgx.Tx) error) error {
	for n := 1; ; n++ {
		err := pgx.BeginFunc(ctx, db, do)
		if !brokenOff(err) {
			return err
		}
		if n == tries {
			return fault.Unavailable("Too many change the same thing right now.", err)
		}
		// A random wait, so that two who met do not meet again.
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(time.Duration(n)*5*time.Millisecond + rand.N(10*time.Millisecond)): //nolint:gosec // no secret
		}
	}
}

// brokenOff tells whether a transaction had no effect and may have one if it is done again.
func brokenOff(err error) bool {
	var sql *pgconn.PgError
	return errors.As(err, &sql) && (sql.Code == "40001" || sql.Code == "40P01")
}
