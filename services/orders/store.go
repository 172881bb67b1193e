package orders

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL.
type store struct {
	db *postgres.DB
	// shop is what numbers begin with.
	shop string
	// tell puts what happened into the outbox, in the transaction in which it happens.
	tell func(context.Context, pgx.Tx, Order, []Fact) error
}

// asker is a pool or a transaction.
type asker interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// columns of an order, its lines in their order among them.
const columns = `o.id, o.number, o.token, o.saga, o.cart, o.cart_turn, o.quote, o.hold, o.payment, coalesce(o.customer, ''), o.email, coalesce(o.locale, ''),
	o.address, o.currency, o.shipping_minor, o.discount_minor, o.total_minor, o.tax_minor, o.taxes, o.redemptions, o.state, o.refunded_minor, o.cards_back_minor,
	coalesce(o.carrier, ''), coalesce(o.tracking, ''), o.parcels_sent, coalesce(o.details, '{}'), o.placed_at, o.version,
	(SELECT json_agg(json_build_array(l.sku, l.name, l.quantity, l.unit_minor, l.total_minor, l.tax_minor, coalesce(l.rate, '')) ORDER BY l.line) FROM orders.lines l WHERE l.order_id = o.id)`

func scan(row pgx.CollectableRow) (Order, error) {
	var o Order
	var currency string
	var shipping, discount, total, tax, back, cards int64
	var lines []byte
	err := row.Scan(&o.ID, &o.Number, &o.Token, &o.Saga, &o.Cart, &o.Turn, &o.Quote, &o.Hold, &o.Payment, &o.Customer, &o.Email, &o.Locale,
		&o.Address, &currency, &shipping, &discount, &total, &tax, &o.Taxes, &o.Redemptions, &o.State, &back, &cards,
		&o.Carrier, &o.Tracking, &o.ParcelsSent, &o.Details, &o.PlacedAt, &o.Version, &lines)
	if err != nil {
		return Order{}, err
	}
	of := func(minor int64) money.Money { return money.New(minor, currency) }
	o.Shipping, o.Discount, o.Total, o.Tax, o.Refunded, o.ToCards = of(shipping), of(discount), of(total), of(tax), of(back), of(cards)
	o.PlacedAt = o.PlacedAt.UTC()
	o.Lines, err = linesOf(lines, of)
	return o, err
}

// linesOf reads the lines as the query packs them.
func linesOf(text []byte, of func(int64) money.Money) (lines []Line, err error) {
	var packed [][7]json.RawMessage
	if err := json.Unmarshal(text, &packed); err != nil {
		return nil, fmt.Errorf("reading lines: %w", err)
	}
	for _, p := range packed {
		var l Line
		var unit, total, tax int64
		for n, into := range []any{&l.SKU, &l.Name, &l.Quantity, &unit, &total, &tax, &l.Rate} {
			err = errors.Join(err, json.Unmarshal(p[n], into))
		}
		l.Unit, l.Total, l.Tax = of(unit), of(total), of(tax)
		lines = append(lines, l)
	}
	return lines, err
}

// find reads orders by a condition of the service's own.
func find(ctx context.Context, in asker, condition string, args ...any) ([]Order, error) {
	rows, err := in.Query(ctx, `SELECT `+columns+` FROM orders.orders o `+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("reading orders: %w", err)
	}
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("reading orders: %w", err)
	}
	return list, nil
}

// one is the only order of a condition.
func one(ctx context.Context, in asker, name, condition string, args ...any) (Order, error) {
	list, err := find(ctx, in, condition, args...)
	if err == nil && len(list) == 0 {
		err = notYours(name)
	}
	if err != nil {
		return Order{}, err
	}
	return list[0], nil
}

func (s *store) order(ctx context.Context, id uuid.UUID) (Order, error) {
	return one(ctx, s.db, id.String(), `WHERE o.id = $1`, id)
}

// ofCustomer lists a customer's orders, the newest first, from before one; uuid.Max is after all of them.
func (s *store) ofCustomer(ctx context.Context, customer string, before uuid.UUID, limit int) ([]Order, error) {
	return find(ctx, s.db, `WHERE o.customer = $1 AND o.id < $2 ORDER BY o.id DESC LIMIT $3`, customer, before, limit)
}

// all lists orders for staff, the newest first; no state is every state.
func (s *store) all(ctx context.Context, state State, before uuid.UUID, limit int) ([]Order, error) {
	return find(ctx, s.db, `WHERE ($1 = '' OR o.state = $1) AND o.id < $2 ORDER BY o.id DESC LIMIT $3`, string(state), before, limit)
}

// history is what happened to an order.
func (s *store) history(ctx context.Context, id uuid.UUID) ([]Fact, error) {
	rows, err := s.db.Query(ctx, `SELECT kind, at, coalesce(reason, '') FROM orders.order_events WHERE order_id = $1 ORDER BY version, turn`, id)
	if err != nil {
		return nil, fmt.Errorf("reading the history of an order: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (f Fact, err error) {
		err = row.Scan(&f.Kind, &f.At, &f.Reason)
		f.At = f.At.UTC()
		return f, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the history of an order: %w", err)
	}
	return list, nil
}

// guess looks an order up by what a guest knows of it.
func guess(ctx context.Context, tx pgx.Tx, number, mail string) (Order, bool, error) {
	list, err := find(ctx, tx, `WHERE o.number = $1 AND lower(o.email) = $2`, number, mail)
	if err != nil || len(list) == 0 {
		return Order{}, false, err
	}
	return list[0], true, nil
}

// place makes the order of a saga, or finds the one that it has made. The saga's row is what lets no second one come about, and
// no first one after refuse.
func (s *store) place(ctx context.Context, tx pgx.Tx, p Placement, now time.Time) (Order, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Order{}, fmt.Errorf("making an order's id: %w", err)
	}
	made, err := claim(ctx, tx, p.Saga, &id)
	switch {
	case err != nil:
		return Order{}, err
	case made == nil:
		return Order{}, fault.Conflict(fault.ConflictKind, "The checkout of this order was given up.")
	case *made != id:
		return one(ctx, tx, made.String(), `WHERE o.id = $1`, *made)
	}
	var counter int64
	if err := tx.QueryRow(ctx, `SELECT nextval('orders.numbers')`).Scan(&counter); err != nil {
		return Order{}, fmt.Errorf("drawing an order's number: %w", err)
	}
	o, facts, err := New(id, Number(s.shop, counter), NewToken(), p, now.UTC().Truncate(time.Microsecond))
	if err != nil {
		return Order{}, err
	}
	if err := insert(ctx, tx, o, facts); err != nil {
		return Order{}, err
	}
	return o, s.tell(ctx, tx, o, facts)
}

// refuse promises that a saga gets no order, unless it has one: that is returned.
func (s *store) refuse(ctx context.Context, tx pgx.Tx, saga uuid.UUID) (*Order, error) {
	made, err := claim(ctx, tx, saga, nil)
	if err != nil || made == nil {
		return nil, err
	}
	o, err := one(ctx, tx, made.String(), `WHERE o.id = $1`, *made)
	return &o, err
}

// claim decides what becomes of a saga, unless it was decided, and returns what was: an order, or nil for none. Of two at once the
// second waits for the first.
func claim(ctx context.Context, tx pgx.Tx, saga uuid.UUID, order *uuid.UUID) (*uuid.UUID, error) {
	tag, err := tx.Exec(ctx, `INSERT INTO orders.sagas (saga, order_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, saga, order)
	if err == nil && tag.RowsAffected() == 1 {
		return order, nil
	}
	var decided *uuid.UUID
	if err == nil {
		err = tx.QueryRow(ctx, `SELECT order_id FROM orders.sagas WHERE saga = $1`, saga).Scan(&decided)
	}
	if err != nil {
		return nil, fmt.Errorf("deciding on a saga: %w", err)
	}
	return decided, nil
}

func insert(ctx context.Context, tx pgx.Tx, o Order, facts []Fact) error {
	var b pgx.Batch
	b.Queue(`INSERT INTO orders.orders (id, number, token, saga, cart, cart_turn, quote, hold, payment, customer, email, locale, address, currency,
			shipping_minor, discount_minor, total_minor, tax_minor, taxes, redemptions, state, version, placed_at, changed_at, details)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, nullif($10, ''), $11, nullif($12, ''), $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $23, $24)`,
		o.ID, o.Number, o.Token, o.Saga, o.Cart, o.Turn, o.Quote, o.Hold, o.Payment, o.Customer, o.Email, o.Locale, o.Address, o.Total.Currency(),
		o.Shipping.Minor(), o.Discount.Minor(), o.Total.Minor(), o.Tax.Minor(), some(o.Taxes), some(o.Redemptions), o.State, o.Version, o.PlacedAt, o.Details)
	for n, l := range o.Lines {
		b.Queue(`INSERT INTO orders.lines (order_id, line, sku, name, quantity, unit_minor, total_minor, tax_minor, rate) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, nullif($9, ''))`,
			o.ID, n, l.SKU, l.Name, l.Quantity, l.Unit.Minor(), l.Total.Minor(), l.Tax.Minor(), l.Rate)
	}
	note(&b, o, facts)
	return taken(tx.SendBatch(ctx, &b).Close())
}

// some is a list that is never null.
func some[T any](list []T) []T { return append([]T{}, list...) }

// taken tells what the order's uniqueness refuses.
func taken(err error) error {
	var sql *pgconn.PgError
	if errors.As(err, &sql) && sql.Code == "23505" {
		switch sql.ConstraintName {
		case "orders_cart":
			return fault.Conflict(fault.ConflictKind, "The cart was ordered already.")
		case "orders_quote":
			return fault.Conflict(fault.ConflictKind, "The quote was ordered already.")
		}
	}
	if err != nil {
		return fmt.Errorf("making an order: %w", err)
	}
	return nil
}

func note(b *pgx.Batch, o Order, facts []Fact) {
	for n, f := range facts {
		b.Queue(`INSERT INTO orders.order_events (order_id, version, turn, kind, reason, at) VALUES ($1, $2, $3, $4, nullif($5, ''), $6)`, o.ID, o.Version, n, f.Kind, f.Reason, f.At)
	}
}

// change does something to an order whose row nobody else has meanwhile. What changes nothing writes nothing.
func (s *store) change(ctx context.Context, tx pgx.Tx, id uuid.UUID, do func(Order) (Order, []Fact, error)) (Order, error) {
	before, err := one(ctx, tx, id.String(), `WHERE o.id = $1 FOR UPDATE OF o`, id)
	if err != nil {
		return Order{}, err
	}
	o, facts, err := do(before)
	if err != nil || o.Version == before.Version {
		return o, err
	}
	var b pgx.Batch
	b.Queue(`UPDATE orders.orders SET state = $2, refunded_minor = $3, carrier = nullif($4, ''), tracking = nullif($5, ''), version = $6, changed_at = $7, parcels_sent = $8, cards_back_minor = $9 WHERE id = $1`,
		o.ID, o.State, o.Refunded.Minor(), o.Carrier, o.Tracking, o.Version, facts[0].At, o.ParcelsSent, o.ToCards.Minor())
	note(&b, o, facts)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return Order{}, fmt.Errorf("changing an order: %w", err)
	}
	return o, s.tell(ctx, tx, o, facts)
}

// ofPayment is the order that a payment is for; not there when there is none. What gift cards paid in full has a payment of the order's own id.
func ofPayment(ctx context.Context, tx pgx.Tx, payment uuid.UUID) (id uuid.UUID, there bool, err error) {
	err = tx.QueryRow(ctx, `SELECT id FROM orders.orders WHERE payment = $1 OR id = $1 AND payment IS NULL`, payment).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, false, nil
	}
	if err != nil {
		return uuid.Nil, false, fmt.Errorf("looking for the order of a payment: %w", err)
	}
	return id, true, nil
}

// sentBefore are orders that were sent before a moment and are not complete.
func (s *store) sentBefore(ctx context.Context, at time.Time, limit int) ([]uuid.UUID, error) {
	rows, err := s.db.Query(ctx, `SELECT id FROM orders.orders WHERE state = 'sent' AND changed_at < $1 ORDER BY changed_at LIMIT $2`, at, limit)
	if err != nil {
		return nil, fmt.Errorf("looking for orders that are complete: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}
