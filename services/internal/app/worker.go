package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/pause"
	"github.com/emporium-shop/emporium/services/internal/postgres"
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

	// lock is the name of its turn: with the service's, for all services share a database.
	lock string
}

const firstPause, longestPause = time.Second, 30 * time.Second

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
	if err := postgres.Turn(ctx, conn, cmp.Or(w.lock, w.Name)); err != nil {
		return err
	}
	return postgres.Holding(ctx, conn, func(ctx context.Context) error { return guarded(ctx, w.Run) })
}
