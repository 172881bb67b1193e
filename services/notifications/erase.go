package notifications

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
)

// underWay tells whether a customer has an order of which mails are still to come (C39). That there was a mail of each kind stays, for the books.
func underWay(ctx context.Context, tx pgx.Tx, customer string) (more bool, err error) {
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM notifications.orders WHERE customer = $1)`, customer).Scan(&more); err != nil {
		return false, fmt.Errorf("looking for orders that are under way: %w", err)
	}
	return more, nil
}

// forget takes out of the orders of a customer that have ended, and of their mails, whatever is theirs. It says how many orders.
func forget(ctx context.Context, tx pgx.Tx, customer string) (int64, error) {
	const own = `SELECT id FROM notifications.orders WHERE customer = $1 AND ended`
	if _, err := tx.Exec(ctx, `UPDATE notifications.mails SET recipient = '', name = '', subject = '', text = '', sent_at = COALESCE(sent_at, clock_timestamp())
		WHERE order_id IN (`+own+`)`, customer); err != nil {
		return 0, fmt.Errorf("forgetting to whom mails went: %w", err)
	}
	tag, err := tx.Exec(ctx, `UPDATE notifications.orders SET customer = NULL, known = jsonb_build_object('ID', id, 'Saga', saga) WHERE customer = $1 AND ended`, customer)
	if err != nil {
		return 0, fmt.Errorf("forgetting whose orders they were: %w", err)
	}
	return tag.RowsAffected(), nil
}

// end notes that an order has ended.
func end(ctx context.Context, tx pgx.Tx, order uuid.UUID) error {
	if _, err := tx.Exec(ctx, `UPDATE notifications.orders SET ended = true WHERE id = $1`, order); err != nil {
		return fmt.Errorf("noting that an order has ended: %w", err)
	}
	return nil
}

// cancelled tells the customer, and notes that nothing more happens to the order.
func (w *writer) cancelled(ctx context.Context, tx pgx.Tx, e events.Event) error {
	if err := w.happened(Cancelled)(ctx, tx, e); err != nil {
		return err
	}
	return w.completed(ctx, tx, e)
}

// completed notes that nothing more happens to an order; nobody is told.
func (w *writer) completed(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data struct{ Order uuid.UUID }
	if err := e.Into(&data); err != nil {
		return err
	}
	return end(ctx, tx, data.Order)
}

// unaddressed is a mail of an order whose customer was erased, as a late refund of it: it is in the books, and nobody gets it.
func unaddressed(ctx context.Context, tx pgx.Tx, id uuid.UUID, n Notice, o Order, domain string) error {
	m := Mail{ID: id, Order: o.ID, Kind: n.Kind, About: n.About, MessageID: messageID(o.ID, n.Kind, n.About, domain), MadeAt: n.At}
	if err := insert(ctx, tx, m); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE notifications.mails SET sent_at = clock_timestamp() WHERE id = $1`, id); err != nil {
		return fmt.Errorf("noting that nobody gets a mail: %w", err)
	}
	return nil
}
