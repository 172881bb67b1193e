// The visitor's cart: which one it is, and how much is in it.
package storefront

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
)

const (
	cookieName = "shop_cart"
	cookieAge  = 30 * 24 * time.Hour
	// countPatience is how long a page waits for the number beside "Cart".
	countPatience = 250 * time.Millisecond
)

// cartID is the visitor's cart, "" for none. What is not an id was not set
// by us and never becomes part of a path.
func cartID(r *http.Request) string {
	cookie, err := r.Cookie(cookieName)
	if err != nil || uuid.Validate(cookie.Value) != nil {
		return ""
	}
	return cookie.Value
}

// remember keeps the cart's id.
func remember(w http.ResponseWriter, r *http.Request, id string) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: id, Path: "/", MaxAge: int(cookieAge.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
		// Over plain HTTP (a trial on a laptop) a Secure cookie would be dropped.
		Secure: r.Header.Get("X-Forwarded-Proto") == "https",
	})
}

// counting asks how much is in the cart while the page is prepared. A slow or
// dead cart service costs the number, not the page.
func (s *shop) counting(r *http.Request) <-chan int {
	return alongside(r.Context(), func(ctx context.Context) (int, error) {
		id := cartID(r)
		if id == "" {
			return 0, nil
		}
		ctx, cancel := context.WithTimeout(ctx, countPatience)
		defer cancel()
		found, err := s.carts.read(ctx, id)
		return found.Count(), err
	})
}
