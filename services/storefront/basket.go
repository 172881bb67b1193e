// The cart's page and the forms that change it. A form that does what it is for
// ends in a redirect, so that going back or reloading never sends it again; any
// other shows the page it stands on, with what was typed and what is wrong with it.
package storefront

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

const mostForm = 8 << 10 // bytes; our largest form has a hundred

func (s *shop) cartPage(w http.ResponseWriter, r *http.Request) {
	current, err := s.current(r)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	s.showCart(w, r, http.StatusOK, current, typed{})
}

// current is the visitor's cart, an empty one without an id if there is none: cart
// deletes what nobody changed for 30 days, and that is not an error.
func (s *shop) current(r *http.Request) (cart, error) {
	id := cartID(r)
	if id == "" {
		return cart{}, nil
	}
	found, err := s.carts.read(r.Context(), id)
	if status(err) == http.StatusNotFound {
		return cart{}, nil
	}
	return found, err
}

func (s *shop) addItem(w http.ResponseWriter, r *http.Request) {
	f, code := formOf(r)
	if code == 0 && f.sku == "" {
		code = http.StatusBadRequest
	}
	if code != 0 {
		s.fail(w, r, code)
		return
	}
	quantity, wrong := f.number(1)
	if wrong != "" {
		s.showProduct(w, r, http.StatusUnprocessableEntity, f.sku, buying{f.quantity, wrong})
		return
	}
	current, err := s.currentOrNew(w, r)
	if err == nil {
		err = s.carts.change(r.Context(), current, f.sku, func(c cart) int { return min(c.quantity(f.sku)+quantity, mostOfOne) })
	}
	if code, wrong := refusal(err); wrong != "" {
		s.showProduct(w, r, code, f.sku, buying{f.quantity, wrong})
		return
	}
	s.done(w, r, err, url.Values{"added": {f.sku}})
}

func (s *shop) currentOrNew(w http.ResponseWriter, r *http.Request) (cart, error) {
	current, err := s.current(r)
	if err != nil {
		return current, err
	}
	if current.ID == "" {
		// If we die before the cookie is sent, an empty cart is left, which cart deletes
		// like every other that nobody changes.
		if current, err = s.carts.create(r.Context()); err != nil {
			return current, err
		}
	}
	remember(w, r, current.ID)
	return current, nil
}

func (s *shop) setItem(w http.ResponseWriter, r *http.Request) {
	f, code := formOf(r)
	if code != 0 {
		s.fail(w, r, code)
		return
	}
	sku := r.PathValue("sku")
	current, err := s.current(r)
	quantity, wrong := f.number(0)
	if wrong != "" && err == nil {
		s.showCart(w, r, http.StatusUnprocessableEntity, current, typed{sku, f.quantity, wrong})
		return
	}
	before := current.quantity(sku)
	if err == nil && current.ID != "" { // without a cart its page says so
		remember(w, r, current.ID)
		err = s.carts.change(r.Context(), current, sku, func(cart) int { return quantity })
	}
	if code, wrong := refusal(err); wrong != "" {
		s.refusedItem(w, r, code, typed{sku, f.quantity, wrong})
		return
	}
	if quantity == 0 && before > 0 {
		s.done(w, r, err, url.Values{"removed": {sku}, "n": {strconv.Itoa(before)}})
		return
	}
	s.done(w, r, err, url.Values{"changed": {sku}})
}

// refusedItem shows the cart as it is now, with what the visitor wanted.
func (s *shop) refusedItem(w http.ResponseWriter, r *http.Request, code int, t typed) {
	current, err := s.current(r)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	s.showCart(w, r, code, current, t)
}

func (s *shop) done(w http.ResponseWriter, r *http.Request, err error, what url.Values) {
	if err != nil {
		s.failed(w, r, err)
		return
	}
	http.Redirect(w, r, "/cart?"+what.Encode(), http.StatusSeeOther)
}

// refusal is what a refusal of cart means to who filled in the form, and the
// page's status; empty for success and for what is no fault of the form.
func refusal(err error) (code int, wrong string) {
	var refused *client.Error
	if !errors.As(err, &refused) {
		return 0, ""
	}
	switch {
	case refused.Problem.Type == problem.CartFull.Type():
		return http.StatusUnprocessableEntity, "Your cart is full. Take something out before you add another product."
	case refused.Problem.Type == problem.SoldOut.Type():
		return http.StatusConflict, "There are not as many left. Choose fewer, or another variant."
	case refused.Status == http.StatusPreconditionFailed, refused.Status == http.StatusConflict:
		return http.StatusConflict, "Your cart has changed in another window at the same time. Please check and send it again."
	}
	return 0, ""
}
