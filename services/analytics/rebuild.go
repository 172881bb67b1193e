package analytics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// Rebuild is that somebody asked for roll-ups made anew.
type Rebuild struct {
	ID        uuid.UUID
	AskedAt   time.Time
	DoneAt    *time.Time
	Differing *int64
}

// rebuild makes every roll-up anew from the facts that are counted and from what is kept of those that are gone. It tells how many
// were not so. Day by day, so that what it holds in memory is one day.
func rebuild(ctx context.Context, tx pgx.Tx, b Books) (differing int64, err error) {
	var from time.Time
	for {
		at, err := nextAt(ctx, tx, from)
		if err != nil || at == nil {
			return differing, err
		}
		day, end := b.Clock.Day(*at), b.Clock.After(*at, 1)
		n, err := rebuildDay(ctx, tx, b, day, end)
		if err != nil {
			return differing, err
		}
		differing, from = differing+n, end
	}
}

// nextAt is the first instant of which anything is kept, from an instant on; nil: there is none.
func nextAt(ctx context.Context, db querier, from time.Time) (at *time.Time, err error) {
	err = db.QueryRow(ctx, `SELECT least((SELECT min(at) FROM analytics.facts WHERE rolled AND at >= $1), (SELECT min(at) FROM analytics.compacted WHERE at >= $1),
		(SELECT min(at) FROM analytics.rollups WHERE grain = 'day' AND at >= $1), (SELECT min(at) FROM analytics.rollups WHERE grain = 'hour' AND at >= $1))`, from).Scan(&at)
	if err != nil {
		return nil, fmt.Errorf("looking for the next day: %w", err)
	}
	return at, nil
}

func rebuildDay(ctx context.Context, tx pgx.Tx, b Books, from, until time.Time) (int64, error) {
	want, err := counted(ctx, tx, b, from, until)
	if err != nil {
		return 0, err
	}
	old, err := sums(ctx, tx, `SELECT 'day', $1::timestamptz, measure, key, currency, value FROM analytics.compacted WHERE at >= $1 AND at < $2`, from, until)
	if err != nil {
		return 0, err
	}
	for s, v := range old {
		want[s] += v
	}
	have, err := sums(ctx, tx, `SELECT grain, at, measure, key, currency, value FROM analytics.rollups WHERE at >= $1 AND at < $2`, from, until)
	if err != nil {
		return 0, err
	}
	n := want.Differing(have)
	if n == 0 {
		return 0, nil
	}
	if _, err := tx.Exec(ctx, `DELETE FROM analytics.rollups WHERE at >= $1 AND at < $2`, from, until); err != nil {
		return 0, fmt.Errorf("removing roll-ups: %w", err)
	}
	return n, add(ctx, tx, want)
}

// counted is what facts say of a time. A fact of another day may say what one of this day is worth.
func counted(ctx context.Context, tx pgx.Tx, b Books, from, until time.Time) (Rollups, error) {
	rows, err := tx.Query(ctx, factColumns+`WHERE subject IN (SELECT subject FROM analytics.facts WHERE at >= $1 AND at < $2) ORDER BY subject`, from, until)
	if err != nil {
		return nil, fmt.Errorf("reading the facts of a day: %w", err)
	}
	facts, err := pgx.CollectRows(rows, scanFact)
	if err != nil {
		return nil, fmt.Errorf("reading the facts of a day: %w", err)
	}
	all := Rollups{}
	for _, group := range bySubject(facts) {
		b.Add(all, Roll(group), 1)
	}
	return all.Within(from, until), nil
}

// askRebuild notes that roll-ups are to be made anew.
func askRebuild(ctx context.Context, tx pgx.Tx, r Rebuild) error {
	if _, err := tx.Exec(ctx, `INSERT INTO analytics.rebuilds (id, asked_at) VALUES ($1, $2)`, r.ID, r.AskedAt); err != nil {
		return fmt.Errorf("asking for a rebuild: %w", err)
	}
	return nil
}

func (s *store) rebuild(ctx context.Context, id uuid.UUID) (Rebuild, error) {
	r := Rebuild{ID: id}
	err := s.db.QueryRow(ctx, `SELECT asked_at, done_at, differing FROM analytics.rebuilds WHERE id = $1`, id).Scan(&r.AskedAt, &r.DoneAt, &r.Differing)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, fault.NotFound("rebuild", id.String())
	}
	if err != nil {
		return r, fmt.Errorf("reading a rebuild: %w", err)
	}
	return r, nil
}

// rebuildAsked makes roll-ups anew where somebody asked for it, once for all who did.
func (r *roller) rebuildAsked(ctx context.Context) error {
	return postgres.InTx(ctx, r.db, func(tx pgx.Tx) error {
		open, err := subjects(ctx, tx, `SELECT id FROM analytics.rebuilds WHERE done_at IS NULL`)
		if err != nil || len(open) == 0 {
			return err
		}
		s, err := stateOf(ctx, tx, r.zone)
		if err != nil {
			return err
		}
		n, err := rebuild(ctx, tx, s.Books)
		if err != nil {
			return err
		}
		slog.InfoContext(ctx, "made roll-ups anew from facts", "differing", n)
		if _, err := tx.Exec(ctx, `UPDATE analytics.rebuilds SET done_at = $2, differing = $3 WHERE id = ANY($1)`, open, r.now(), n); err != nil {
			return fmt.Errorf("noting a rebuild: %w", err)
		}
		return nil
	})
}
