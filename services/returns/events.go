package returns

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
	"github.com/emporium-shop/emporium/services/internal/outbox"
)

// source is who tells; the schema has the same name.
const source = "returns"

var (
	emits = []events.Type{events.ReturnAccepted, events.ErasureDone}
	takes = []events.Type{events.OrderPlaced, events.OrderSent, events.OrderCancelled, events.OrderCompleted, events.ParcelSent, events.ParcelDelivered, events.CustomerErased}
)

// tell puts what was accepted into the outbox, in the transaction in which it is.
func tell(ctx context.Context, tx pgx.Tx, a Acceptance) error {
	e, err := events.New(ctx, source, events.ReturnAccepted, a.Return.String(), a)
	if err != nil {
		return err
	}
	return outbox.Put(ctx, tx, source, e)
}

// handlers are the effects of what others tell. Each notes one fact that stays true, so they may come in any order and twice.
func handlers() inbox.Handlers {
	return inbox.Handlers{
		events.OrderPlaced: placed, events.ParcelDelivered: delivered, events.OrderSent: learn(`sent = true`), events.ParcelSent: learn(`sent = true`),
		events.OrderCancelled: learn(`cancelled = true`), events.OrderCompleted: completed, events.CustomerErased: erasure.WhenEnded(source, forget, underWay),
	}
}

// placedData is what is read of an order.
type placedData struct {
	Order    uuid.UUID   `json:"order"`
	Number   string      `json:"number"`
	Token    string      `json:"token,omitempty"`
	Customer string      `json:"customer,omitempty"`
	Locale   string      `json:"locale,omitempty"`
	Currency string      `json:"currency"`
	Shipping money.Money `json:"shipping"`
	Tax      money.Money `json:"tax"`
	Lines    []struct {
		SKU      string      `json:"sku"`
		Name     string      `json:"name"`
		Quantity int64       `json:"quantity"`
		Total    money.Money `json:"total"`
		Tax      money.Money `json:"tax"`
	} `json:"lines"`
}

// stateData is what is read of what became of an order or of a parcel of it.
type stateData struct {
	Order uuid.UUID `json:"order"`
	At    time.Time `json:"at"`
}

// deliveredData is what is read of a parcel that arrived.
type deliveredData struct {
	Parcel uuid.UUID `json:"parcel"`
	Order  uuid.UUID `json:"order"`
	At     time.Time `json:"at"`
	Lines  []struct {
		SKU      string `json:"sku"`
		Quantity int64  `json:"quantity"`
	} `json:"lines"`
}

// placed notes what was bought, once.
func placed(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data placedData
	if err := e.Into(&data); err != nil {
		return err
	}
	if err := note(ctx, tx, data.Order); err != nil {
		return err
	}
	var hash []byte
	if data.Token != "" {
		hash = tokenHash(data.Token)
	}
	// The tax of shipping is what of the order's is in no line.
	tax := data.Tax.Minor()
	for _, l := range data.Lines {
		tax -= l.Tax.Minor()
	}
	tax = min(max(tax, 0), data.Shipping.Minor())
	tag, err := tx.Exec(ctx, `UPDATE returns.orders SET placed = true, number = $2, customer = $3, token_hash = $4, locale = $5, currency = $6, shipping_minor = $7, shipping_tax_minor = $8
		WHERE id = $1 AND NOT placed`, data.Order, data.Number, data.Customer, hash, data.Locale, data.Currency, data.Shipping.Minor(), tax)
	if err != nil {
		return fmt.Errorf("noting an order: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return nil
	}
	for n, l := range data.Lines {
		if _, err := tx.Exec(ctx, `INSERT INTO returns.order_lines (order_id, line, sku, name, quantity, gross_minor, tax_minor) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			data.Order, n+1, l.SKU, l.Name, l.Quantity, l.Total.Minor(), l.Tax.Minor()); err != nil {
			return fmt.Errorf("noting an order's line: %w", err)
		}
	}
	return nil
}

// learn notes what became of an order.
func learn(what string) func(context.Context, pgx.Tx, events.Event) error {
	return func(ctx context.Context, tx pgx.Tx, e events.Event) error {
		var data stateData
		if err := e.Into(&data); err != nil {
			return err
		}
		if err := note(ctx, tx, data.Order); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE returns.orders SET `+what+` WHERE id = $1`, data.Order); err != nil {
			return fmt.Errorf("noting what became of an order: %w", err)
		}
		return nil
	}
}

// completed notes when an order was called complete, the first time; nothing is complete that was not sent.
func completed(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data stateData
	if err := e.Into(&data); err != nil {
		return err
	}
	if err := note(ctx, tx, data.Order); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE returns.orders SET sent = true, completed_at = coalesce(completed_at, $2) WHERE id = $1`, data.Order, data.At); err != nil {
		return fmt.Errorf("noting that an order is complete: %w", err)
	}
	return nil
}

// delivered notes what arrived and when, each parcel once.
func delivered(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data deliveredData
	if err := e.Into(&data); err != nil {
		return err
	}
	if err := note(ctx, tx, data.Order); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE returns.orders SET sent = true WHERE id = $1`, data.Order); err != nil {
		return fmt.Errorf("noting that an order was sent: %w", err)
	}
	for _, l := range data.Lines {
		if _, err := tx.Exec(ctx, `INSERT INTO returns.deliveries (parcel, order_id, sku, quantity, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
			data.Parcel, data.Order, l.SKU, l.Quantity, data.At); err != nil {
			return fmt.Errorf("noting what arrived: %w", err)
		}
	}
	return nil
}
