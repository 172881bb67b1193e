package analytics

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// readers make a fact of an event. What they do not read is not kept.
var readers = map[events.Type]func(events.Event) (Fact, error){
	events.OrderPlaced:        placed,
	events.OrderPaid:          became(Paid),
	events.OrderCancelled:     became(Cancelled),
	events.OrderCompleted:     became(Completed),
	events.PaymentAuthorized:  payment(Authorized),
	events.PaymentCaptured:    payment(Captured),
	events.PaymentVoided:      payment(Voided),
	events.PaymentRefunded:    payment(Refunded),
	events.PaymentFailed:      payment(Failed),
	events.CouponRedeemed:     redeemed,
	events.CartClosed:         closed,
	events.HoldReleased:       released,
	events.InvoiceIssued:      invoiced,
	events.InvoiceCredited:    credited,
	events.CustomerRegistered: registered,
}

// takes are the events that come in.
func takes() (all []events.Type) {
	for t := range readers {
		all = append(all, t)
	}
	return all
}

// handlers keep the fact of each event.
func handlers() inbox.Handlers {
	all := inbox.Handlers{}
	for t, read := range readers {
		all[t] = func(ctx context.Context, tx pgx.Tx, e events.Event) error {
			f, err := read(e)
			if err != nil {
				return err
			}
			return keep(ctx, tx, f)
		}
	}
	return all
}

// keep notes a fact. One that is there already stays as it is: two events may tell of one thing.
func keep(ctx context.Context, tx pgx.Tx, f Fact) error {
	figures, err := json.Marshal(f.Figures)
	if err != nil {
		return fmt.Errorf("writing figures: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO analytics.facts (kind, id, subject, at, figures) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		f.Kind, f.ID, f.Subject, f.At.UTC(), figures); err != nil {
		return fmt.Errorf("keeping a fact: %w", err)
	}
	return nil
}

// placedData is what is read of an order: no customer, no mail, no address, no cart.
type placedData struct {
	Order    uuid.UUID   `json:"order"`
	Currency string      `json:"currency"`
	PlacedAt time.Time   `json:"placedAt"`
	Total    money.Money `json:"total"`
	Tax      money.Money `json:"tax"`
	Shipping money.Money `json:"shipping"`
	Discount money.Money `json:"discount"`
	Lines    []lineData  `json:"lines"`
}

type lineData struct {
	SKU      string      `json:"sku"`
	Quantity int64       `json:"quantity"`
	Total    money.Money `json:"total"`
}

func placed(e events.Event) (Fact, error) {
	var d placedData
	if err := e.Into(&d); err != nil {
		return Fact{}, err
	}
	f := Figures{Currency: d.Currency, Amount: d.Total.Minor(), Tax: d.Tax.Minor(), Shipping: d.Shipping.Minor(), Discount: d.Discount.Minor()}
	for _, l := range d.Lines {
		f.Lines = append(f.Lines, Line{l.SKU, l.Quantity, l.Total.Minor()})
	}
	return Fact{Placed, d.Order.String(), d.Order, d.PlacedAt, f}, nil
}

type becameData struct {
	Order uuid.UUID `json:"order"`
	At    time.Time `json:"at"`
}

func became(k Kind) func(events.Event) (Fact, error) {
	return func(e events.Event) (Fact, error) {
		var d becameData
		err := e.Into(&d)
		return Fact{k, d.Order.String(), d.Order, d.At, Figures{}}, err
	}
}

type paymentData struct {
	Payment uuid.UUID   `json:"payment"`
	Refund  *uuid.UUID  `json:"refund"`
	Amount  money.Money `json:"amount"`
}

// payment is what a provider did. A payment has many refunds, and one of everything else.
func payment(k Kind) func(events.Event) (Fact, error) {
	return func(e events.Event) (Fact, error) {
		var d paymentData
		err := e.Into(&d)
		id := d.Payment.String()
		if k == Refunded {
			id = e.ID.String()
			if d.Refund != nil {
				id = d.Refund.String()
			}
		}
		return Fact{k, id, d.Payment, e.Time, amountOf(d.Amount)}, err
	}
}

type redeemedData struct {
	Coupon string      `json:"coupon"`
	Order  uuid.UUID   `json:"order"`
	Amount money.Money `json:"amount"`
}

func redeemed(e events.Event) (Fact, error) {
	var d redeemedData
	err := e.Into(&d)
	f := amountOf(d.Amount)
	f.Coupon = d.Coupon
	return Fact{Redeemed, d.Order.String() + " " + d.Coupon, d.Order, e.Time, f}, err
}

type closedData struct {
	Order uuid.UUID `json:"order"`
}

// closed counts by the order: who has a cart's ID may open the cart, so it is not kept.
func closed(e events.Event) (Fact, error) {
	var d closedData
	err := e.Into(&d)
	return Fact{CartClosed, d.Order.String(), d.Order, e.Time, Figures{}}, err
}

type releasedData struct {
	Hold   uuid.UUID `json:"hold"`
	Reason string    `json:"reason"`
}

func released(e events.Event) (Fact, error) {
	var d releasedData
	err := e.Into(&d)
	return Fact{Kind("hold-" + d.Reason), d.Hold.String(), d.Hold, e.Time, Figures{}}, err
}

type invoicedData struct {
	Invoice uuid.UUID   `json:"invoice"`
	Total   money.Money `json:"total"`
}

func invoiced(e events.Event) (Fact, error) {
	var d invoicedData
	err := e.Into(&d)
	return Fact{Invoiced, d.Invoice.String(), d.Invoice, e.Time, amountOf(d.Total)}, err
}

type creditedData struct {
	Invoice uuid.UUID   `json:"invoice"`
	Note    uuid.UUID   `json:"note"`
	Total   money.Money `json:"total"`
}

// credited counts each credit note of an invoice.
func credited(e events.Event) (Fact, error) {
	var d creditedData
	err := e.Into(&d)
	return Fact{Credited, d.Note.String(), d.Invoice, e.Time, amountOf(d.Total)}, err
}

// registered counts by the event: who the customer is, is not kept.
func registered(e events.Event) (Fact, error) {
	return Fact{RegisteredAs, e.ID.String(), e.ID, e.Time, Figures{}}, nil
}

func amountOf(m money.Money) Figures { return Figures{Currency: m.Currency(), Amount: m.Minor()} }
