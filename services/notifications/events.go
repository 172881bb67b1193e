package notifications

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/erasure"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// takes are the types of events that become mails, and those that tell when and of whom there may be none any more.
func takes() []events.Type {
	return []events.Type{events.OrderPlaced, events.OrderPaid, events.OrderSent, events.OrderCompleted, events.OrderCancelled, events.PaymentRefunded, events.CustomerErased, events.ParcelSent, events.ParcelDelivered, events.MailWanted}
}

// writer makes mails of events.
type writer struct {
	sender Sender
	now    func() time.Time
}

func (w *writer) handlers() inbox.Handlers {
	return inbox.Handlers{
		events.OrderPlaced: w.placed, events.PaymentRefunded: w.refunded,
		events.OrderPaid: w.happened(Paid), events.OrderSent: w.sent, events.OrderCancelled: w.cancelled,
		events.OrderCompleted: w.completed, events.CustomerErased: erasure.WhenEnded("notifications", forget, underWay),
		events.ParcelSent: w.parcel(false), events.ParcelDelivered: w.parcel(true),
		events.MailWanted: w.accountWanted,
	}
}

// placedData is what is read of an order that was placed.
type placedData struct {
	Order, Saga                  uuid.UUID
	Number, Token, Email, Locale string
	// Customer is empty for a guest.
	Customer string
	Lines    []struct {
		Name     string
		Quantity int
		Total    money.Money
	}
	Shipping, Discount, Total money.Money
	Taxes                     []struct {
		Rate string
		Tax  money.Money
	}
	Address struct{ Name, Street, Postcode, City, Country string }
}

func (d placedData) order() Order {
	o := Order{
		ID: d.Order, Saga: d.Saga, Number: d.Number, Token: d.Token, Email: d.Email, Locale: d.Locale, Name: d.Address.Name, Shipping: d.Shipping, Discount: d.Discount, Total: d.Total,
		Address: []string{d.Address.Name, d.Address.Street, d.Address.Postcode + " " + d.Address.City, d.Address.Country},
	}
	for _, l := range d.Lines {
		o.Lines = append(o.Lines, Line(l))
	}
	for _, t := range d.Taxes {
		o.Taxes = append(o.Taxes, Tax(t))
	}
	return o
}

// placed notes the order, confirms it, and writes what waited for it.
func (w *writer) placed(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data placedData
	if err := e.Into(&data); err != nil {
		return err
	}
	o := data.order()
	if err := lock(ctx, tx, o.ID, o.Saga); err != nil {
		return err
	}
	if err := keep(ctx, tx, o, data.Customer); err != nil {
		return err
	}
	later, err := waited(ctx, tx, o)
	if err != nil {
		return err
	}
	for _, n := range append([]Notice{{ID: e.ID, Kind: Placed, Order: o.ID, At: e.Time}}, later...) {
		if err := w.write(ctx, tx, n, o); err != nil {
			return err
		}
	}
	return nil
}

// happened writes of what became of an order.
func (w *writer) happened(kind Kind) func(context.Context, pgx.Tx, events.Event) error {
	return func(ctx context.Context, tx pgx.Tx, e events.Event) error {
		var data struct{ Order uuid.UUID }
		if err := e.Into(&data); err != nil {
			return err
		}
		return w.tell(ctx, tx, Notice{ID: e.ID, Kind: kind, Order: data.Order, At: e.Time})
	}
}

// refunded writes of one refund: each of several has a mail.
func (w *writer) refunded(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data struct {
		Order, Refund *uuid.UUID
		Saga          uuid.UUID
		Amount        money.Money
		// Cards goes back to gift cards beside it.
		Cards *money.Money
	}
	if err := e.Into(&data); err != nil {
		return err
	}
	if data.Cards != nil {
		whole, err := data.Amount.Add(*data.Cards)
		if err != nil {
			return fmt.Errorf("adding what goes back to gift cards: %w", err)
		}
		data.Amount = whole
	}
	n := Notice{ID: e.ID, Kind: Refunded, Saga: data.Saga, About: e.ID.String(), Amount: &data.Amount, Cards: data.Cards, At: e.Time}
	if data.Order != nil {
		n.Order = *data.Order
	}
	if data.Refund != nil {
		n.About = data.Refund.String()
	}
	return w.tell(ctx, tx, n)
}

// tell writes a mail, now or when its order is known.
func (w *writer) tell(ctx context.Context, tx pgx.Tx, n Notice) error {
	if err := lock(ctx, tx, n.Order, n.Saga); err != nil {
		return err
	}
	o, there, err := find(ctx, tx, n)
	switch {
	case err != nil:
		return err
	case !there:
		return wait(ctx, tx, n)
	}
	return w.write(ctx, tx, n, o)
}

func (w *writer) write(ctx context.Context, tx pgx.Tx, n Notice, o Order) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("making the id of a mail: %w", err)
	}
	if o.Email == "" {
		return unaddressed(ctx, tx, id, n, o, w.sender.Domain)
	}
	m, err := Write(id, n, o, w.sender, w.now())
	if err != nil {
		return err
	}
	if _, err := recipient(m); err != nil {
		return err // it is parked, and somebody looks at it
	}
	return insert(ctx, tx, m)
}
