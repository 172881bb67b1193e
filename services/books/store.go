package books

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL of what was read and is to be compared; violations.go has that of what was found.
type store struct{ db *postgres.DB }

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// position is up to where a book was read.
type position struct {
	Book Book
	// Cursor goes on with what changed. Complete: the end was reached once.
	Cursor   string
	Complete bool
	// Reading numbers the readings of the whole book. Again: there is one, and AgainFrom goes on with it. WholeAt is when the last one ended.
	Reading   int64
	Again     bool
	AgainFrom string
	WholeAt   time.Time
}

// position of a book; at its beginning where it was never read.
func (s *store) position(ctx context.Context, b Book, now time.Time) (position, error) {
	p := position{Book: b, Reading: 1, WholeAt: now}
	err := s.db.QueryRow(ctx, `SELECT cursor, complete, reading, again, again_from, whole_at FROM books.positions WHERE book = $1`, b).
		Scan(&p.Cursor, &p.Complete, &p.Reading, &p.Again, &p.AgainFrom, &p.WholeAt)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return p, fmt.Errorf("reading a position: %w", err)
	}
	return p, nil
}

// columns are entries as unnest takes them.
func columns(list []Entry) (ids, subjects, facts []string) {
	for _, e := range list {
		ids, subjects, facts = append(ids, e.ID), append(subjects, e.Subject), append(facts, string(e.Fact))
	}
	return ids, subjects, facts
}

// take keeps a page of a book: what it says that is new becomes due, and the position moves on, in one commit.
func (s *store) take(ctx context.Context, p position, list []Entry, now time.Time) error {
	return postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		if err := keep(ctx, tx, p, list, now); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO books.positions (book, cursor, complete, reading, again, again_from, whole_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (book) DO UPDATE SET cursor = excluded.cursor, complete = excluded.complete, reading = excluded.reading, again = excluded.again,
				again_from = excluded.again_from, whole_at = excluded.whole_at`, p.Book, p.Cursor, p.Complete, p.Reading, p.Again, p.AgainFrom, p.WholeAt)
		if err != nil {
			return fmt.Errorf("writing a position: %w", err)
		}
		return nil
	})
}

// keep writes entries, and notes that what is new in them is to be compared.
func keep(ctx context.Context, tx pgx.Tx, p position, list []Entry, now time.Time) error {
	if len(list) == 0 {
		return nil
	}
	ids, subjects, facts := columns(list)
	_, err := tx.Exec(ctx, `WITH n AS (SELECT * FROM unnest($2::text[], $3::text[], $4::jsonb[]) AS n(id, subject, fact)),
			changed AS (SELECT n.subject, e.subject AS before FROM n LEFT JOIN books.entries e ON e.book = $1 AND e.id = n.id
				WHERE e.id IS NULL OR e.fact <> n.fact OR e.subject <> n.subject),
			kept AS (INSERT INTO books.entries (book, id, subject, fact, reading) SELECT $1, id, subject, fact, $5 FROM n
				ON CONFLICT (book, id) DO UPDATE SET subject = excluded.subject, fact = excluded.fact, reading = excluded.reading)
		INSERT INTO books.due (subject, at) SELECT subject, $6::timestamptz FROM changed UNION SELECT before, $6 FROM changed WHERE before IS NOT NULL
		ON CONFLICT (subject) DO UPDATE SET at = least(due.at, excluded.at)`, p.Book, ids, subjects, facts, p.Reading, now)
	if err != nil {
		return fmt.Errorf("keeping entries of %s: %w", p.Book, err)
	}
	return nil
}

// forget removes what a reading of a whole book has not seen: it is not there any more.
func (s *store) forget(ctx context.Context, p position, now time.Time) error {
	_, err := s.db.Exec(ctx, `WITH gone AS (DELETE FROM books.entries WHERE book = $1 AND reading < $2 RETURNING subject)
		INSERT INTO books.due (subject, at) SELECT DISTINCT subject, $3::timestamptz FROM gone ON CONFLICT (subject) DO UPDATE SET at = least(due.at, excluded.at)`, p.Book, p.Reading, now)
	if err != nil {
		return fmt.Errorf("forgetting entries of %s: %w", p.Book, err)
	}
	return nil
}

// due are subjects that are to be compared by now, the longest due first.
func (s *store) due(ctx context.Context, now time.Time, limit int) ([]string, error) {
	rows, err := s.db.Query(ctx, `SELECT subject FROM books.due WHERE at <= $1 ORDER BY at, subject LIMIT $2`, now, limit)
	if err != nil {
		return nil, fmt.Errorf("listing what is due: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("listing what is due: %w", err)
	}
	return list, nil
}

// entries are those of some subjects, by subject.
func entries(ctx context.Context, db querier, subjects []string) (map[string][]Entry, error) {
	rows, err := db.Query(ctx, `SELECT book, id, subject, fact FROM books.entries WHERE subject = ANY($1) ORDER BY book, id`, subjects)
	if err != nil {
		return nil, fmt.Errorf("reading entries: %w", err)
	}
	all := map[string][]Entry{}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e Entry, err error) {
		err = row.Scan(&e.Book, &e.ID, &e.Subject, &e.Fact)
		all[e.Subject] = append(all[e.Subject], e)
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading entries: %w", err)
	}
	return all, nil
}

// round notes that so many were compared by now.
func (s *store) round(ctx context.Context, now time.Time, compared int) error {
	_, err := s.db.Exec(ctx, `INSERT INTO books.rounds (compared_at, compared) VALUES ($1, $2)
		ON CONFLICT (one) DO UPDATE SET compared_at = excluded.compared_at, compared = rounds.compared + excluded.compared`, now, compared)
	if err != nil {
		return fmt.Errorf("noting a round: %w", err)
	}
	return nil
}

// Status is how far the comparison is.
type Status struct {
	// ComparedAt is when the last round ended; zero where none did.
	ComparedAt time.Time
	// Compared is how many times something was compared, Pending how much is under way, Complete whether every book was read to its end.
	Compared, Pending int64
	Complete          bool
}

func (s *store) status(ctx context.Context) (out Status, err error) {
	var at *time.Time
	err = s.db.QueryRow(ctx, `SELECT (SELECT compared_at FROM books.rounds), coalesce((SELECT compared FROM books.rounds), 0), (SELECT count(*) FROM books.due),
		(SELECT count(*) FROM books.positions WHERE complete) >= $1`, len(sources)).Scan(&at, &out.Compared, &out.Pending, &out.Complete)
	if at != nil {
		out.ComparedAt = at.UTC()
	}
	if err != nil {
		return out, fmt.Errorf("reading how far the comparison is: %w", err)
	}
	return out, nil
}
