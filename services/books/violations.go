package books

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// Found is a violation with what became of it.
type Found struct {
	Violation
	FoundAt, ResolvedAt, AcceptedAt time.Time
	AcceptedBy, Reason              string
	Version                         int64
}

// State is open, accepted or resolved.
func (f Found) State() string {
	switch {
	case !f.ResolvedAt.IsZero():
		return "resolved"
	case !f.AcceptedAt.IsZero():
		return "accepted"
	}
	return open
}

const foundColumns = `id, rule, subject, object, detail, found_at, resolved_at, accepted_at, accepted_by, reason, version`

func scanFound(row pgx.CollectableRow) (f Found, err error) {
	var resolved, accepted *time.Time
	err = row.Scan(&f.ID, &f.Rule, &f.Subject, &f.Object, &f.Detail, &f.FoundAt, &resolved, &accepted, &f.AcceptedBy, &f.Reason, &f.Version)
	f.FoundAt = f.FoundAt.UTC()
	if resolved != nil {
		f.ResolvedAt = resolved.UTC()
	}
	if accepted != nil {
		f.AcceptedAt = accepted.UTC()
	}
	return f, err
}

func (s *store) find(ctx context.Context, where string, args ...any) ([]Found, error) {
	rows, err := s.db.Query(ctx, `SELECT `+foundColumns+` FROM books.violations `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading violations: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanFound)
	if err != nil {
		return nil, fmt.Errorf("reading violations: %w", err)
	}
	return list, nil
}

// violation reads one.
func (s *store) violation(ctx context.Context, id uuid.UUID) (Found, error) {
	list, err := s.find(ctx, `WHERE id = $1`, id)
	if err == nil && len(list) == 0 {
		err = fault.NotFound("violation", id.String())
	}
	if err != nil {
		return Found{}, err
	}
	return list[0], nil
}

// list lists violations after one, of a rule and a state if they are named.
func (s *store) list(ctx context.Context, rule, state string, after uuid.UUID, limit int) ([]Found, error) {
	return s.find(ctx, `WHERE id > $1 AND ($2 = '' OR rule = $2) AND ($3 = ''
			OR CASE WHEN resolved_at IS NOT NULL THEN 'resolved' WHEN accepted_at IS NOT NULL THEN 'accepted' ELSE 'open' END = $3) ORDER BY id LIMIT $4`,
		after, rule, state, limit)
}

// unresolved are all that are open or accepted, up to a number of them.
func (s *store) unresolved(ctx context.Context, limit int) ([]Found, error) {
	return s.find(ctx, `WHERE resolved_at IS NULL ORDER BY found_at, id LIMIT $1`, limit)
}

// open counts what is open, by rule.
func (s *store) open(ctx context.Context) (map[string]int, error) {
	rows, err := s.db.Query(ctx, `SELECT rule, count(*) FROM books.violations WHERE resolved_at IS NULL AND accepted_at IS NULL GROUP BY rule`)
	if err != nil {
		return nil, fmt.Errorf("counting violations: %w", err)
	}
	byRule := map[string]int{}
	var name string
	var n int
	if _, err = pgx.ForEachRow(rows, []any{&name, &n}, func() error { byRule[name] = n; return nil }); err != nil {
		return nil, fmt.Errorf("counting violations: %w", err)
	}
	return byRule, nil
}

// judged is what was compared, with what came of it.
type judged struct {
	subject string
	Verdict
}

// judge writes what comparing some subjects said: what is found, what is gone, and when to look again.
func (s *store) judge(ctx context.Context, all []judged, now time.Time) error {
	return postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		var b pgx.Batch
		for _, j := range all {
			j.queue(&b, now)
		}
		if err := tx.SendBatch(ctx, &b).Close(); err != nil {
			return fmt.Errorf("writing what was found: %w", err)
		}
		return nil
	})
}

func (j judged) queue(b *pgx.Batch, now time.Time) {
	ids := []uuid.UUID{}
	for _, v := range j.Violations {
		ids = append(ids, v.ID)
		// What comes back was not accepted: staff accepted what there was.
		b.Queue(`INSERT INTO books.violations AS v (id, rule, subject, object, detail, found_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (id) DO UPDATE SET found_at = excluded.found_at, resolved_at = NULL, accepted_at = NULL, accepted_by = '', reason = '', version = v.version + 1
			WHERE v.resolved_at IS NOT NULL`, v.ID, v.Rule, v.Subject, v.Object, v.Detail, now)
	}
	b.Queue(`UPDATE books.violations SET resolved_at = $3, version = version + 1 WHERE subject = $1 AND resolved_at IS NULL AND NOT (id = ANY($2))`, j.subject, ids, now)
	if j.Due.IsZero() {
		b.Queue(`DELETE FROM books.due WHERE subject = $1 AND at <= $2`, j.subject, now)
	} else {
		b.Queue(`INSERT INTO books.due (subject, at) VALUES ($1, $2) ON CONFLICT (subject) DO UPDATE SET at = excluded.at`, j.subject, j.Due)
	}
}

// left are the subjects of whole lists with violations, so that what is not in its list any more is resolved.
func (s *store) left(ctx context.Context, prefix string) ([]string, error) {
	rows, err := s.db.Query(ctx, `SELECT DISTINCT subject FROM books.violations WHERE resolved_at IS NULL AND starts_with(subject, $1)`, prefix)
	if err != nil {
		return nil, fmt.Errorf("reading violations: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("reading violations: %w", err)
	}
	return list, nil
}

// accept notes that staff know of a violation, over the version that they saw.
func (s *store) accept(ctx context.Context, f Found) error {
	tag, err := s.db.Exec(ctx, `UPDATE books.violations SET accepted_at = $3, accepted_by = $4, reason = $5, version = version + 1
		WHERE id = $1 AND version = $2 AND resolved_at IS NULL`, f.ID, f.Version, f.AcceptedAt, f.AcceptedBy, f.Reason)
	if err != nil {
		return fmt.Errorf("accepting a violation: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fault.Stale()
	}
	return nil
}
