// What visitors type into the cart's forms.
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

// formOf reads the fields, whose type and size the chain has checked. A code other
// than 0 is the refusal.
func formOf(r *http.Request) (f form, code int) {
	if err := r.ParseForm(); err != nil {
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			return form{}, http.StatusRequestEntityTooLarge
		}
		return form{}, http.StatusBadRequest
	}
	return form{r.PostForm.Get("sku"), r.PostForm.Get("quantity")}, 0
}

// number is the quantity, or what is wrong with it.
func (f form) number(least int) (n int, wrong string) {
	n, err := strconv.Atoi(strings.TrimSpace(f.quantity))
	if err != nil || n < least || n > mostOfOne {
		return 0, fmt.Sprintf("Please enter a whole number from %d to %d.", least, mostOfOne)
	}
	return n, ""
}
