package loyalty

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// lockOrder makes whoever else learns of this order wait until the transaction ends, also where nothing is known of it yet.
func lockOrder(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	if _, err := tx.Exec(ctx, `INSERT INTO loyalty.orders (id) VALUES ($1) ON CONFLICT DO NOTHING`, id); err != nil {
		return fmt.Errorf("noting an order: %w", err)
	}
	if _, err := tx.Exec(ctx, `SELECT FROM loyalty.orders WHERE id = $1 FOR UPDATE`, id); err != nil {
		return fmt.Errorf("locking an order: %w", err)
	}
	return nil
}

// lockSaga keeps an order and a refund of it from being noted at once, for then neither would see the other.
func lockSaga(ctx context.Context, tx pgx.Tx, saga uuid.UUID) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('loyalty/' || $1::text, 0))`, saga.String()); err != nil {
		return fmt.Errorf("locking a saga: %w", err)
	}
	return nil
}

func readOrder(ctx context.Context, tx pgx.Tx, id uuid.UUID) (o Order, err error) {
	var goods, net int64
	var in string
	var total *int64
	err = tx.QueryRow(ctx, `SELECT id, saga, customer, currency, goods_minor, net_minor, paid, cancelled,
			(SELECT coalesce(sum(gross_minor), 0)::bigint FROM loyalty.returns r WHERE r.order_id = o.id), (SELECT coalesce(sum(net_minor), 0)::bigint FROM loyalty.returns r WHERE r.order_id = o.id),
			(SELECT coalesce(sum(amount_minor + cards_minor), 0) FROM loyalty.refunds r WHERE r.saga = o.saga AND r.return_id IS NULL)
			+ (SELECT coalesce(sum(back_minor), 0) FROM loyalty.hold_cards c JOIN loyalty.holds h ON h.id = c.hold WHERE h.order_id = o.id)
			- (SELECT coalesce(sum(owed_minor), 0) FROM loyalty.holds h WHERE h.order_id = o.id),
			total_minor, (SELECT coalesce(sum(refund_minor), 0)::bigint FROM loyalty.returns r WHERE r.order_id = o.id),
			(SELECT coalesce(sum(amount_minor + cards_minor), 0)::bigint FROM loyalty.refunds r WHERE r.saga = o.saga AND r.return_id IS NULL),
			(SELECT coalesce(sum(cards_minor), 0)::bigint FROM loyalty.refunds r WHERE r.saga = o.saga)
		FROM loyalty.orders o WHERE id = $1`, id).Scan(&o.ID, &o.Saga, &o.Customer, &in, &goods, &net, &o.Paid, &o.Cancelled, &o.Returned, &o.ReturnedNet, &o.Refunded, &total, &o.ByReturns, &o.Beside, &o.ToCards)
	if err != nil {
		return Order{}, fmt.Errorf("reading an order: %w", err)
	}
	o.Goods, o.Net = money.New(goods, in), money.New(net, in)
	if total != nil {
		whole := money.New(*total, in)
		o.Total = &whole
	}
	return o, nil
}

// settle books what is missing between what the ledger says of an order and what is right as things are. The order is locked.
func settle(ctx context.Context, tx pgx.Tx, id uuid.UUID, now time.Time) error {
	o, err := readOrder(ctx, tx, id)
	if err != nil {
		return err
	}
	h, err := lockHold(ctx, tx, `order_id = $1`, id)
	if err != nil && !fault.Is(err, fault.NotFoundKind) {
		return err
	}
	if err := lockAccounts(ctx, tx, o.Customer, h.Customer); err != nil {
		return err
	}
	if err := settleEarned(ctx, tx, o, now); err != nil {
		return err
	}
	if err := settleSpent(ctx, tx, o, h, now); err != nil {
		return err
	}
	if after := h.Cancel(); o.Cancelled && after.State != h.State {
		if err := saveHold(ctx, tx, after); err != nil {
			return err
		}
		return backToCards(ctx, tx, h, h.rest(), now)
	}
	return settleCards(ctx, tx, o, h, now)
}

// settleCards gives the cards what they are owed of refunds: what is beyond the provider's part of all that is given back, and no less than
// payments told to whom it was asked of. What the provider gives back payments knows by itself.
func settleCards(ctx context.Context, tx pgx.Tx, o Order, h Hold, now time.Time) error {
	if h.State != Committed || o.Total == nil {
		return nil
	}
	owed := h.Owes(*o.Total, money.New(max(o.ByReturns+o.Beside, h.due(*o.Total)+o.ToCards), o.Total.Currency()))
	if owed.IsZero() {
		return nil
	}
	_, parts, err := h.Refund(owed, money.New(0, owed.Currency()))
	if err != nil {
		return err
	}
	h.Owed += owed.Minor()
	if err := saveHold(ctx, tx, h); err != nil {
		return err
	}
	return backToCards(ctx, tx, h, parts, now)
}

func settleEarned(ctx context.Context, tx pgx.Tx, o Order, now time.Time) error {
	want, err := o.Earns()
	if err != nil {
		return err
	}
	have, err := booked(ctx, tx, o.ID, Earned, TakenBack)
	if err != nil {
		return err
	}
	kind := Earned
	if want < have {
		kind = TakenBack
	}
	return post(ctx, tx, o.Customer, kind, want-have, &o.ID, now)
}

func settleSpent(ctx context.Context, tx pgx.Tx, o Order, h Hold, now time.Time) error {
	if h.Points == 0 {
		return nil
	}
	back, err := o.Back(h.Points)
	if err != nil {
		return err
	}
	have, err := booked(ctx, tx, o.ID, Spent, Returned)
	if err != nil {
		return err
	}
	return post(ctx, tx, h.Customer, Returned, max(0, back-h.Points-have), &o.ID, now)
}

// booked is what the ledger says of an order.
func booked(ctx context.Context, tx pgx.Tx, order uuid.UUID, kinds ...Kind) (sum int64, err error) {
	if err := tx.QueryRow(ctx, `SELECT coalesce(sum(points), 0) FROM loyalty.points WHERE order_id = $1 AND kind = ANY($2)`, order, kinds).Scan(&sum); err != nil {
		return 0, fmt.Errorf("adding up an order's points: %w", err)
	}
	return sum, nil
}
