package main

import (
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// mostLines bounds a cart: nobody buys more, and a cart is read on every page.
const mostLines = 50

// currency is what a cart without lines counts in.
const currency = "EUR"

// Cart is what a customer means to buy.
type Cart struct {
	ID    uuid.UUID   `json:"id" format:"uuid"`
	Lines []Line      `json:"lines" nullable:"false"`
	Total money.Money `json:"total" doc:"The sum of the lines"`

	version int64
}

// Line is one product of a cart. Name and price are the catalog's, as they
// were when the quantity was last set.
type Line struct {
	SKU      string      `json:"sku"`
	Name     string      `json:"name"`
	Quantity int         `json:"quantity"`
	Price    money.Money `json:"price"`
	Total    money.Money `json:"total"`
}

// product is what the cart wants to know of one; the catalog may tell more.
type product struct {
	SKU   string      `json:"sku"`
	Name  string      `json:"name"`
	Price money.Money `json:"price"`
}

func (c Cart) tag() string { return etag.Of(c.version, c) }

// counted fills the totals in: sums of what the customer sees.
func (c Cart) counted() (Cart, error) {
	var err error
	totals := make([]money.Money, len(c.Lines))
	for n := range c.Lines {
		if totals[n], err = c.Lines[n].Price.Times(int64(c.Lines[n].Quantity)); err != nil {
			return Cart{}, fmt.Errorf("adding up cart %s: %w", c.ID, err)
		}
		c.Lines[n].Total = totals[n]
	}
	if c.Total, err = money.Sum(currency, totals...); err != nil {
		return Cart{}, fmt.Errorf("adding up cart %s: %w", c.ID, err)
	}
	return c, nil
}

func (c Cart) has(sku string) bool {
	for _, line := range c.Lines {
		if line.SKU == sku {
			return true
		}
	}
	return false
}

// room tells whether the product may be put in.
func (c Cart) room(p product) error {
	if p.Price.Currency() != currency {
		return problem.New(http.StatusUnprocessableEntity, "", "The cart counts in "+currency+", the product's price does not.")
	}
	if len(c.Lines) >= mostLines && !c.has(p.SKU) {
		return problem.New(http.StatusUnprocessableEntity, "", fmt.Sprintf("A cart holds %d different products at most.", mostLines))
	}
	return nil
}
