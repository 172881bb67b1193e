// The visitor's cart: which one it is, and how much is in it.
package storefront

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
)

const (
	// A browser takes a __Host- cookie from this very host over TLS alone, so no
	// other host of the domain can plant a cart.
	secureCookie = "__Host-shop_cart"
	// plainCookie is for a trial over plain HTTP. Over TLS it is set as well, for
	// releases from before know no other name, and the shop may go back to one.
	plainCookie = "shop_cart"
	// cookieAge is how long cart keeps what nobody changes.
	cookieAge = 30 * 24 * time.Hour
)

// secure tells whether the visitor speaks TLS with the front door, or with what is
// before it. Only the front door says so: what a visitor says of it is dropped there.
func secure(r *http.Request) bool { return r.Header.Get("X-Forwarded-Proto") == "https" }

// isID tells whether a text is an id as services write it. It becomes part of a path: of the other forms that package uuid takes,
// with braces, as a URN or without dashes, none does.
func isID(text string) bool { return len(text) == 36 && uuid.Validate(text) == nil }

// cartID is the visitor's cart, "" for none. What is not an id was not set
// by us and never becomes part of a path.
func cartID(r *http.Request) string {
	for _, name := range []string{secureCookie, plainCookie} {
		if cookie, err := r.Cookie(name); err == nil && isID(cookie.Value) {
			return cookie.Value
		}
	}
	return ""
}

// remember keeps the cart's id, for as long again from now on.
func remember(w http.ResponseWriter, r *http.Request, id string) {
	cookie := http.Cookie{
		Name: plainCookie, Value: id, Path: "/", MaxAge: int(cookieAge.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure(r),
	}
	http.SetCookie(w, &cookie)
	if secure(r) {
		cookie.Name = secureCookie
		http.SetCookie(w, &cookie)
	}
}

// forget takes the cart out of the browser; it is kept by cart as long as any.
func forget(w http.ResponseWriter, r *http.Request) {
	for _, name := range []string{plainCookie, secureCookie} {
		if _, err := r.Cookie(name); err == nil {
			http.SetCookie(w, &http.Cookie{Name: name, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure(r)})
		}
	}
}

// counting asks how much is in the cart while the page is prepared. A slow or
// dead cart service costs the number, not the page.
func (s *shop) counting(r *http.Request) <-chan int {
	return alongside(r.Context(), func(ctx context.Context) (int, error) {
		id := cartID(r)
		if id == "" {
			return 0, nil
		}
		ctx, cancel := context.WithTimeout(ctx, partPatience)
		defer cancel()
		found, err := s.carts.read(ctx, id)
		return found.Count(), err
	})
}
