package orders

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/erasure"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/outbox"
)

// told are the types of what is told of an order.
var told = map[State]events.Type{
	Placed: events.OrderPlaced, Paid: events.OrderPaid, Sent: events.OrderSent, Completed: events.OrderCompleted, Cancelled: events.OrderCancelled,
}

// emits and takes are the events that go out and come in.
func emits() []events.Type {
	return []events.Type{events.OrderPlaced, events.OrderPaid, events.OrderSent, events.OrderCompleted, events.OrderCancelled, events.ErasureDone}
}

func takes() []events.Type {
	return []events.Type{events.PaymentCaptured, events.PaymentVoided, events.PaymentFailed, events.PaymentRefunded, events.ShortfallDetected, events.CustomerErased, events.ParcelSent, events.ParcelDelivered}
}

// tell puts what happened to an order into the outbox, in the transaction in which it happens.
func tell(ctx context.Context, tx pgx.Tx, o Order, facts []Fact) error {
	for _, f := range facts {
		data := o.message(f)
		if data == nil {
			continue
		}
		e, err := events.New(ctx, "orders", told[f.Kind], o.ID.String(), data)
		if err != nil {
			return err
		}
		if err := outbox.Put(ctx, tx, "orders", e); err != nil {
			return err
		}
	}
	return nil
}

// paymentData is what payments tells of one.
type paymentData struct {
	Payment uuid.UUID   `json:"payment"`
	Amount  money.Money `json:"amount"`
	// Cards goes back to gift cards beside it, of a refund.
	Cards  *money.Money `json:"cards,omitempty"`
	Reason string       `json:"reason,omitempty"`
}

// handlers are the effects of what others tell.
func (s *store) handlers() inbox.Handlers {
	return inbox.Handlers{
		events.PaymentCaptured: s.payment(func(o Order, p paymentData, at time.Time) (Order, []Fact, error) { return o.Capture(p.Amount, at) }),
		events.PaymentVoided: s.payment(func(o Order, _ paymentData, at time.Time) (Order, []Fact, error) {
			return o.Lose("the payment was voided", at)
		}),
		events.PaymentFailed: s.payment(func(o Order, _ paymentData, at time.Time) (Order, []Fact, error) {
			return o.Lose("the payment failed", at)
		}),
		events.PaymentRefunded: s.payment(func(o Order, p paymentData, at time.Time) (Order, []Fact, error) {
			return o.Refund(p.Amount, p.Cards, at)
		}),
		events.ShortfallDetected: s.shortfall, events.CustomerErased: erasure.WhenEnded("orders", forget, underWay),
		events.ParcelSent: s.parcelSent, events.ParcelDelivered: s.parcelDelivered,
	}
}

// payment handles what happened to the payment of an order. A payment without one belongs to a checkout that was given up.
func (s *store) payment(do func(Order, paymentData, time.Time) (Order, []Fact, error)) func(context.Context, pgx.Tx, events.Event) error {
	return func(ctx context.Context, tx pgx.Tx, e events.Event) error {
		var p paymentData
		if err := e.Into(&p); err != nil {
			return err
		}
		id, there, err := ofPayment(ctx, tx, p.Payment)
		if err != nil || !there {
			return err
		}
		at := e.Time.UTC().Truncate(time.Microsecond)
		o, err := s.change(ctx, tx, id, func(o Order) (Order, []Fact, error) { return do(o, p, at) })
		if err != nil {
			return err
		}
		return s.shipWhatLeft(ctx, tx, o, at)
	}
}

// shortfall cancels an order whose goods are not there. One that was sent had them.
func (s *store) shortfall(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data struct {
		Order uuid.UUID `json:"order"`
	}
	if err := e.Into(&data); err != nil {
		return err
	}
	_, err := s.change(ctx, tx, data.Order, func(o Order) (Order, []Fact, error) {
		if o.State != Placed && o.State != Paid {
			return o, nil, nil
		}
		return o.Cancel("sold out", e.Time.UTC().Truncate(time.Microsecond))
	})
	return err
}
