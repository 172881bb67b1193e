// Package rounds asks what became of what a service keeps for somebody who may
// never tell: goods on hold, a payment that was promised, coupons that were taken.
// Once the time is over in which he tells by himself, whoever decides is asked
// again and again, and nothing is given away before he says so.
//
// Any number of replicas may go on rounds: a row is taken by one of them at a time,
// who puts it off in the statement that takes it. So one that dies is asked again.
package rounds

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/pause"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

const (
	// every is how often is looked for what is due, batch how many rows are taken at
	// a time, and atOnce how many of them are asked for at the same time.
	every  = time.Second
	batch  = 100
	atOnce = 8
	// firstPause and longestPause are between two questions for one row: see Pause.
	firstPause, longestPause = time.Second, 15 * time.Second
)

// Pause is how long a row is let alone that was asked for so often before, and of
// which nobody knew: twice as long each time, up to a quarter of a minute.
func Pause(asked int) time.Duration {
	return min(longestPause, firstPause<<min(max(0, asked), 10))
}

// Table is where a service keeps what it asks for. It has the columns id, saga,
// ask_at and asked; Open is the condition of those rows whose end nobody told.
type Table struct{ Name, Open string }

// Kept is a row that is due.
type Kept struct {
	ID   uuid.UUID
	Saga string
	// Asked is how often it was asked for before.
	Asked int
}

// Rounds is a worker.
type Rounds struct {
	DB    *postgres.DB
	Table Table
	Now   func() time.Time
	// Ask tells what became of a saga; the zero verdict is that nobody knows.
	Ask func(ctx context.Context, saga string) Verdict
	// Settle does what follows from a verdict. It looks again what the row is, under
	// a lock, for things went on while was asked; of a verdict that decides nothing
	// there is nothing to do.
	Settle func(ctx context.Context, tx pgx.Tx, id uuid.UUID, v Verdict) error
	// Unknown is called when nobody knows; nil is nothing.
	Unknown func()
}

// Run goes on rounds until ctx ends.
func (r *Rounds) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := r.Once(ctx)
		if err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "asking what became of what is kept, it is asked again", "table", r.Table.Name, "error", err)
		}
		if n < batch {
			pause.For(ctx, every)
		}
	}
	return nil
}

// Once takes a batch of rows that are due, asks for each and settles it, and tells
// how many these were. One that cannot be settled keeps no other from it.
func (r *Rounds) Once(ctx context.Context) (int, error) {
	found, err := r.take(ctx)
	if err != nil {
		return 0, err
	}
	failed := make([]error, len(found))
	places := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for n, one := range found {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			failed[n] = r.settle(ctx, one)
		})
	}
	all.Wait()
	return len(found), errors.Join(failed...)
}

// take takes rows that are due, those first that wait longest, and puts them off.
// What another replica takes, or whoever changes a row, is left out and not waited for.
func (r *Rounds) take(ctx context.Context) ([]Kept, error) {
	name := r.Table.Name
	rows, err := r.DB.Query(ctx, `UPDATE `+name+` SET asked = asked + 1, ask_at = $1 + least($3, $2 * power(2, least(asked, 20))) * interval '1 second'
		WHERE id IN (SELECT id FROM `+name+` WHERE `+r.Table.Open+` AND ask_at <= $1 ORDER BY ask_at LIMIT $4 FOR UPDATE SKIP LOCKED)
		RETURNING id, saga::text, asked - 1`, r.Now(), firstPause.Seconds(), longestPause.Seconds(), batch)
	if err != nil {
		return nil, fmt.Errorf("taking what is due of %s: %w", name, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Kept])
	if err != nil {
		return nil, fmt.Errorf("taking what is due of %s: %w", name, err)
	}
	return list, nil
}

// settle asks for one, with nothing locked meanwhile.
func (r *Rounds) settle(ctx context.Context, one Kept) error {
	v := r.Ask(ctx, one.Saga)
	if !v.Decided() {
		if r.Unknown != nil {
			r.Unknown()
		}
		return nil
	}
	err := postgres.InTx(ctx, r.DB, func(tx pgx.Tx) error { return r.Settle(ctx, tx, one.ID, v) })
	if err != nil {
		return fmt.Errorf("settling %s of %s: %w", one.ID, r.Table.Name, err)
	}
	return nil
}
