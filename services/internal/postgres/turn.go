package postgres

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/jackc/pgx/v5"
)

// turnEvery is how often a process looks whether it is its turn, and whether it
// still holds the lock.
const turnEvery = 5 * time.Second

// Turn waits until conn has the lock of a name, which one session of the whole
// database has at a time: until the connection is closed, or the context ends. So
// a name begins with the service's.
func Turn(ctx context.Context, conn *pgx.Conn, name string) error {
	for {
		var ours bool
		if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, LockID(name)).Scan(&ours); err != nil {
			return fmt.Errorf("asking for the lock of %s: %w", name, err)
		}
		if ours {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(turnEvery):
		}
	}
}

// Holding runs something as long as the session lives that holds a lock: when it
// is gone, another process has the lock already.
func Holding(ctx context.Context, conn *pgx.Conn, run func(context.Context) error) error {
	limited, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ended := make(chan error, 1)
	go func() { ended <- run(limited) }()
	tick := time.NewTicker(turnEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-tick.C:
			if err := conn.Ping(ctx); err != nil {
				stop(err)
				<-ended //nolint:errcheck // what it says is of the lost connection
				return fmt.Errorf("holding the lock: %w", err)
			}
		}
	}
}

// Alone runs something in one process of all that ask for the name, on a
// connection of its own, and gives the turn on when it ends.
func (db *DB) Alone(ctx context.Context, name string, run func(context.Context) error) error {
	conn, err := db.Connect(ctx, name)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // gives the lock back
	if err := Turn(ctx, conn, db.schema.Name+"/"+name); err != nil {
		return err
	}
	return Holding(ctx, conn, run)
}

// LockID is the advisory lock of a name.
func LockID(name string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("emporium/worker/" + name)) // never fails
	return int64(h.Sum64() >> 2)                      //nolint:gosec // shifted, so it fits
}
