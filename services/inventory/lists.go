package inventory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/changes"
	"github.com/emporium-shop/emporium/services/internal/fault"
)

const movementColumns = `m.id, m.sku, m.quantity, m.reason, coalesce(m.hold, '00000000-0000-0000-0000-000000000000'), coalesce(m.staff, ''), m.at`

func scanMovement(row pgx.Row) (m Movement, err error) {
	err = row.Scan(&m.ID, &m.SKU, &m.Quantity, &m.Cause, &m.Hold, &m.Staff, &m.At)
	return m, err
}

// movement reads one line of the ledger.
func (s *store) movement(ctx context.Context, id uuid.UUID) (Movement, error) {
	m, err := scanMovement(s.db.QueryRow(ctx, `SELECT `+movementColumns+` FROM inventory.movements m WHERE m.id = $1`, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return Movement{}, fault.NotFound("movement", id.String())
	}
	if err != nil {
		return Movement{}, fmt.Errorf("reading a movement: %w", err)
	}
	return m, nil
}

// movements lists the ledger after a line, of one product if it is named.
func (s *store) movements(ctx context.Context, sku string, after uuid.UUID, limit int) ([]Movement, error) {
	rows, err := s.db.Query(ctx, `SELECT `+movementColumns+` FROM inventory.movements m
		WHERE m.id > $1 AND ($2 = '' OR m.sku = $2) ORDER BY m.id LIMIT $3`, after, sku, limit)
	if err != nil {
		return nil, fmt.Errorf("listing movements: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Movement, error) { return scanMovement(row) })
	if err != nil {
		return nil, fmt.Errorf("listing movements: %w", err)
	}
	return list, nil
}

// Count is a product as the books see it: what it says of itself, and what its
// movements and holds add up to.
type Count struct {
	Stock
	Moved, Held int64
}

// counts lists products after one, all of a page as they were at one moment.
func (s *store) counts(ctx context.Context, after string, limit int) ([]Count, error) {
	rows, err := s.db.Query(ctx, `SELECT `+stockColumns+`,
			(SELECT coalesce(sum(m.quantity), 0)::bigint FROM inventory.movements m WHERE m.sku = s.sku),
			(SELECT coalesce(sum(l.units), 0)::bigint FROM inventory.hold_lines l JOIN inventory.holds h ON h.id = l.hold WHERE l.taken = s.sku AND h.state = 'open')
		FROM inventory.stock s WHERE s.sku > $1 ORDER BY s.sku LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("listing stock: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Count, err error) {
		err = row.Scan(&c.SKU, &c.OnHand, &c.Reserved, &c.Short, &c.Unlimited, &c.Piece, &c.Pieces, &c.Version, &c.Moved, &c.Held)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("listing stock: %w", err)
	}
	return list, nil
}

// booked is a hold with the moment of its last change.
type booked struct {
	Hold
	mark changes.Mark
}

// holds lists them in the order in which they were written last.
func (s *store) holds(ctx context.Context, after changes.Mark, limit int) ([]booked, error) {
	rows, err := s.db.Query(ctx, `SELECT `+holdColumns+`, h.booked_at FROM inventory.holds h
		WHERE (h.booked_at, h.id) > ($1, $2) ORDER BY h.booked_at, h.id LIMIT $3`, after.At, after.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("listing holds: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h booked, err error) {
		err = row.Scan(&h.ID, &h.Saga, &h.State, &h.Reason, &h.Order, &h.ExpiresAt, &h.Lines, &h.mark.At)
		h.mark.ID = h.ID
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("listing holds: %w", err)
	}
	return list, nil
}

// keep begins to keep a product, or a carton of one.
func keep(ctx context.Context, tx pgx.Tx, p Stock) error {
	if p.Piece != "" {
		var simple bool
		err := tx.QueryRow(ctx, `SELECT piece IS NULL FROM inventory.stock WHERE sku = $1`, p.Piece).Scan(&simple)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return fault.Invalid("#/piece", "Nothing is known of the piece.")
		case err != nil:
			return fmt.Errorf("looking for a piece: %w", err)
		case !simple:
			return fault.Invalid("#/piece", "The piece is a carton itself.")
		}
	}
	tag, err := tx.Exec(ctx, `INSERT INTO inventory.stock (sku, unlimited, piece, pieces) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		p.SKU, p.Unlimited, optional(p.Piece), optional(p.Pieces))
	if err != nil {
		return fmt.Errorf("beginning to keep a product: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fault.Conflict(fault.ConflictKind, "The product is kept already.")
	}
	return nil
}

// limit writes whether a product is made when it is ordered, over the version that it was read at.
func (s *store) limit(ctx context.Context, p Stock, unlimited bool) (Stock, error) {
	after, err := scanStock(s.db.QueryRow(ctx, `UPDATE inventory.stock s SET unlimited = $3, version = version + 1,
			short = CASE WHEN $3 THEN 0 ELSE greatest(0, reserved - on_hand) END
		WHERE s.sku = $1 AND s.version = $2 AND ($3 OR s.on_hand >= 0) RETURNING `+stockColumns, p.SKU, p.Version, unlimited))
	if errors.Is(err, pgx.ErrNoRows) {
		return Stock{}, fault.Stale()
	}
	if err != nil {
		return Stock{}, fmt.Errorf("changing a product: %w", err)
	}
	return after, nil
}

// overdue lists open holds for which it is time to ask, the longest overdue first; of
// some products if they are named.
func (s *store) overdue(ctx context.Context, now time.Time, skus []string, limit int) ([]overdue, error) {
	rows, err := s.db.Query(ctx, `SELECT h.id, h.saga, h.asked FROM inventory.holds h WHERE h.state = 'open' AND h.ask_at <= $1
		AND ($2::text[] IS NULL OR EXISTS (SELECT FROM inventory.hold_lines l WHERE l.hold = h.id AND l.taken IN (SELECT unnest($2::text[])
			UNION SELECT p.piece FROM inventory.stock p WHERE p.sku = ANY($2::text[]))))
		ORDER BY h.ask_at LIMIT $3`, now, skus, limit)
	if err != nil {
		return nil, fmt.Errorf("listing holds whose time is over: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[overdue])
	if err != nil {
		return nil, fmt.Errorf("listing holds whose time is over: %w", err)
	}
	return list, nil
}

// postpone notes that nobody knew what became of a hold, and when to ask again.
func postpone(ctx context.Context, tx pgx.Tx, id uuid.UUID, until time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE inventory.holds SET asked = asked + 1, ask_at = greatest(ask_at, $2) WHERE id = $1 AND state = 'open'`, id, until)
	if err != nil {
		return fmt.Errorf("keeping a hold: %w", err)
	}
	return nil
}
