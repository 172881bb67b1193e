// The cart after an order.
package storefront

import (
	"context"
	"net/http"
)

// leaveCart gives the visitor another cart, where cart has not heard of the order yet: what he sees next must not be what he has just bought.
// What was put in while he paid is in the new one (C21). What cannot be done in time is left out: cart hears of the order all the same.
func (s *shop) leaveCart(ctx context.Context, w http.ResponseWriter, r *http.Request, ordered string) {
	old, err := s.current(r)
	if err != nil || old.ID == "" {
		return
	}
	q, err := s.checkouts.quote(ctx, ordered)
	if err != nil || q.Cart != old.ID || old.Orders > q.CartTurn {
		return // it is another cart already, or holds only what was not ordered
	}
	if buyerIn(r.Context()).Customer != "" { //nolint:contextcheck // the request says who ordered; ctx bounds how long is asked
		s.closing(ctx, w, r, old, q)
		return
	}
	rest := old.without(q)
	if len(rest) == 0 {
		forget(w, r)
		return
	}
	fresh, err := s.carts.create(ctx)
	for _, l := range rest {
		if err == nil {
			err = s.carts.change(ctx, fresh, l.SKU, func(cart) int { return l.Quantity })
		}
		if err == nil {
			fresh, err = s.carts.read(ctx, fresh.ID)
		}
	}
	if err != nil {
		s.log.WarnContext(ctx, "moving what was not ordered into a new cart", "error", err)
		return
	}
	remember(w, r, fresh.ID)
}

// without are the lines of a cart that a quote has not, or has less of.
func (c cart) without(q quote) (rest []cartLine) {
	ordered := map[string]int{}
	for _, l := range q.Lines {
		ordered[l.SKU] += l.Quantity
	}
	for _, l := range c.Lines {
		if l.Quantity -= ordered[l.SKU]; l.Quantity > 0 {
			rest = append(rest, l)
		}
	}
	return rest
}
