// The cart's page and the forms that change it. Each form ends in a redirect,
// so that going back or reloading never sends it again.
package storefront

import (
	"errors"
	"net/http"
	"strconv"
)

const (
	mostOfOne = 99      // pieces of one product in a cart
	mostForm  = 8 << 10 // bytes; our largest form has a hundred
)

type cartBody struct {
	Cart cart
	Most int
}

func (s *shop) cartPage(w http.ResponseWriter, r *http.Request) {
	current, err := s.current(r)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "cart", page{Title: "Your cart", Count: current.Count(), Body: cartBody{current, mostOfOne}})
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
	sku, quantity, code := form(r)
	if code == 0 && (sku == "" || quantity == 0) {
		code = http.StatusBadRequest
	}
	if code != 0 {
		s.fail(w, r, code)
		return
	}
	current, err := s.currentOrNew(w, r)
	if err == nil {
		err = s.carts.change(r.Context(), current, sku, func(c cart) int { return min(c.quantity(sku)+quantity, mostOfOne) })
	}
	s.done(w, r, err)
}

func (s *shop) currentOrNew(w http.ResponseWriter, r *http.Request) (cart, error) {
	current, err := s.current(r)
	if err != nil || current.ID != "" {
		return current, err
	}
	// If we die before the cookie is sent, an empty cart is left, which cart deletes
	// like every other that nobody changes.
	current, err = s.carts.create(r.Context())
	if err == nil {
		remember(w, r, current.ID)
	}
	return current, err
}

func (s *shop) setItem(w http.ResponseWriter, r *http.Request) {
	_, quantity, code := form(r)
	if code != 0 {
		s.fail(w, r, code)
		return
	}
	current, err := s.current(r)
	if err == nil && current.ID != "" { // without a cart its page says so
		err = s.carts.change(r.Context(), current, r.PathValue("sku"), func(cart) int { return quantity })
	}
	s.done(w, r, err)
}

func (s *shop) done(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil {
		s.failed(w, r, err)
		return
	}
	http.Redirect(w, r, "/cart", http.StatusSeeOther)
}

// form reads the fields of a cart form, whose type and size the chain has
// checked. A code other than 0 is the refusal.
func form(r *http.Request) (sku string, quantity, code int) {
	if err := r.ParseForm(); err != nil {
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			return "", 0, http.StatusRequestEntityTooLarge
		}
		return "", 0, http.StatusBadRequest
	}
	quantity, err := strconv.Atoi(r.PostForm.Get("quantity"))
	if err != nil || quantity < 0 || quantity > mostOfOne {
		return "", 0, http.StatusBadRequest
	}
	return r.PostForm.Get("sku"), quantity, 0
}
