package load

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// Target is the shop to send load at, and what it sells.
type Target struct {
	// URL of the front door, without a path.
	URL string
	// SKUs that the catalog has; at least one.
	SKUs []string
	// Paths are asked for in turn, instead of what a shop with products has. SKUs are not needed then.
	Paths []string
	// Host that is asked for, where it is not the URL's.
	Host string
	// Categories and Words are what visits browse and search for beside the SKUs.
	Categories, Words []string
	// Searches says that the shop has search: its pages look for words at /search, else at /.
	Searches bool
}

// mix is the share of each kind of request: as many places of the wheel as it has. One in twenty writes.
var mix = []func(Target, int) spec{
	home, product, list, item, home, product, addToCart, readCart, cartPage, list,
	home, product, list, item, home, product, item, readCart, cartPage, list,
}

// spec is one request, before it is one.
type spec struct{ method, path, body, key, match, cart string }

// next is request number n.
func (t Target) next(n int) spec {
	if len(t.Paths) > 0 {
		return spec{method: http.MethodGet, path: t.Paths[n%len(t.Paths)]}
	}
	return mix[n%len(mix)](t, n)
}

func home(Target, int) spec     { return spec{method: http.MethodGet, path: "/"} }
func cartPage(Target, int) spec { return spec{method: http.MethodGet, path: "/cart"} }
func list(Target, int) spec {
	return spec{method: http.MethodGet, path: "/api/catalog/products?limit=20"}
}
func product(t Target, n int) spec {
	return spec{method: http.MethodGet, path: "/products/" + t.sku(n)}
}
func item(t Target, n int) spec {
	return spec{method: http.MethodGet, path: "/api/catalog/products/" + t.sku(n)}
}

// addToCart makes a cart; its key is new, since a repeated one would be answered from memory, and random,
// since a key is all that keeps others from a visitor's answer.
func addToCart(Target, int) spec {
	return spec{method: http.MethodPost, path: "/api/cart", body: "{}", key: uuid.NewString()}
}

// readCart reads a cart that an earlier request made; run fills it in, and reads the list while there is none.
func readCart(Target, int) spec { return spec{method: http.MethodGet, cart: "/api/cart/"} }

func (t Target) sku(n int) string { return t.SKUs[n%len(t.SKUs)] }

func (s spec) request(ctx context.Context, base string, timeout time.Duration) (*http.Request, context.CancelFunc, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	req, err := http.NewRequestWithContext(ctx, s.method, base+s.path, bytes.NewBufferString(s.body))
	if err != nil {
		cancel()
		return nil, nil, fmt.Errorf("making a request: %w", err)
	}
	if s.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if s.key != "" {
		req.Header.Set("Idempotency-Key", s.key)
	}
	if s.match != "" {
		req.Header.Set("If-Match", s.match)
	}
	return req, cancel, nil
}
