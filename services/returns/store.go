package returns

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL of returns; orders.go has that of orders. Whoever changes a return holds the lock of its order's row, so all that is
// decided of an order is decided one after the other.
type store struct{ db *postgres.DB }

const columns = `r.id, r.order_id, r.state, r.reason, r.staff, r.note, r.currency, r.worth_minor, r.refunded_minor, r.announced_at, r.confirmed_at, r.ended_at, r.version,
	(SELECT json_agg(json_build_object('Line', i.line, 'SKU', l.sku, 'Name', l.name, 'Quantity', i.quantity, 'Sellable', i.sellable, 'Damaged', i.damaged) ORDER BY i.line)
		FROM returns.lines i JOIN returns.order_lines l ON l.order_id = r.order_id AND l.line = i.line WHERE i.return_id = r.id)`

func scan(row pgx.CollectableRow) (r Return, err error) {
	var in string
	var worth, refunded int64
	err = row.Scan(&r.ID, &r.Order, &r.State, &r.Reason, &r.Staff, &r.Note, &in, &worth, &refunded, &r.AnnouncedAt, &r.ConfirmedAt, &r.EndedAt, &r.Version, &r.Items)
	r.Worth, r.Refunded = money.New(worth, in), money.New(refunded, in)
	return r, err
}

func find(ctx context.Context, db querier, where string, args ...any) ([]Return, error) {
	rows, err := db.Query(ctx, `SELECT `+columns+` FROM returns.returns r WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading returns: %w", err)
	}
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("reading returns: %w", err)
	}
	return list, nil
}

func read(ctx context.Context, db querier, id uuid.UUID) (Return, error) {
	found, err := find(ctx, db, `r.id = $1`, id)
	if err == nil && len(found) == 0 {
		err = fault.NotFound("return", id.String())
	}
	if err != nil {
		return Return{}, err
	}
	return found[0], nil
}

func insert(ctx context.Context, tx pgx.Tx, r Return) error {
	var b pgx.Batch
	b.Queue(`INSERT INTO returns.returns (id, order_id, state, reason, staff, currency, worth_minor, announced_at, confirmed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.ID, r.Order, r.State, r.Reason, r.Staff, r.Worth.Currency(), r.Worth.Minor(), r.AnnouncedAt, r.ConfirmedAt)
	for _, i := range r.Items {
		b.Queue(`INSERT INTO returns.lines (return_id, line, quantity) VALUES ($1, $2, $3)`, r.ID, i.Line, i.Quantity)
	}
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("noting a return: %w", err)
	}
	return nil
}

// save writes what is new of a return whose order is locked.
func save(ctx context.Context, tx pgx.Tx, before, after Return) error {
	var b pgx.Batch
	b.Queue(`UPDATE returns.returns SET state = $2, note = $3, worth_minor = $4, refunded_minor = $5, confirmed_at = $6, ended_at = $7, version = $8 WHERE id = $1`,
		after.ID, after.State, after.Note, after.Worth.Minor(), after.Refunded.Minor(), after.ConfirmedAt, after.EndedAt, after.Version)
	for n, i := range after.Items {
		if i != before.Items[n] {
			b.Queue(`UPDATE returns.lines SET sellable = $3, damaged = $4 WHERE return_id = $1 AND line = $2`, after.ID, i.Line, i.Sellable, i.Damaged)
		}
	}
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("changing a return: %w", err)
	}
	return nil
}

// announce notes a return of a locked order; rule says whether it may be.
func announce(ctx context.Context, tx pgx.Tx, order uuid.UUID, rule func(Order) (Return, error)) (Return, Order, error) {
	if err := lockOrder(ctx, tx, order); err != nil {
		return Return{}, Order{}, err
	}
	o, err := readOrder(ctx, tx, order)
	if err != nil {
		return Return{}, Order{}, err
	}
	r, err := rule(o)
	if err != nil {
		return Return{}, Order{}, err
	}
	return r, o, insert(ctx, tx, r)
}

// change does what a rule says to a return. Its order is locked before both are read: of two who return the last piece, one does.
func change(ctx context.Context, tx pgx.Tx, id uuid.UUID, rule func(Return, Order) (Return, error)) (before, after Return, o Order, err error) {
	seen, err := read(ctx, tx, id)
	if err != nil {
		return before, after, o, err
	}
	if err := lockOrder(ctx, tx, seen.Order); err != nil {
		return before, after, o, err
	}
	if o, err = readOrder(ctx, tx, seen.Order); err != nil {
		return before, after, o, err
	}
	if before, err = read(ctx, tx, id); err != nil {
		return before, after, o, err
	}
	if after, err = rule(before, o); err != nil || after.Version == before.Version {
		return before, after, o, err
	}
	return before, after, o, save(ctx, tx, before, after)
}

// keepReceipt writes the receipt of a withdrawal.
func keepReceipt(ctx context.Context, tx pgx.Tx, id uuid.UUID, at time.Time, text string) error {
	if _, err := tx.Exec(ctx, `INSERT INTO returns.receipts (return_id, at, text) VALUES ($1, $2, $3)`, id, at, text); err != nil {
		return fmt.Errorf("keeping a receipt: %w", err)
	}
	return nil
}

func readReceipt(ctx context.Context, db querier, id uuid.UUID) (text string, err error) {
	err = db.QueryRow(ctx, `SELECT text FROM returns.receipts WHERE return_id = $1`, id).Scan(&text)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", fault.NotFound("receipt of the return", id.String())
	}
	if err != nil {
		return "", fmt.Errorf("reading a receipt: %w", err)
	}
	return text, nil
}

// keepAcceptance writes down what was accepted and by whom, and tells it.
func keepAcceptance(ctx context.Context, tx pgx.Tx, a Acceptance, staff string) error {
	text, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("writing what was accepted: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO returns.acceptances (id, return_id, staff, at, told) VALUES ($1, $2, $3, $4, $5)`, a.ID, a.Return, staff, a.At, text); err != nil {
		return fmt.Errorf("keeping what was accepted: %w", err)
	}
	return tell(ctx, tx, a)
}

const (
	// keepAnnounced is for how long somebody may wait with the second step.
	keepAnnounced = 24 * time.Hour
	// forgetEvery is how often announcements are looked for that nobody confirmed.
	forgetEvery = 10 * time.Minute
)

// forgetAnnounced takes out what nobody confirmed, until ctx ends.
func (s *store) forgetAnnounced(now func() time.Time) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			if _, err := s.forgetAnnouncedOnce(ctx, now()); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(forgetEvery):
			}
		}
	}
}

func (s *store) forgetAnnouncedOnce(ctx context.Context, now time.Time) (int64, error) {
	tag, err := s.db.Exec(ctx, `DELETE FROM returns.returns WHERE state = 'announced' AND announced_at < $1`, now.Add(-keepAnnounced))
	if err != nil {
		return 0, fmt.Errorf("forgetting announcements: %w", err)
	}
	return tag.RowsAffected(), nil
}
