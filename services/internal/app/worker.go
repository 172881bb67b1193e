package app

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/pause"
)

// Worker does what needs no request: it consumes, relays, sweeps, resumes.
//
// Workers run in a ShopService of their own with args: [work] and activation:
// WithTraffic, so that a release that nobody approved never takes a real event.
type Worker struct {
	Name string
	// Run works until its context ends. An error is logged, and Run is called
	// again after a while; nil says that there is nothing left to do.
	Run func(context.Context) error
	// Single says that one replica of all stacks runs it at a time; it needs a database.
	Single bool
	// Beside says that it also runs beside requests, in every replica of every
	// stack: for housekeeping that harms nobody when an unapproved release does it.
	Beside bool
}

const (
	firstPause, longestPause = time.Second, 30 * time.Second
	// turnEvery is how often a replica looks whether it is its turn, and whether
	// it still holds the lock.
	turnEvery = 5 * time.Second
)

var errSingle = errors.New("a single worker needs a database")

// connector makes a connection of its own, outside of the pool.
type connector func(ctx context.Context, purpose string) (*pgx.Conn, error)

// keep runs a worker until ctx ends, again and again where it fails.
func (w Worker) keep(ctx context.Context, log *slog.Logger, connect connector) {
	for wait := firstPause; ctx.Err() == nil; wait = min(2*wait, longestPause) {
		began := time.Now()
		err := w.once(ctx, connect)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			log.Info("a worker is done", "worker", w.Name)
			return
		}
		log.Warn("a worker failed, it begins again soon", "worker", w.Name, "error", err)
		if time.Since(began) > longestPause {
			wait = firstPause // it worked for a while
		}
		if !pause.For(ctx, wait) {
			return
		}
	}
}

func (w Worker) once(ctx context.Context, connect connector) error {
	if !w.Single {
		return guarded(ctx, w.Run)
	}
	if connect == nil {
		return errSingle
	}
	conn, err := connect(ctx, w.Name)
	if err != nil {
		return fmt.Errorf("connecting for the lock of %s: %w", w.Name, err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // gives the lock back
	for {
		var ours bool
		if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, lockID(w.Name)).Scan(&ours); err != nil {
			return fmt.Errorf("asking for the lock of %s: %w", w.Name, err)
		}
		if ours {
			return w.holding(ctx, conn)
		}
		if !pause.For(ctx, turnEvery) {
			return nil
		}
	}
}

// holding runs the worker as long as the session that holds the lock lives: when
// it is gone, another replica has the lock already.
func (w Worker) holding(ctx context.Context, conn *pgx.Conn) error {
	run, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ended := make(chan error, 1)
	go func() { ended <- guarded(run, w.Run) }()
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
				return fmt.Errorf("holding the lock of %s: %w", w.Name, err)
			}
		}
	}
}

// lockID keeps workers from waiting for each other.
func lockID(name string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("emporium/worker/" + name)) // never fails
	return int64(h.Sum64() >> 2)                      //nolint:gosec // shifted, so it fits
}
