// What the storefront reads from cart and asks it to change.
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client"
)

type cart struct {
	ID    string     `json:"id"`
	Lines []cartLine `json:"lines"`
	Total money      `json:"total"`

	etag string
}

type cartLine struct {
	SKU      string `json:"sku"`
	Name     string `json:"name"`
	Quantity int    `json:"quantity"`
	Price    money  `json:"price"`
	Total    money  `json:"total"`
}

// Path is the product's page.
func (l cartLine) Path() string { return product{SKU: l.SKU}.Path() }

// Form is where the line's quantity is changed.
func (l cartLine) Form() string { return "/cart/items/" + url.PathEscape(l.SKU) }

// Count is how many things are in the cart.
func (c cart) Count() (n int) {
	for _, line := range c.Lines {
		n += line.Quantity
	}
	return n
}

func (c cart) quantity(sku string) int {
	for _, line := range c.Lines {
		if line.SKU == sku {
			return line.Quantity
		}
	}
	return 0
}

type carts struct{ api *client.Client }

func (c carts) create(ctx context.Context) (cart, error) {
	key := http.Header{"Idempotency-Key": {uuid.NewString()}}
	var made cart
	header, err := c.api.Do(ctx, http.MethodPost, "/api/cart", key, nil, &made)
	if err != nil {
		return cart{}, fmt.Errorf("creating a cart: %w", err)
	}
	made.etag = header.Get("ETag")
	return made, nil
}

func (c carts) read(ctx context.Context, id string) (cart, error) {
	var found cart
	header, err := c.api.Get(ctx, cartPath(id), &found)
	if err != nil {
		return cart{}, fmt.Errorf("reading the cart: %w", err)
	}
	found.etag = header.Get("ETag")
	return found, nil
}

// change sets the quantity of one product to what quantity makes of the
// cart. Somebody else may change the cart in between (a second tab, a double
// click): then it is read again and the change made once more. Once is enough
// for people; more would only hide a cart service that never agrees.
func (c carts) change(ctx context.Context, current cart, sku string, quantity func(cart) int) error {
	err := c.put(ctx, current, sku, quantity(current))
	if status(err) != http.StatusPreconditionFailed {
		return err
	}
	current, err = c.read(ctx, current.ID)
	if err != nil {
		return err
	}
	return c.put(ctx, current, sku, quantity(current))
}

// put removes the line when the quantity is 0. That it is gone already is a success.
func (c carts) put(ctx context.Context, current cart, sku string, quantity int) error {
	path := cartPath(current.ID) + "/items/" + url.PathEscape(sku)
	match := http.Header{"If-Match": {current.etag}}
	if quantity > 0 {
		_, err := c.api.Do(ctx, http.MethodPut, path, match, map[string]int{"quantity": quantity}, nil)
		return err
	}
	_, err := c.api.Do(ctx, http.MethodDelete, path, match, nil, nil)
	if status(err) == http.StatusNotFound {
		return nil
	}
	return err
}

func cartPath(id string) string { return "/api/cart/" + url.PathEscape(id) }
