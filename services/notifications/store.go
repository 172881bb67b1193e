package notifications

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL.
type store struct{ db *postgres.DB }

const columns = `id, order_id, kind, about, recipient, name, locale, subject, text, message_id, made_at, coalesce(sent_at, '-infinity'::timestamptz) = '-infinity', coalesce(sent_at, 'epoch')`

func scan(row pgx.Row) (Mail, error) {
	var m Mail
	var unsent bool
	var sent time.Time
	err := row.Scan(&m.ID, &m.Order, &m.Kind, &m.About, &m.To, &m.Name, &m.Locale, &m.Subject, &m.Text, &m.MessageID, &m.MadeAt, &unsent, &sent)
	if m.MadeAt = m.MadeAt.UTC(); !unsent {
		m.SentAt = sent.UTC()
	}
	return m, err
}

func (s *store) mail(ctx context.Context, id uuid.UUID) (Mail, error) {
	m, err := scan(s.db.QueryRow(ctx, `SELECT `+columns+` FROM notifications.mails WHERE id = $1`, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return Mail{}, fault.NotFound("mail", id.String())
	}
	if err != nil {
		return Mail{}, fmt.Errorf("reading a mail: %w", err)
	}
	return m, nil
}

// list returns up to limit mails after one, in the order in which they were made. An empty recipient is every one, and so is a
// zero order.
func (s *store) list(ctx context.Context, to string, order, after uuid.UUID, limit int) ([]Mail, error) {
	return s.collect(ctx, `WHERE id > $1 AND ($2 = '' OR recipient = $2) AND ($3::uuid = $4::uuid OR order_id = $3) ORDER BY id LIMIT $5`, after, to, order, uuid.Nil, limit)
}

// unsent returns the oldest mails that no server has accepted.
func (s *store) unsent(ctx context.Context, limit int) ([]Mail, error) {
	return s.collect(ctx, `WHERE sent_at IS NULL ORDER BY id LIMIT $1`, limit)
}

func (s *store) collect(ctx context.Context, where string, args ...any) ([]Mail, error) {
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM notifications.mails `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("listing mails: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Mail, error) { return scan(row) })
	if err != nil {
		return nil, fmt.Errorf("listing mails: %w", err)
	}
	return list, nil
}

// sent notes that a server has accepted a mail.
func (s *store) sent(ctx context.Context, id uuid.UUID, at time.Time) error {
	if _, err := s.db.Exec(ctx, `UPDATE notifications.mails SET sent_at = $2 WHERE id = $1 AND sent_at IS NULL`, id, at); err != nil {
		return fmt.Errorf("noting that a mail was sent: %w", err)
	}
	return nil
}

// lock lets those wait for each other who tell of one order, by whatever name.
func lock(ctx context.Context, tx pgx.Tx, names ...uuid.UUID) error {
	for _, name := range names {
		if name == uuid.Nil {
			continue
		}
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('notifications/' || $1, 0))`, name.String()); err != nil {
			return fmt.Errorf("waiting for who tells of the same order: %w", err)
		}
	}
	return nil
}

// keep notes an order, if it is new.
func keep(ctx context.Context, tx pgx.Tx, o Order, customer string) error {
	known, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("writing an order: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO notifications.orders (id, saga, known, customer) VALUES ($1, $2, $3, NULLIF($4, '')) ON CONFLICT DO NOTHING`, o.ID, o.Saga, known, customer); err != nil {
		return fmt.Errorf("noting an order: %w", err)
	}
	return nil
}

// find reads the order that a notice is about.
func find(ctx context.Context, tx pgx.Tx, n Notice) (o Order, there bool, err error) {
	var known []byte
	err = tx.QueryRow(ctx, `SELECT known FROM notifications.orders WHERE id = $1 OR saga = $2`, n.Order, n.Saga).Scan(&known)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Order{}, false, nil
	case err == nil:
		err = json.Unmarshal(known, &o)
	}
	if err != nil {
		return Order{}, false, fmt.Errorf("reading an order: %w", err)
	}
	return o, true, nil
}

// wait keeps a notice until its order is known.
func wait(ctx context.Context, tx pgx.Tx, n Notice) error {
	text, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("writing a notice: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO notifications.waiting (id, order_id, saga, notice) VALUES ($1, nullif($2::uuid, $4::uuid), nullif($3::uuid, $4::uuid), $5) ON CONFLICT DO NOTHING`,
		n.ID, n.Order, n.Saga, uuid.Nil, text)
	if err != nil {
		return fmt.Errorf("keeping a notice: %w", err)
	}
	return nil
}

// waited takes out what waited for an order, the oldest first.
func waited(ctx context.Context, tx pgx.Tx, o Order) ([]Notice, error) {
	rows, err := tx.Query(ctx, `WITH gone AS (DELETE FROM notifications.waiting WHERE order_id = $1 OR saga = $2 RETURNING id, notice) SELECT notice FROM gone ORDER BY id`, o.ID, o.Saga)
	if err != nil {
		return nil, fmt.Errorf("reading notices: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (n Notice, err error) {
		var text []byte
		if err := row.Scan(&text); err != nil {
			return n, err
		}
		return n, json.Unmarshal(text, &n)
	})
	if err != nil {
		return nil, fmt.Errorf("reading notices: %w", err)
	}
	return list, nil
}

// insert adds a mail, if there is none of the kind: what is told twice is written once.
func insert(ctx context.Context, tx pgx.Tx, m Mail) error {
	_, err := tx.Exec(ctx, `INSERT INTO notifications.mails (id, order_id, kind, about, recipient, name, locale, subject, text, message_id, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
		m.ID, m.Order, m.Kind, m.About, m.To, m.Name, m.Locale, m.Subject, m.Text, m.MessageID, m.MadeAt)
	if err != nil {
		return fmt.Errorf("adding a mail: %w", err)
	}
	return nil
}
