// The routes of the shop and what its pages are made from.
package main

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/build"
	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

// shop serves the pages of one release of one shop.
type shop struct {
	name, release, version string
	catalog                catalog
	carts                  carts
	reviews                reviews
	log                    *slog.Logger
}

func newShop(cfg httpapi.Config, set settings, log *slog.Logger) *shop {
	return &shop{
		name: title(cfg.Shop), release: cfg.Release, version: build.Version,
		catalog: catalog{client.New(set.CatalogURL)},
		carts:   carts{client.New(set.CartURL)},
		reviews: newReviews(set.ReviewsURL),
		log:     log,
	}
}

func (s *shop) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("GET /products/{sku}", s.productPage)
	mux.HandleFunc("GET /cart", s.cartPage)
	mux.HandleFunc("POST /cart/items", s.addItem)
	mux.HandleFunc("POST /cart/items/{sku}", s.setItem)
	mux.HandleFunc("GET /static/{file}", s.style)
	mux.HandleFunc("/", s.other)
	return s.ownFormsOnly(mux)
}

// other answers what no route does. The mux would know 404 and 405 itself,
// but in words for programmers.
func (s *shop) other(w http.ResponseWriter, r *http.Request) {
	if allow := allowed(r.URL.Path); allow != "" {
		w.Header().Set("Allow", allow)
		s.fail(w, r, http.StatusMethodNotAllowed)
		return
	}
	s.fail(w, r, http.StatusNotFound)
}

// allowed names the methods of a path that exists, "" if it does not.
func allowed(path string) string {
	switch {
	case path == "/cart/items" || strings.HasPrefix(path, "/cart/items/"):
		return "POST"
	case path == "/", path == "/cart", strings.HasPrefix(path, "/products/"), strings.HasPrefix(path, "/static/"):
		return "GET, HEAD"
	}
	return ""
}

// ownFormsOnly refuses forms of other sites. SameSite keeps the cookie from
// them, but a form without the cookie would still make a new cart and replace
// the visitor's.
func (s *shop) ownFormsOnly(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, http.StatusForbidden)
	}))
	return protection.Handler(next)
}
