// Package prices is what pricing tells of prices: in one place for who tells and for all who take it.
package prices

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// Changed is the data of pricing.price.changed.v1: a price is valid from now on.
type Changed struct {
	SKU string `json:"sku"`
	// List says whose price it is: a currency, or with a country behind it the price of that country alone.
	List  string      `json:"list"`
	Price money.Money `json:"price"`
	// Low30 is the lowest price of the 30 days before, of what was sold before.
	Low30     *money.Money `json:"low30,omitempty"`
	ValidFrom time.Time    `json:"validFrom"`
}

// Everywhere tells whether it is the price of every country that has none of its own.
func (c Changed) Everywhere() bool { return c.List == c.Price.Currency() }

// Lowest is Low30 as a column holds it; nil where there is none.
func (c Changed) Lowest() *int64 {
	if c.Low30 == nil {
		return nil
	}
	minor := c.Low30.Minor()
	return &minor
}

// Read reads it out of its event.
func Read(e events.Event) (c Changed, err error) {
	err = e.Into(&c)
	return c, err
}

// Handlers call effect with each price that changed.
func Handlers(effect func(context.Context, pgx.Tx, Changed) error) inbox.Handlers {
	return inbox.Handlers{events.PriceChanged: func(ctx context.Context, tx pgx.Tx, e events.Event) error {
		c, err := Read(e)
		if err != nil {
			return err
		}
		return effect(ctx, tx, c)
	}}
}
