// What the storefront reads from cart and asks it to change.
package storefront

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client"
)

type cart struct {
	ID    string     `json:"id"`
	Lines []cartLine `json:"lines"`
	Total money      `json:"total"`
	// Orders is how many orders it has made: what was ordered is not in it any more.
	Orders int `json:"orders,omitempty"`

	etag string
}

type cartLine struct {
	SKU      string `json:"sku"`
	Name     string `json:"name"`
	Quantity int    `json:"quantity"`
	Price    money  `json:"price"`
	// Was is the price that the customer saw when he put it in, if it is another one now.
	Was   *money `json:"was,omitempty"`
	Total money  `json:"total"`
	// Wanted is how many two carts had together that were joined, where there are not as many.
	Wanted int `json:"wanted,omitempty"`
}

// Path is the product's page.
func (l cartLine) Path() string { return product{SKU: l.SKU}.Path() }

// Picture is the product's.
func (l cartLine) Picture() string { return picturePath(l.SKU) }

// Form is where the line's quantity is changed.
func (l cartLine) Form() string { return "/cart/items/" + url.PathEscape(l.SKU) }

// Count is how many things are in the cart.
func (c cart) Count() (n int) {
	for _, line := range c.Lines {
		n += line.Quantity
	}
	return n
}

// skus are what is in it, in its order.
func (c cart) skus() (all []string) {
	for _, line := range c.Lines {
		all = append(all, line.SKU)
	}
	return all
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
	made, meta, err := client.Call[cart](ctx, c.api, client.Request{Method: http.MethodPost, Path: "/api/cart", Key: uuid.NewString()})
	made.etag = meta.ETag
	return made, err
}

func (c carts) read(ctx context.Context, id string) (cart, error) {
	found, meta, err := client.Call[cart](ctx, c.api, client.Request{Path: cartPath(id)})
	found.etag = meta.ETag
	return found, err
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
	r := client.Request{Method: http.MethodDelete, Path: cartPath(current.ID) + "/items/" + url.PathEscape(sku), IfMatch: current.etag}
	if quantity > 0 {
		r.Method, r.Body = http.MethodPut, map[string]int{"quantity": quantity}
		_, _, err := client.Call[client.None](ctx, c.api, r)
		return err
	}
	_, _, err := client.Call[client.None](ctx, c.api, r)
	if status(err) == http.StatusNotFound {
		return nil
	}
	return err
}

func cartPath(id string) string { return "/api/cart/" + url.PathEscape(id) }
