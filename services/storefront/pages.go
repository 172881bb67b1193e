// The pages that only show something.
package storefront

import (
	"context"
	"net/http"
	"unicode/utf8"

	"github.com/emporium-shop/emporium/services/internal/app"
)

const (
	perPage       = 24
	relatedFrom   = 48  // products that the related ones are chosen from
	relatedShown  = 4   // one row on a wide screen
	longestSearch = 100 // characters, as many as catalog takes; what is longer is cut off, not refused
)

type homeBody struct {
	Heading    string
	Listing    listing
	Products   []product
	Categories []category
	Next       string // the path of the next page, empty on the last one
}

func (s *shop) home(w http.ResponseWriter, r *http.Request) {
	l := listingOf(r)
	counting := s.counting(r)
	categories := alongside(r.Context(), s.catalog.categories)
	list, err := s.catalog.products(r.Context(), l)
	body := homeBody{Listing: l, Products: list.Items, Categories: <-categories}
	if err != nil {
		s.failed(w, r, err)
		return
	}
	body.Heading = heading(l, body.Categories)
	if list.Next != "" {
		next := l
		next.Cursor = list.Next
		body.Next = next.Path()
	}
	s.render(w, r, http.StatusOK, "home", page{Title: body.Heading, Query: l.Query, Count: <-counting, Body: body})
}

// First is the path of the listing's first page.
func (b homeBody) First() string {
	b.Listing.Cursor = ""
	return b.Listing.Path()
}

func listingOf(r *http.Request) listing {
	query := r.URL.Query()
	return listing{Query: cut(query.Get("q")), Category: query.Get("category"), Cursor: query.Get("cursor"), Limit: perPage}
}

func cut(text string) string {
	if utf8.RuneCountInString(text) <= longestSearch {
		return text
	}
	return string([]rune(text)[:longestSearch])
}

func heading(l listing, categories []category) string {
	if l.Query != "" {
		return "Results for “" + l.Query + "”"
	}
	for _, c := range categories {
		if c.Slug == l.Category {
			return c.Name
		}
	}
	return "All products"
}

type productBody struct {
	Product  product
	Related  []product
	Reviews  opinions
	Category category
	Most     int
}

func (s *shop) productPage(w http.ResponseWriter, r *http.Request) {
	counting := s.counting(r)
	categories := alongside(r.Context(), s.catalog.categories)
	said := alongside(r.Context(), s.reviews.of(r.PathValue("sku")))
	p, err := s.catalog.product(r.Context(), r.PathValue("sku"))
	body := productBody{Product: p, Category: named(p.Category, <-categories), Most: mostOfOne}
	if err != nil {
		s.failed(w, r, err)
		return
	}
	// Without the related products the page still sells this one.
	if list, err := s.catalog.products(r.Context(), listing{Category: p.Category, Limit: relatedFrom}); err == nil {
		body.Related = related(p, list.Items, relatedShown)
	}
	body.Reviews = <-said
	s.render(w, r, http.StatusOK, "product", page{Title: p.Name, Count: <-counting, Body: body})
}

func named(slug string, categories []category) category {
	for _, c := range categories {
		if c.Slug == slug {
			return c
		}
	}
	return category{Slug: slug, Name: slug}
}

// alongside asks for what a page can do without while the rest is asked for.
// An error leaves it out. The channel has room, so nothing waits for a reader
// that gave up.
func alongside[T any](ctx context.Context, ask func(context.Context) (T, error)) <-chan T {
	answer := make(chan T, 1)
	app.Go(ctx, "what a page can do without", func(ctx context.Context) error {
		defer close(answer)
		if got, err := ask(ctx); err == nil {
			answer <- got
		}
		return nil
	})
	return answer
}
