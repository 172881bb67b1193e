package cart

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/erasure"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/prices"
)

// ordered is what is read of an order that was placed.
type ordered struct {
	Order uuid.UUID `json:"order"`
	Cart  uuid.UUID `json:"cart"`
	Lines []bought  `json:"lines"`
}

// bought is a line of an order.
type bought struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// closed is the data of cart.cart.closed.v1.
type closed struct {
	Cart  uuid.UUID `json:"cart"`
	Order uuid.UUID `json:"order"`
}

// handlers are the effects of what pricing and orders tell.
func handlers() inbox.Handlers {
	h := prices.Handlers(reprice)
	h[events.OrderPlaced] = placed
	h[events.CustomerErased] = erasure.Handler("cart", forgetCustomer)
	return h
}

// reprice keeps what a product costs now. Lines show it when they are looked at next. A country's own price is told by the quote.
func reprice(ctx context.Context, tx pgx.Tx, c prices.Changed) error {
	if !c.Everywhere() {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO cart.prices AS known (sku, currency, price_minor, valid_from) VALUES ($1, $2, $3, $4)
		ON CONFLICT (sku, currency) DO UPDATE SET price_minor = excluded.price_minor, valid_from = excluded.valid_from
		WHERE known.valid_from <= excluded.valid_from`, c.SKU, c.Price.Currency(), c.Price.Minor(), c.ValidFrom)
	if err != nil {
		return fmt.Errorf("keeping a price: %w", err)
	}
	return nil
}

// placed takes what was bought out of the cart, once for each order, however late and often it is told.
func placed(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var o ordered
	if err := e.Into(&o); err != nil {
		return err
	}
	before, err := locked(ctx, tx, o.Cart)
	if errors.Is(err, pgx.ErrNoRows) { // it joined another one meanwhile, or was swept, or is of another shop's data
		if o.Cart, err = joinedTo(ctx, tx, o.Cart); err != nil || o.Cart == uuid.Nil {
			return err
		}
		before, err = locked(ctx, tx, o.Cart)
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	first, err := tx.Exec(ctx, `INSERT INTO cart.closings (order_id, cart_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, o.Order, o.Cart)
	if err != nil {
		return fmt.Errorf("closing a cart: %w", err)
	}
	if first.RowsAffected() == 0 {
		return nil
	}
	if err := save(ctx, tx, before, before.Without(o.Lines)); err != nil {
		return err
	}
	told, err := events.New(ctx, "cart", events.CartClosed, o.Cart.String(), closed{o.Cart, o.Order})
	if err != nil {
		return err
	}
	return outbox.Put(ctx, tx, "cart", told)
}
