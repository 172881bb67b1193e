// What the storefront reads of wishlists, and asks of it, in the name of a customer who is signed in.
package storefront

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client"
)

const wishesAPI = "/api/wishlists"

// wishlist is a list of a customer's.
type wishlist struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Items []wish `json:"items"`

	etag string
}

// wish is a product on it.
type wish struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// Path is the product's page.
func (w wish) Path() string { return product{SKU: w.SKU}.Path() }

// wishes asks wishlists. A shop need not have it: then there is no client.
type wishes struct{ api *client.Client }

// lists are the customer's, the newest first, without what is on them.
func (w wishes) lists(ctx context.Context, token string, most string) ([]wishlist, error) {
	found, err := ask[listOf[wishlist]](ctx, w.api, token, wishesAPI, url.Values{"limit": {most}})
	return found.Items, err
}

func (w wishes) read(ctx context.Context, token, id string) (wishlist, error) {
	list, meta, err := client.Call[wishlist](ctx, w.api, client.Request{Path: wishesAPI + "/" + url.PathEscape(id), Header: bearer(token)})
	list.etag = meta.ETag
	return list, err
}

func (w wishes) create(ctx context.Context, token, name string) (wishlist, error) {
	list, meta, err := client.Call[wishlist](ctx, w.api, client.Request{Method: http.MethodPost, Path: wishesAPI, Key: uuid.NewString(), Header: bearer(token), Body: map[string]string{"name": name}})
	list.etag = meta.ETag
	return list, err
}

// change puts a product on a list or takes it off, once more where somebody else has changed the list meanwhile.
func (w wishes) change(ctx context.Context, token string, list wishlist, sku string, on bool) error {
	err := w.once(ctx, token, list, sku, on)
	if status(err) != http.StatusPreconditionFailed {
		return err
	}
	if list, err = w.read(ctx, token, list.ID); err != nil {
		return err
	}
	return w.once(ctx, token, list, sku, on)
}

func (w wishes) once(ctx context.Context, token string, list wishlist, sku string, on bool) error {
	if list.has(sku) == on {
		return nil // how many are wanted, and the note, stay as they are
	}
	r := client.Request{Method: http.MethodDelete, Path: wishesAPI + "/" + url.PathEscape(list.ID) + "/items/" + url.PathEscape(sku), IfMatch: list.etag, Header: bearer(token)}
	if on {
		r.Method, r.Body = http.MethodPut, map[string]int{"quantity": 1}
	}
	_, _, err := client.Call[client.None](ctx, w.api, r)
	return err
}

func (l wishlist) has(sku string) bool {
	for _, one := range l.Items {
		if one.SKU == sku {
			return true
		}
	}
	return false
}
