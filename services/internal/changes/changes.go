// Package changes lets another service read what changed since it looked last:
// rows in the order of their last change, from a mark on, and none is missed.
//
// A table that is read so has a column that each insert (by its default) and each
// update (by a trigger) sets to clock_timestamp(), with an index on it and the id.
// Rows are committed in another order than they are written in: whoever goes on
// after the last row that he saw misses one that was written before it and
// committed after it. So a page says where to begin next time: after the last row
// before which nothing is written any more.
package changes

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/page"
)

// Mark is a place in that order: the row after which a page begins. The zero mark
// is before all rows.
type Mark struct {
	At time.Time `json:"at"`
	ID uuid.UUID `json:"id"`
}

// Page is a piece of such a list.
type Page[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"Cursor of the next page; absent on the last one"`
	Since string `json:"since,omitempty" doc:"Cursor to begin with next time: what changed since then, and what may have been missed. Absent: the one that was sent"`
}

// About is what the description of such a list says.
const About = "In the order in which they changed last. since goes on with what changed: keep that of the last page that you read, and begin with it next time."

// Source is a list: Read returns up to limit items after a mark, of which Mark is each one's own, and Body what is shown of it.
type Source[T, B any] struct {
	// Name tells its cursors from those of other lists.
	Name string
	Read func(ctx context.Context, after Mark, limit int) ([]T, error)
	Mark func(T) Mark
	Body func(T) B
}

// querier is a pool.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// List is a page of a source.
func List[T, B any](ctx context.Context, db querier, q page.Query, s Source[T, B]) (Page[B], error) {
	after, err := page.After[Mark](q, s.Name)
	if err != nil {
		return Page[B]{}, err
	}
	until, err := settled(ctx, db)
	if err != nil {
		return Page[B]{}, err
	}
	found, err := s.Read(ctx, after, q.Limit+1)
	if err != nil {
		return Page[B]{}, err
	}
	piece, err := page.New(q, found, s.Mark, s.Name)
	if err != nil {
		return Page[B]{}, err
	}
	out := Page[B]{Items: make([]B, len(piece.Items)), Next: piece.Next}
	for n, item := range piece.Items {
		out.Items[n] = s.Body(item)
		if m := s.Mark(item); m.At.Before(until) {
			after = m
		}
	}
	if after != (Mark{}) {
		out.Since, err = page.Cursor(after, s.Name)
	}
	return out, err
}

// settled is a moment before which nothing is written any more. What a transaction
// writes from now on, or has written and not committed yet, is written after it:
// each began later, or is seen here as one that has not ended. It is asked for
// before the rows are read, in a statement of its own.
func settled(ctx context.Context, db querier) (at time.Time, err error) {
	// A role sees the transactions of its own sessions, and a service's tables are written by its role alone.
	err = db.QueryRow(ctx, `SELECT least(clock_timestamp(), (SELECT min(xact_start) FROM pg_stat_activity
		WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()))`).Scan(&at)
	if err != nil {
		return at, fmt.Errorf("asking which transactions have not ended: %w", err)
	}
	return at, nil
}
