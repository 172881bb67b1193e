package shipping

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/outbox"
)

// told are the types of what is told of a parcel.
var told = map[State]events.Type{Sent: events.ParcelSent, Delivered: events.ParcelDelivered}

// lineData is what is in a parcel.
type lineData struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

// parcelData is what the events of a parcel tell: nothing personal.
type parcelData struct {
	Parcel   uuid.UUID  `json:"parcel"`
	Order    uuid.UUID  `json:"order"`
	Lines    []lineData `json:"lines"`
	Carrier  string     `json:"carrier"`
	Tracking string     `json:"tracking"`
	At       time.Time  `json:"at"`
}

// tell puts what happened to a parcel into the outbox, in the transaction in which it happens.
func tell(ctx context.Context, tx pgx.Tx, p Parcel) error {
	at := p.SentAt
	if p.State == Delivered {
		at = p.DeliveredAt
	}
	data := parcelData{p.ID, p.Order, []lineData{}, p.Carrier, p.Tracking, at.UTC()}
	for _, i := range p.Items {
		data.Lines = append(data.Lines, lineData{i.SKU, i.Quantity})
	}
	e, err := events.New(ctx, "shipping", told[p.State], p.ID.String(), data)
	if err != nil {
		return err
	}
	return outbox.Put(ctx, tx, "shipping", e)
}

// handlers are the effects of what orders tell.
func handlers() inbox.Handlers {
	return inbox.Handlers{events.OrderPlaced: placed, events.OrderCancelled: cancelled}
}

// placedData is what is needed of an order.
type placedData struct {
	Order           uuid.UUID
	Token, Customer string
	Currency        string
	Shipping        money.Money
	Address         Address
	PlacedAt        time.Time
	Lines           []struct {
		SKU, Name string
		Quantity  int64
		Total     money.Money
	}
}

// placed notes what is to be sent, once.
func placed(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data placedData
	if err := e.Into(&data); err != nil {
		return err
	}
	address, err := json.Marshal(data.Address)
	if err != nil {
		return fmt.Errorf("writing an address: %w", err)
	}
	if err := note(ctx, tx, data.Order); err != nil {
		return err
	}
	var hash []byte
	if data.Token != "" {
		hash = tokenHash(data.Token)
	}
	tag, err := tx.Exec(ctx, `UPDATE shipping.orders SET placed = true, customer = $2, token_hash = $3, currency = $4, shipping_minor = $5, address = $6, placed_at = $7 WHERE id = $1 AND NOT placed`,
		data.Order, data.Customer, hash, data.Currency, data.Shipping.Minor(), address, data.PlacedAt)
	if err != nil {
		return fmt.Errorf("noting an order: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return nil
	}
	for _, l := range data.Lines {
		// Of a product that stands on two lines, what is in a parcel is of both.
		if _, err := tx.Exec(ctx, `INSERT INTO shipping.order_lines (order_id, sku, name, quantity, total_minor) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (order_id, sku) DO UPDATE SET quantity = order_lines.quantity + excluded.quantity, total_minor = order_lines.total_minor + excluded.total_minor`,
			data.Order, l.SKU, l.Name, l.Quantity, l.Total.Minor()); err != nil {
			return fmt.Errorf("noting an order's line: %w", err)
		}
	}
	return nil
}

// cancelled notes that nothing more is to be sent.
func cancelled(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data struct{ Order uuid.UUID }
	if err := e.Into(&data); err != nil {
		return err
	}
	if err := note(ctx, tx, data.Order); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE shipping.orders SET cancelled = true WHERE id = $1`, data.Order); err != nil {
		return fmt.Errorf("noting a cancelled order: %w", err)
	}
	return nil
}

const (
	// keepAddress is how long an address is kept: as long as parcels are looked for that got lost.
	keepAddress = 90 * 24 * time.Hour
	// forgetEvery is how often old addresses are looked for.
	forgetEvery = time.Hour
)

// forget forgets old addresses until ctx ends.
func (s *store) forget(now func() time.Time) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			if n, err := s.forgetOnce(ctx, now()); err != nil {
				return err
			} else if n > 0 {
				slog.InfoContext(ctx, "forgot addresses", "orders", n)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(forgetEvery):
			}
		}
	}
}

func (s *store) forgetOnce(ctx context.Context, now time.Time) (int64, error) {
	tag, err := s.db.Exec(ctx, `UPDATE shipping.orders SET address = NULL WHERE address IS NOT NULL AND placed_at < $1`, now.Add(-keepAddress))
	if err != nil {
		return 0, fmt.Errorf("forgetting addresses: %w", err)
	}
	return tag.RowsAffected(), nil
}
