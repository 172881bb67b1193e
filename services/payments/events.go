package payments

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/outbox"
)

var (
	emits = []events.Type{events.PaymentAuthorized, events.PaymentCaptured, events.PaymentVoided, events.PaymentRefunded, events.PaymentFailed}
	takes = []events.Type{events.OrderPlaced, events.OrderCancelled, events.ReturnAccepted}
)

// happened is the data of all events of payments.
type happened struct {
	Payment      uuid.UUID   `json:"payment"`
	Order        *uuid.UUID  `json:"order,omitempty"`
	Saga         string      `json:"saga"`
	Amount       money.Money `json:"amount"`
	PSPReference string      `json:"pspReference,omitempty"`
	Refund       *uuid.UUID  `json:"refund,omitempty"`
	Return       *uuid.UUID  `json:"return,omitempty"`
	// Cards goes back to gift cards beside amount, which is the provider's and may be nothing then.
	Cards  *money.Money `json:"cards,omitempty"`
	Reason string       `json:"reason,omitempty"`
}

// told are the types by what was done; what failed is told of what an order waits for.
var toldOf = map[Kind]map[Outcome]events.Type{
	Authorize: {Done: events.PaymentAuthorized, NotDone: events.PaymentFailed},
	Capture:   {Done: events.PaymentCaptured, NotDone: events.PaymentFailed},
	Void:      {Done: events.PaymentVoided},
	Refund:    {Done: events.PaymentRefunded},
}

// tell puts the event of an attempt's outcome into its commit. The void of what
// was authorised by mistake is none of the payment's.
func tell(ctx context.Context, tx pgx.Tx, p Payment, a Attempt) error {
	kind := toldOf[a.Kind][a.Outcome]
	if kind == "" || (a.Kind != Authorize && a.Target != p.Reference) {
		return nil
	}
	data := happened{Payment: p.ID, Order: p.Order, Saga: p.Saga, Amount: a.Amount, PSPReference: p.Reference, Reason: a.Reason}
	if a.Kind == Refund {
		data.Refund, data.Return = &a.ID, a.Return
	}
	if a.Cards > 0 {
		cards := p.Money(a.Cards)
		data.Cards = &cards
	}
	e, err := events.New(ctx, "payments", kind, p.ID.String(), data)
	if err != nil {
		return err
	}
	return outbox.Put(ctx, tx, schemaName, e)
}

// placedData is what is read of an order.
type placedData struct {
	Order      uuid.UUID
	Saga       string
	Payment    *uuid.UUID
	Total, Tax money.Money
	// Spent is where gift cards pay a part of the total: the payment is for the rest.
	Spent *struct{ Cards money.Money }
}

// tax is what of the order's tax is in the payment.
func (d placedData) tax() (money.Money, error) {
	if d.Spent == nil || d.Spent.Cards.IsZero() {
		return d.Tax, nil
	}
	due, err := d.Total.Sub(d.Spent.Cards)
	if err != nil {
		return due, fmt.Errorf("taking gift cards off a total: %w", err)
	}
	return d.Tax.Share(due.Minor(), d.Total.Minor(), money.HalfUp)
}

// due has taken what the provider promised of an order, where he has anything to take.
func (t *till) due(ctx context.Context, tx pgx.Tx, d placedData) error {
	if d.Payment == nil {
		return nil
	}
	tax, err := d.tax()
	if err != nil {
		return err
	}
	return t.placed(ctx, tx, *d.Payment, d.Order, tax)
}

// handlers are the effects of what orders and returns tell. None of them asks the provider:
// they note what he is to be asked for, and the worker does so.
func (t *till) handlers() inbox.Handlers {
	return inbox.Handlers{
		events.ReturnAccepted: t.returnAccepted,
		events.OrderPlaced: func(ctx context.Context, tx pgx.Tx, e events.Event) error {
			var order placedData
			if err := e.Into(&order); err != nil {
				return err
			}
			if err := t.due(ctx, tx, order); err != nil {
				return err
			}
			return t.paidByCards(ctx, tx, order)
		},
		events.OrderCancelled: func(ctx context.Context, tx pgx.Tx, e events.Event) error {
			var order struct{ Order uuid.UUID }
			if err := e.Into(&order); err != nil {
				return err
			}
			err := t.cancelled(ctx, tx, order.Order)
			if errors.Is(err, pgx.ErrNoRows) {
				return nil // nothing was paid for it: "placed" comes before "cancelled"
			}
			return err
		},
	}
}
