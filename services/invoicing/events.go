package invoicing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/money"
)

var (
	emits = []events.Type{events.InvoiceIssued, events.InvoiceCredited}
	takes = []events.Type{events.OrderPlaced, events.OrderPaid, events.OrderCancelled, events.PaymentRefunded, events.ReturnAccepted}
)

// stateData is what is read of an order that was paid or cancelled.
type stateData struct {
	Order uuid.UUID `json:"order"`
	At    time.Time `json:"at"`
}

// refundData is what is read of a refund.
type refundData struct {
	Order  *uuid.UUID `json:"order,omitempty"`
	Saga   uuid.UUID  `json:"saga"`
	Refund *uuid.UUID `json:"refund,omitempty"`
	// Return is whose lines are credited, so that the amount is not.
	Return *uuid.UUID  `json:"return,omitempty"`
	Amount money.Money `json:"amount"`
	// Cards goes back to gift cards beside it.
	Cards *money.Money `json:"cards,omitempty"`
}

// whole is what went back, by whatever means it was paid: a gift card is one of them, so what goes back to it is credited as well (R10).
func (r refundData) whole() (money.Money, error) {
	if r.Cards == nil {
		return r.Amount, nil
	}
	return r.Amount.Add(*r.Cards)
}

// handlers are the effects of what others tell.
func (d *desk) handlers() inbox.Handlers {
	return inbox.Handlers{
		events.OrderPlaced: d.placed, events.OrderPaid: d.state("paid_at"), events.OrderCancelled: d.state("cancelled_at"), events.PaymentRefunded: d.refunded, events.ReturnAccepted: d.returned,
	}
}

func (d *desk) placed(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var p Placed
	if err := e.Into(&p); err != nil {
		return err
	}
	if err := lock(ctx, tx, p.Saga, p.Order); err != nil {
		return err
	}
	if err := keep(ctx, tx, p); err != nil {
		return err
	}
	return d.settle(ctx, tx, p.Order)
}

func (d *desk) state(column string) func(context.Context, pgx.Tx, events.Event) error {
	return func(ctx context.Context, tx pgx.Tx, e events.Event) error {
		var s stateData
		if err := e.Into(&s); err != nil {
			return err
		}
		if err := lock(ctx, tx, s.Order); err != nil {
			return err
		}
		if err := note(ctx, tx, s.Order, column, instant(s.At)); err != nil {
			return err
		}
		return d.settle(ctx, tx, s.Order)
	}
}

// refunded notes a refund, once, and credits it if its order is known; otherwise that is done when it is.
func (d *desk) refunded(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var r refundData
	if err := e.Into(&r); err != nil {
		return err
	}
	id, order := e.ID, uuid.Nil
	if r.Refund != nil {
		id = *r.Refund
	}
	if r.Order != nil {
		order = *r.Order
	}
	whole, err := r.whole()
	if err != nil {
		return err
	}
	if err := lock(ctx, tx, r.Saga, order); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO invoicing.refunds (id, order_id, saga, amount_minor, currency, at, return_id) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		id, r.Order, r.Saga, whole.Minor(), whole.Currency(), instant(e.Time), r.Return)
	if err != nil {
		return fmt.Errorf("noting a refund: %w", err)
	}
	if r.Order == nil {
		err = tx.QueryRow(ctx, `SELECT id FROM invoicing.orders WHERE saga = $1`, r.Saga).Scan(&order)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("looking for the order of a refund: %w", err)
		}
		if err := lock(ctx, tx, order); err != nil {
			return err
		}
	}
	return d.settle(ctx, tx, order)
}
