// What visitors type into forms.
package storefront

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

const mostOfOne = 99 // pieces of one product in a cart

// form is a cart form as it came.
type form struct{ sku, quantity string }

// fieldsOf reads a form, whose type and size the chain has checked. A code other
// than 0 is the refusal.
func fieldsOf(r *http.Request) (get func(string) string, code int) {
	if err := r.ParseForm(); err != nil {
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			return nil, http.StatusRequestEntityTooLarge
		}
		return nil, http.StatusBadRequest
	}
	return r.PostForm.Get, 0
}

// formOf reads a form of the cart.
func formOf(r *http.Request) (form, int) {
	get, code := fieldsOf(r)
	if code != 0 {
		return form{}, code
	}
	return form{get("sku"), get("quantity")}, 0
}

// number is the quantity, or what is wrong with it.
func (f form) number(least int) (n int, wrong string) {
	n, err := strconv.Atoi(strings.TrimSpace(f.quantity))
	if err != nil || n < least || n > mostOfOne {
		return 0, fmt.Sprintf("Please enter a whole number from %d to %d.", least, mostOfOne)
	}
	return n, ""
}
