// Package tries keeps people from guessing: who was wrong too often within a while
// is refused, whatever he tries next, over all replicas of both stacks.
package tries

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed schema.sql
var tables string

// Tables belong into the schema of a service that uses this package.
var Tables = postgres.Part{Name: "tries", Version: 2, SQL: tables}

// Limit is how often somebody may be wrong: Most times Within a while.
type Limit struct {
	Most   int
	Within time.Duration
}

// Guard lets a try be made, unless one of its buckets is full: what is tried, and
// who tries it, each by a name that differs from all others ("number:ACME-1").
// try looks in the transaction, and tells whether it was right; a wrong one is
// counted in every bucket. Tries of one bucket come one after the other, so that a
// hundred at once are no more than a hundred in turn.
func (l Limit) Guard(ctx context.Context, db *postgres.DB, buckets []string, try func(context.Context, pgx.Tx) (right bool, err error)) error {
	return l.GuardAll(ctx, db, buckets, func(ctx context.Context, tx pgx.Tx) (wrong int, err error) {
		right, err := try(ctx, tx)
		if !right {
			wrong = 1
		}
		return wrong, err
	})
}

// GuardAll is Guard for several tries in one request, of which it counts those that
// were wrong. When they are more than are left, they are counted, and the request
// is refused.
func (l Limit) GuardAll(ctx context.Context, db *postgres.DB, buckets []string, try func(context.Context, pgx.Tx) (wrong int, err error)) error {
	hashes, over := hashed(buckets), false
	err := postgres.InTx(ctx, db, func(tx pgx.Tx) error {
		if err := l.admit(ctx, tx, db.Schema().Name, hashes); err != nil {
			return err
		}
		wrong, err := try(ctx, tx)
		if err != nil || wrong == 0 {
			return err
		}
		over, err = l.count(ctx, tx, db.Schema().Name, hashes, wrong)
		return err
	})
	if err == nil && over {
		err = tooOften(l.Within)
	}
	return err
}

// count notes wrong tries, and tells whether that makes too many.
func (l Limit) count(ctx context.Context, tx pgx.Tx, schema string, hashes [][]byte, wrong int) (over bool, err error) {
	if _, err := tx.Exec(ctx, `INSERT INTO `+schema+`.wrong_tries (bucket, at) SELECT b, clock_timestamp() FROM unnest($1::bytea[]) b, generate_series(1, $2)`, hashes, wrong); err != nil {
		return false, fmt.Errorf("counting a wrong try: %w", err)
	}
	if wrong == 1 { // there was room for one
		return false, nil
	}
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM `+schema+`.wrong_tries WHERE bucket = ANY($1) AND at > clock_timestamp() - $3::interval GROUP BY bucket HAVING count(*) > $2)`,
		hashes, l.Most, l.Within).Scan(&over)
	if err != nil {
		return false, fmt.Errorf("counting tries: %w", err)
	}
	return over, nil
}

func tooOften(wait time.Duration) error {
	return fault.TooMany("That was wrong too often. Wait a little.", max(time.Second, wait))
}

// admit locks the buckets, in one order for all, and looks whether one is full.
func (l Limit) admit(ctx context.Context, tx pgx.Tx, schema string, hashes [][]byte) error {
	var b pgx.Batch
	for _, h := range hashes {
		b.Queue(`SELECT pg_advisory_xact_lock($1)`, lockID(schema, h))
	}
	b.Queue(`SELECT extract(epoch FROM max(first) + $3::interval - clock_timestamp()) * 1000 FROM (
		SELECT min(at) AS first FROM `+schema+`.wrong_tries WHERE bucket = ANY($1) AND at > clock_timestamp() - $3::interval GROUP BY bucket HAVING count(*) >= $2) full_ones`,
		hashes, l.Most, l.Within)
	results := tx.SendBatch(ctx, &b)
	defer results.Close()
	for range hashes {
		if _, err := results.Exec(); err != nil {
			return fmt.Errorf("locking tries: %w", err)
		}
	}
	var wait *float64
	if err := results.QueryRow().Scan(&wait); err != nil {
		return fmt.Errorf("counting tries: %w", err)
	}
	if wait != nil {
		return tooOften(time.Duration(*wait * float64(time.Millisecond)))
	}
	return nil
}

// hashed are the buckets without what was typed, each once, in an order that all share.
func hashed(buckets []string) (hashes [][]byte) {
	for _, name := range buckets {
		sum := sha256.Sum256([]byte(name))
		hashes = append(hashes, sum[:])
	}
	slices.SortFunc(hashes, bytes.Compare)
	return slices.CompactFunc(hashes, bytes.Equal)
}

func lockID(schema string, hash []byte) int64 {
	sum := sha256.Sum256(append([]byte("tries/"+schema+"/"), hash...))
	return int64(binary.BigEndian.Uint64(sum[:8])) //nolint:gosec // any 64 bits will do
}

const (
	// sweepEvery is how often old tries are forgotten, batch how many at a time.
	sweepEvery, batch = time.Minute, 1000
)

// Sweep returns a worker that forgets tries that count no more, until its context ends.
func (l Limit) Sweep(db *postgres.DB) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			if _, err := l.SweepOnce(ctx, db); err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "forgetting tries", "error", err)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(sweepEvery):
			}
		}
	}
}

// SweepOnce forgets them once, and returns how many that were.
func (l Limit) SweepOnce(ctx context.Context, db *postgres.DB) (total int64, err error) {
	name := db.Schema().Name + ".wrong_tries"
	for n := int64(batch); n == batch; total += n {
		tag, err := db.Exec(ctx, `DELETE FROM `+name+` WHERE ctid IN (
			SELECT ctid FROM `+name+` WHERE at < clock_timestamp() - $1::interval ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)`, l.Within, batch)
		if err != nil {
			return total, fmt.Errorf("forgetting tries: %w", err)
		}
		n = tag.RowsAffected()
	}
	return total, nil
}
