package analytics

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// compact closes the days that are older than facts are kept: their hours go, and the facts of what has had no other for so long;
// what those counted for their days stays. Roll-ups of days do not change by it.
func (r *roller) compact(ctx context.Context) error {
	s, err := stateOf(ctx, r.db, r.zone)
	if err != nil {
		return err
	}
	if horizon := s.Clock.After(r.now(), -r.keep); horizon.After(s.Horizon) {
		if err := r.close(ctx, horizon); err != nil {
			return err
		}
		s.Horizon = horizon
	}
	for n := compactBatch; n == compactBatch; {
		if n, err = r.compactOnce(ctx, s.Books); err != nil {
			return err
		}
		if n > 0 {
			slog.InfoContext(ctx, "compacted facts of closed days", "subjects", n)
		}
	}
	return nil
}

// close moves the horizon. Hours before it go with the same commit, so that roll-ups are always what facts and horizon say.
func (r *roller) close(ctx context.Context, horizon time.Time) error {
	return postgres.InTx(ctx, r.db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE analytics.state SET horizon = greatest(horizon, $1)`, horizon); err != nil {
			return fmt.Errorf("closing days: %w", err)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM analytics.rollups WHERE grain = 'hour' AND at < $1`, horizon); err != nil {
			return fmt.Errorf("removing hours: %w", err)
		}
		return nil
	})
}

// compactOnce removes the facts of a batch of subjects of which all are counted and none is newer than the horizon.
func (r *roller) compactOnce(ctx context.Context, b Books) (n int, err error) {
	err = postgres.InTx(ctx, r.db, func(tx pgx.Tx) error {
		old, err := subjects(ctx, tx, `SELECT DISTINCT f.subject FROM analytics.facts f WHERE f.at < $1
			AND NOT EXISTS (SELECT FROM analytics.facts o WHERE o.subject = f.subject AND (o.at >= $1 OR NOT o.rolled)) LIMIT $2`, b.Horizon, compactBatch)
		if n = len(old); err != nil || n == 0 {
			return err
		}
		return forget(ctx, tx, b, old)
	})
	return n, err
}

func forget(ctx context.Context, tx pgx.Tx, b Books, old []uuid.UUID) error {
	facts, err := factsOf(ctx, tx, old)
	if err != nil {
		return err
	}
	sum := Rollups{}
	var gone []Fact
	for _, group := range bySubject(facts) {
		b.Add(sum, Roll(group), 1)
		gone = append(gone, group...)
	}
	if err := addCompacted(ctx, tx, sum); err != nil {
		return err
	}
	kinds, ids := names(gone)
	if _, err := tx.Exec(ctx, `DELETE FROM analytics.facts f USING unnest($1::text[], $2::text[]) AS u (kind, id) WHERE f.kind = u.kind AND f.id = u.id`, kinds, ids); err != nil {
		return fmt.Errorf("removing facts: %w", err)
	}
	return nil
}

// bySubject are the counted facts of each subject; facts of one stand together. What was told a moment ago is not counted yet.
func bySubject(facts []kept) (groups [][]Fact) {
	var last uuid.UUID
	for _, f := range facts {
		if !f.Rolled {
			continue
		}
		if len(groups) == 0 || f.Subject != last {
			groups, last = append(groups, nil), f.Subject
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], f.Fact)
	}
	return groups
}
