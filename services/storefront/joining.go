// What a visitor put in as a guest joins his own cart when he signs in (C16): from then on he has one cart, on all his devices.
package storefront

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client"
)

// joining is how long signing in waits for the carts. One that did not join in time does so when the token is exchanged next.
const joining = 2 * time.Second

// joined is the customer's cart, after a guest's joined it.
type joined struct {
	Cart    cart `json:"cart"`
	LeftOut []struct {
		SKU string `json:"sku"`
	} `json:"leftOut"`
}

// Told tells whether not everything is as it was in the two carts: the customer is led to his cart then.
func (j joined) Told() bool {
	for _, l := range j.Cart.Lines {
		if l.Wanted > 0 {
			return true
		}
	}
	return len(j.LeftOut) > 0
}

// join is the customer's own cart, with what is in a guest's; guest may be empty.
func (c carts) join(ctx context.Context, token, guest string) (joined, error) {
	body := map[string]string{}
	if guest != "" {
		body["cart"] = guest
	}
	j, _, err := client.Call[joined](ctx, c.api, client.Request{Method: http.MethodPost, Path: "/api/cart/merges", Key: uuid.NewString(), Header: bearer(token), Body: body})
	return j, err
}

// joinCart gives the browser the customer's cart. Where that cannot be had the guest's is kept, and nobody is kept from signing in.
func (s *shop) joinCart(w http.ResponseWriter, r *http.Request, who session) joined {
	ctx, cancel := context.WithTimeout(r.Context(), joining)
	defer cancel()
	j, err := s.carts.join(ctx, who.Token, cartID(r))
	if err != nil || !isID(j.Cart.ID) {
		s.log.WarnContext(r.Context(), "joining carts", "error", err)
		return joined{}
	}
	remember(w, r, j.Cart.ID)
	return j
}

// closing waits until the customer's cart has heard of the order that was made of it: it is his on all devices, so he gets no other one.
// Where it does not hear in time the browser forgets it, and gets it again with the next token.
func (s *shop) closing(ctx context.Context, w http.ResponseWriter, r *http.Request, c cart, q quote) {
	for c.Orders <= q.CartTurn {
		select {
		case <-ctx.Done():
			forget(w, r)
			return
		case <-time.After(100 * time.Millisecond):
		}
		now, err := s.carts.read(ctx, c.ID)
		if err != nil {
			forget(w, r)
			return
		}
		c = now
	}
}
