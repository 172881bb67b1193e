package inventory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL. Whatever changes stock locks first its hold, if there is one,
// and then the rows of its products in the order of their SKUs: so no two wait for
// each other.
type store struct{ db *postgres.DB }

const stockColumns = `s.sku, s.on_hand, s.reserved, s.short, s.unlimited, coalesce(s.piece, ''), coalesce(s.pieces, 0), s.version`

func scanStock(row pgx.Row) (s Stock, err error) {
	err = row.Scan(&s.SKU, &s.OnHand, &s.Reserved, &s.Short, &s.Unlimited, &s.Piece, &s.Pieces, &s.Version)
	return s, err
}

// withPieces are the products that $1 names, with the pieces of cartons.
const withPieces = `SELECT unnest($1::text[]) UNION SELECT p.piece FROM inventory.stock p WHERE p.sku = ANY($1::text[]) AND p.piece IS NOT NULL`

func collectStock(rows pgx.Rows) ([]Stock, error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Stock, error) { return scanStock(row) })
}

// stock reads products as they are, of one moment.
func (s *store) stock(ctx context.Context, skus []string) (*Ledger, error) {
	rows, err := s.db.Query(ctx, `SELECT `+stockColumns+` FROM inventory.stock s WHERE s.sku IN (`+withPieces+`)`, skus)
	if err != nil {
		return nil, fmt.Errorf("reading stock: %w", err)
	}
	all, err := collectStock(rows)
	if err != nil {
		return nil, fmt.Errorf("reading stock: %w", err)
	}
	return NewLedger(all), nil
}

// product reads the settings of one product.
func (s *store) product(ctx context.Context, sku string) (Stock, error) {
	found, err := scanStock(s.db.QueryRow(ctx, `SELECT `+stockColumns+` FROM inventory.stock s WHERE s.sku = $1`, sku))
	if errors.Is(err, pgx.ErrNoRows) {
		return Stock{}, fault.NotFound("product", sku)
	}
	if err != nil {
		return Stock{}, fmt.Errorf("reading a product: %w", err)
	}
	return found, nil
}

// lock reads products and keeps all others from changing them until tx ends.
func lock(ctx context.Context, tx pgx.Tx, skus []string) (*Ledger, error) {
	rows, err := tx.Query(ctx, `SELECT `+stockColumns+` FROM inventory.stock s WHERE s.sku IN (`+withPieces+`) ORDER BY s.sku FOR NO KEY UPDATE OF s`, skus)
	if err != nil {
		return nil, fmt.Errorf("locking stock: %w", err)
	}
	all, err := collectStock(rows)
	if err != nil {
		return nil, fmt.Errorf("locking stock: %w", err)
	}
	return NewLedger(all), nil
}

// save queues what a locked ledger changed.
func save(b *pgx.Batch, l *Ledger) {
	var skus []string
	var onHand, reserved, short []int64
	for _, s := range l.Changed() {
		skus, onHand, reserved, short = append(skus, s.SKU), append(onHand, s.OnHand), append(reserved, s.Reserved), append(short, s.Short)
	}
	if len(skus) > 0 {
		b.Queue(`UPDATE inventory.stock s SET on_hand = n.on_hand, reserved = n.reserved, short = n.short
			FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS n(sku, on_hand, reserved, short) WHERE s.sku = n.sku`, skus, onHand, reserved, short)
	}
	for _, m := range l.Movements {
		b.Queue(`INSERT INTO inventory.movements (id, sku, quantity, reason, hold, staff) VALUES ($1, $2, $3, $4, $5, $6)`,
			m.newID(), m.SKU, m.Quantity, m.Cause, optional(m.Hold), optional(m.Staff))
	}
}

// newID is the movement's own; those of holds get one when they are written.
func (m Movement) newID() uuid.UUID {
	if m.ID == uuid.Nil {
		return uuid.Must(uuid.NewV7())
	}
	return m.ID
}

// optional is NULL for a zero value.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// Basket is what one checkout wants to hold.
type Basket struct {
	Saga  uuid.UUID
	Wants []Want
	Until time.Time
}

// placed is what became of a basket.
type placed struct {
	Hold Hold
	Err  error
}

// hold holds baskets, each of them whole or not at all, in their order.
func hold(ctx context.Context, tx pgx.Tx, baskets []Basket) ([]placed, error) {
	l, err := lock(ctx, tx, skusOf(baskets))
	if err != nil {
		return nil, err
	}
	all := make([]placed, len(baskets))
	var b pgx.Batch
	var rows holdRows
	for n, basket := range baskets {
		lines, err := l.Hold(basket.Wants)
		if err != nil {
			all[n].Err = err
			continue
		}
		all[n].Hold = Hold{ID: uuid.Must(uuid.NewV7()), Saga: basket.Saga, State: Open, ExpiresAt: basket.Until, Lines: lines}
		rows.add(all[n].Hold)
	}
	rows.insert(&b)
	save(&b, l)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return nil, fmt.Errorf("holding: %w", twice(err))
	}
	return all, nil
}

func skusOf(baskets []Basket) (skus []string) {
	for _, b := range baskets {
		for _, w := range b.Wants {
			skus = append(skus, w.SKU)
		}
	}
	return skus
}

// twice says of a saga or an order that has a hold that it has one.
func twice(err error) error {
	var sql *pgconn.PgError
	switch {
	case errors.As(err, &sql) && sql.ConstraintName == "one_hold_a_saga":
		return fault.Conflict(fault.ConflictKind, "The saga has a hold already: ask with the key of the first time.")
	case errors.As(err, &sql) && sql.ConstraintName == "one_hold_an_order":
		return fault.Conflict(fault.ConflictKind, "The order has another hold already.")
	}
	return err
}

// holdRows are new holds, as unnest takes them.
type holdRows struct {
	ids, sagas      []uuid.UUID
	ends            []time.Time
	holds           []uuid.UUID
	skus, taken     []string
	quantity, units []int64
}

func (r *holdRows) add(h Hold) {
	r.ids, r.sagas, r.ends = append(r.ids, h.ID), append(r.sagas, h.Saga), append(r.ends, h.ExpiresAt)
	for _, line := range h.Lines {
		r.holds, r.skus, r.taken = append(r.holds, h.ID), append(r.skus, line.SKU), append(r.taken, line.Taken)
		r.quantity, r.units = append(r.quantity, line.Quantity), append(r.units, line.Units)
	}
}

func (r *holdRows) insert(b *pgx.Batch) {
	if len(r.ids) == 0 {
		return
	}
	b.Queue(`INSERT INTO inventory.holds (id, saga, expires_at, ask_at)
		SELECT id, saga, until, until FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS n(id, saga, until)`, r.ids, r.sagas, r.ends)
	b.Queue(`INSERT INTO inventory.hold_lines (hold, sku, taken, quantity, units)
		SELECT hold, sku, taken, quantity, units FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) AS n(hold, sku, taken, quantity, units)`,
		r.holds, r.skus, r.taken, r.quantity, r.units)
}

const orderColumn = `coalesce(h.order_id, '00000000-0000-0000-0000-000000000000')`

// holdColumns are for reads. Under a lock the lines are read by themselves: beside a
// row that was waited for, they would be as they were before.
const holdColumns = `h.id, h.saga, h.state, coalesce(h.reason, ''), ` + orderColumn + `, h.expires_at,
	(SELECT json_agg(json_build_object('SKU', l.sku, 'Quantity', l.quantity, 'Taken', l.taken, 'Units', l.units, 'Missing', l.missing) ORDER BY l.sku)
		FROM inventory.hold_lines l WHERE l.hold = h.id)`

func scanHold(row pgx.Row) (h Hold, err error) {
	err = row.Scan(&h.ID, &h.Saga, &h.State, &h.Reason, &h.Order, &h.ExpiresAt, &h.Lines)
	return h, err
}

// hold reads one as it is.
func (s *store) hold(ctx context.Context, id uuid.UUID) (Hold, error) {
	return foundHold(id, s.db.QueryRow(ctx, `SELECT `+holdColumns+` FROM inventory.holds h WHERE h.id = $1`, id))
}

func foundHold(id uuid.UUID, row pgx.Row) (Hold, error) {
	h, err := scanHold(row)
	if errors.Is(err, pgx.ErrNoRows) {
		return Hold{}, fault.NotFound("hold", id.String())
	}
	if err != nil {
		return Hold{}, fmt.Errorf("reading a hold: %w", err)
	}
	return h, nil
}

const lineColumns = `l.sku, l.quantity, l.taken, l.units, l.missing`

// lockHold reads a hold with its stock and keeps all others from changing them. These
// are three statements of one round trip: the later ones see what was committed while
// the first waited.
func lockHold(ctx context.Context, tx pgx.Tx, id uuid.UUID) (h Hold, l *Ledger, err error) {
	var b pgx.Batch
	b.Queue(`SELECT h.id, h.saga, h.state, coalesce(h.reason, ''), `+orderColumn+`, h.expires_at FROM inventory.holds h WHERE h.id = $1 FOR UPDATE`, id).QueryRow(func(row pgx.Row) error {
		return row.Scan(&h.ID, &h.Saga, &h.State, &h.Reason, &h.Order, &h.ExpiresAt)
	})
	b.Queue(`SELECT `+lineColumns+` FROM inventory.hold_lines l WHERE l.hold = $1 ORDER BY l.sku`, id).Query(func(rows pgx.Rows) (err error) {
		h.Lines, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Line])
		return err
	})
	b.Queue(`SELECT `+stockColumns+` FROM inventory.stock s WHERE s.sku IN (SELECT taken FROM inventory.hold_lines WHERE hold = $1)
		ORDER BY s.sku FOR NO KEY UPDATE OF s`, id).Query(func(rows pgx.Rows) error {
		all, err := collectStock(rows)
		l = NewLedger(all)
		return err
	})
	err = tx.SendBatch(ctx, &b).Close()
	if errors.Is(err, pgx.ErrNoRows) {
		return Hold{}, nil, fault.NotFound("hold", id.String())
	}
	if err != nil {
		return Hold{}, nil, fmt.Errorf("locking a hold: %w", err)
	}
	return h, l, nil
}

// change does one step of a hold, with the hold and its stock locked.
func change(ctx context.Context, tx pgx.Tx, id uuid.UUID, step func(Hold, *Ledger) (Hold, error)) (Hold, error) {
	before, l, err := lockHold(ctx, tx, id)
	if err != nil {
		return Hold{}, err
	}
	after, err := step(before, l)
	if err != nil {
		return Hold{}, err
	}
	var b pgx.Batch
	write(&b, before, after)
	save(&b, l)
	if b.Len() == 0 {
		return after, nil
	}
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return Hold{}, fmt.Errorf("changing a hold: %w", twice(err))
	}
	return after, tell(ctx, tx, before, after)
}

// release gives a hold back.
func release(ctx context.Context, tx pgx.Tx, id uuid.UUID, why Reason) (Hold, error) {
	return change(ctx, tx, id, func(h Hold, l *Ledger) (Hold, error) { return h.Release(l, why) })
}

// commit sells a hold to an order; to one that is cancelled already it sells nothing.
func commit(ctx context.Context, tx pgx.Tx, id, order uuid.UUID) (Hold, error) {
	if err := lockOrder(ctx, tx, order); err != nil {
		return Hold{}, err
	}
	var restock bool
	err := tx.QueryRow(ctx, `SELECT restock FROM inventory.cancellations WHERE order_id = $1`, order).Scan(&restock)
	cancelled := err == nil
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Hold{}, fmt.Errorf("looking for a cancellation: %w", err)
	}
	return change(ctx, tx, id, func(h Hold, l *Ledger) (Hold, error) {
		if cancelled {
			return h.Cancel(l, order, restock)
		}
		return h.Commit(l, order)
	})
}

// cancel puts the goods of an order back, if restock says so. An order that nobody
// has heard of yet is noted, for its hold will still come.
func cancel(ctx context.Context, tx pgx.Tx, order uuid.UUID, restock bool) (Hold, error) {
	if err := lockOrder(ctx, tx, order); err != nil {
		return Hold{}, err
	}
	var id uuid.UUID
	err := tx.QueryRow(ctx, `SELECT id FROM inventory.holds WHERE order_id = $1`, order).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		_, err = tx.Exec(ctx, `INSERT INTO inventory.cancellations (order_id, restock) VALUES ($1, $2) ON CONFLICT DO NOTHING`, order, restock)
		if err != nil {
			err = fmt.Errorf("noting a cancellation: %w", err)
		}
		return Hold{}, err
	}
	if err != nil {
		return Hold{}, fmt.Errorf("looking for the hold of an order: %w", err)
	}
	return change(ctx, tx, id, func(h Hold, l *Ledger) (Hold, error) { return h.Cancel(l, order, restock) })
}

// lockOrder keeps others from an order until tx ends: if it is placed and cancelled at
// once, one of the two must see the other.
func lockOrder(ctx context.Context, tx pgx.Tx, order uuid.UUID) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('inventory/order/' || $1, 0))`, order.String()); err != nil {
		return fmt.Errorf("locking an order: %w", err)
	}
	return nil
}

// write queues what is new of a hold.
func write(b *pgx.Batch, before, after Hold) {
	if before.State != after.State || before.Order != after.Order || !before.ExpiresAt.Equal(after.ExpiresAt) {
		b.Queue(`UPDATE inventory.holds SET state = $2, reason = $3, order_id = $4, expires_at = $5, ask_at = greatest(ask_at, $5), asked = 0 WHERE id = $1`,
			after.ID, after.State, optional(after.Reason), optional(after.Order), after.ExpiresAt)
	}
	for n, line := range after.Lines {
		if line != before.Lines[n] {
			b.Queue(`UPDATE inventory.hold_lines SET missing = $3 WHERE hold = $1 AND sku = $2`, after.ID, line.SKU, line.Missing)
		}
	}
}

// move writes a movement of the staff's, on a product that need not be known yet.
func move(ctx context.Context, tx pgx.Tx, m Movement) error {
	if _, err := tx.Exec(ctx, `INSERT INTO inventory.stock (sku) VALUES ($1) ON CONFLICT DO NOTHING`, m.SKU); err != nil {
		return fmt.Errorf("beginning to keep a product: %w", err)
	}
	l, err := lock(ctx, tx, []string{m.SKU})
	if err != nil {
		return err
	}
	if err := l.Move(m); err != nil {
		return err
	}
	var b pgx.Batch
	save(&b, l)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("moving stock: %w", err)
	}
	return nil
}
