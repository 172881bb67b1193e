package analytics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL of facts and roll-ups; read.go has that of what is shown.
type store struct{ db *postgres.DB }

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// state is by which clock is counted, and from when on.
type state struct {
	Books
	RolledAt *time.Time
	Late     int64
}

// stateOf is the row of the state; zone is that of a database that has none yet.
func stateOf(ctx context.Context, db querier, zone string) (s state, err error) {
	var horizon *time.Time
	err = db.QueryRow(ctx, `SELECT zone, nullif(horizon, '-infinity'), rolled_at, late FROM analytics.state`).Scan(&zone, &horizon, &s.RolledAt, &s.Late)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return s, fmt.Errorf("reading the state: %w", err)
	}
	if horizon != nil {
		s.Horizon = horizon.UTC()
	}
	s.Clock, err = ClockOf(zone)
	return s, err
}

// kept is a fact with what became of it.
type kept struct {
	Fact
	Rolled bool
}

const factColumns = `SELECT kind, id, subject, at, figures, rolled FROM analytics.facts `

func scanFact(row pgx.CollectableRow) (f kept, err error) {
	var figures []byte
	if err := row.Scan(&f.Kind, &f.ID, &f.Subject, &f.At, &figures, &f.Rolled); err != nil {
		return f, err
	}
	f.At = f.At.UTC()
	return f, json.Unmarshal(figures, &f.Figures)
}

// factsOf are all facts of some subjects, subject by subject.
func factsOf(ctx context.Context, db querier, subjects []uuid.UUID) ([]kept, error) {
	rows, err := db.Query(ctx, factColumns+`WHERE subject = ANY($1) ORDER BY subject`, subjects)
	if err != nil {
		return nil, fmt.Errorf("reading facts: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanFact)
	if err != nil {
		return nil, fmt.Errorf("reading facts: %w", err)
	}
	return list, nil
}

// subjects lists subjects by a statement.
func subjects(ctx context.Context, db querier, sql string, args ...any) ([]uuid.UUID, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("looking for facts: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("looking for facts: %w", err)
	}
	return list, nil
}

// columns are roll-ups as unnest takes them.
type columns struct {
	grains, measures, keys, currencies []string
	at                                 []time.Time
	values                             []int64
}

func columnsOf(r Rollups) (c columns) {
	for _, s := range r.sorted() {
		c.grains, c.at, c.measures = append(c.grains, string(s.Grain)), append(c.at, s.At), append(c.measures, s.Measure)
		c.keys, c.currencies, c.values = append(c.keys, s.Key), append(c.currencies, s.Currency), append(c.values, r[s])
	}
	return c
}

// add adds to the roll-ups.
func add(ctx context.Context, tx pgx.Tx, r Rollups) error {
	c := columnsOf(r)
	if _, err := tx.Exec(ctx, `INSERT INTO analytics.rollups (grain, at, measure, key, currency, value)
		SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::bigint[])
		ON CONFLICT (grain, at, measure, key, currency) DO UPDATE SET value = rollups.value + excluded.value`,
		c.grains, c.at, c.measures, c.keys, c.currencies, c.values); err != nil {
		return fmt.Errorf("adding to roll-ups: %w", err)
	}
	return nil
}

// addCompacted adds the days to what is kept of facts that go.
func addCompacted(ctx context.Context, tx pgx.Tx, r Rollups) error {
	c := columnsOf(r)
	if _, err := tx.Exec(ctx, `INSERT INTO analytics.compacted (at, measure, key, currency, value)
		SELECT at, measure, key, currency, value FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::bigint[]) AS u (grain, at, measure, key, currency, value)
		WHERE grain = 'day' ON CONFLICT (at, measure, key, currency) DO UPDATE SET value = compacted.value + excluded.value`,
		c.grains, c.at, c.measures, c.keys, c.currencies, c.values); err != nil {
		return fmt.Errorf("adding to what is kept of old facts: %w", err)
	}
	return nil
}

// sums reads roll-ups by a statement whose columns are those of a slot and a value.
func sums(ctx context.Context, db querier, sql string, args ...any) (Rollups, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("reading roll-ups: %w", err)
	}
	out := Rollups{}
	var s Slot
	var value int64
	if _, err := pgx.ForEachRow(rows, []any{&s.Grain, &s.At, &s.Measure, &s.Key, &s.Currency, &value}, func() error {
		s.At = s.At.UTC()
		out[s] += value
		return nil
	}); err != nil {
		return nil, fmt.Errorf("reading roll-ups: %w", err)
	}
	return out, nil
}
