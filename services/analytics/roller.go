package analytics

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/pause"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

const (
	// rollEvery is how old a figure may be, rollBatch how many facts are counted in one commit.
	rollEvery, rollBatch = time.Second, 1000
	// compactEvery is how often is looked for facts that are old, compactBatch how many subjects go in one commit.
	compactEvery, compactBatch = time.Hour, 500
)

// roller counts facts. One of all stacks works, so nobody else writes what is counted: takers only add facts that are fresh.
type roller struct {
	*store
	zone string
	// keep is for how many days facts and hours are kept.
	keep int
	now  func() time.Time
}

func (r *roller) run(ctx context.Context) error {
	if err := r.begin(ctx); err != nil {
		return err
	}
	var compacted time.Time
	for {
		if err := r.all(ctx); err != nil {
			return err
		}
		if err := r.rebuildAsked(ctx); err != nil {
			return err
		}
		if r.now().Sub(compacted) >= compactEvery {
			if err := r.compact(ctx); err != nil {
				return err
			}
			compacted = r.now()
		}
		if !pause.For(ctx, rollEvery) {
			return nil
		}
	}
}

// begin makes the state; a shop that moved to another time zone has all its days cut anew.
func (r *roller) begin(ctx context.Context) error {
	clock, err := ClockOf(r.zone)
	if err != nil {
		return err
	}
	if _, err := r.db.Exec(ctx, `INSERT INTO analytics.state (zone) VALUES ($1) ON CONFLICT DO NOTHING`, clock.Zone()); err != nil {
		return fmt.Errorf("noting the time zone: %w", err)
	}
	s, err := stateOf(ctx, r.db, r.zone)
	if err != nil || s.Clock.Zone() == clock.Zone() {
		return err
	}
	slog.InfoContext(ctx, "cutting days anew: the shop's time zone changed", "from", s.Clock.Zone(), "to", clock.Zone())
	return postgres.InTx(ctx, r.db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE analytics.state SET zone = $1`, clock.Zone()); err != nil {
			return fmt.Errorf("noting the time zone: %w", err)
		}
		_, err := rebuild(ctx, tx, Books{clock, s.Horizon})
		return err
	})
}

// all counts until nothing is fresh.
func (r *roller) all(ctx context.Context) error {
	for n := rollBatch; n == rollBatch; {
		var err error
		if n, err = r.once(ctx); err != nil {
			return err
		}
	}
	return nil
}

// once counts a batch of fresh facts: the roll-ups and that they have them are one commit.
func (r *roller) once(ctx context.Context) (n int, err error) {
	err = postgres.InTx(ctx, r.db, func(tx pgx.Tx) error {
		s, err := stateOf(ctx, tx, r.zone)
		if err != nil {
			return err
		}
		due, err := subjects(ctx, tx, `SELECT subject FROM analytics.facts WHERE NOT rolled ORDER BY at LIMIT $1`, rollBatch)
		if n = len(due); err != nil || n == 0 {
			return err
		}
		facts, err := factsOf(ctx, tx, due)
		if err != nil {
			return err
		}
		change, fresh, late := s.count(facts)
		if err := add(ctx, tx, change); err != nil {
			return err
		}
		return done(ctx, tx, fresh, late, r.now())
	})
	return n, err
}

// count is what becomes of the roll-ups by facts, subject by subject; late are those of days that are closed.
func (b Books) count(facts []kept) (change Rollups, fresh, late []Fact) {
	change = Rollups{}
	for len(facts) > 0 {
		var before, now []Fact
		subject := facts[0].Subject
		for len(facts) > 0 && facts[0].Subject == subject {
			switch f := facts[0]; {
			case f.Rolled:
				before = append(before, f.Fact)
			case f.At.Before(b.Horizon):
				late = append(late, f.Fact)
			default:
				now = append(now, f.Fact)
			}
			facts = facts[1:]
		}
		b.Change(change, before, now)
		fresh = append(fresh, now...)
	}
	return change, fresh, late
}

// done notes that facts are counted; those that came too late go.
func done(ctx context.Context, tx pgx.Tx, fresh, late []Fact, now time.Time) error {
	kinds, ids := names(fresh)
	if _, err := tx.Exec(ctx, `UPDATE analytics.facts f SET rolled = true FROM unnest($1::text[], $2::text[]) AS u (kind, id) WHERE f.kind = u.kind AND f.id = u.id`, kinds, ids); err != nil {
		return fmt.Errorf("noting what is counted: %w", err)
	}
	kinds, ids = names(late)
	if _, err := tx.Exec(ctx, `DELETE FROM analytics.facts f USING unnest($1::text[], $2::text[]) AS u (kind, id) WHERE f.kind = u.kind AND f.id = u.id`, kinds, ids); err != nil {
		return fmt.Errorf("removing facts of closed days: %w", err)
	}
	if len(late) > 0 {
		slog.WarnContext(ctx, "facts came after their day was closed, and are not counted", "facts", len(late))
	}
	if _, err := tx.Exec(ctx, `UPDATE analytics.state SET rolled_at = $1, late = late + $2`, now, len(late)); err != nil {
		return fmt.Errorf("noting how far is counted: %w", err)
	}
	return nil
}

func names(facts []Fact) (kinds, ids []string) {
	for _, f := range facts {
		kinds, ids = append(kinds, string(f.Kind)), append(ids, f.ID)
	}
	return kinds, ids
}
