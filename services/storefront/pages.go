// The pages that only show something.
package storefront

import (
	"cmp"
	"context"
	"net/http"

	"github.com/emporium-shop/emporium/services/internal/app"
)

const (
	relatedFrom  = 48 // products that the related ones are chosen from
	relatedShown = 4  // one row on a wide screen
)

type homeBody struct {
	Heading string
	// Found says how many products there are; empty where nobody knows.
	Found      string
	Listing    listing
	Products   []product
	Categories []category
	// Tiles are the categories with a picture each, and Welcome greets, on the front page.
	Tiles   []tile
	Welcome string
	// Previous and Next are paths, empty where there is no such page.
	Previous, Next string
	// Data is for search engines; nil for a search.
	Data any
}

func (s *shop) home(w http.ResponseWriter, r *http.Request) {
	l := listingOf(r)
	counting := s.counting(r)
	categories := alongside(r.Context(), s.allCategories)
	list, err := s.catalog.products(r.Context(), l)
	body := homeBody{Listing: l, Products: list.Items, Categories: <-categories, Previous: l.Previous(), Next: l.After(list.Next)}
	switch {
	case l.Cursor != "" && status(err) == http.StatusBadRequest:
		http.Redirect(w, r, l.First(), http.StatusFound) // a cursor of another time: better the first page than an error
		return
	case err != nil:
		s.failed(w, r, err)
		return
	case unknown(l.Category, body.Categories):
		s.fail(w, r, http.StatusNotFound)
		return
	}
	if l.Everything() {
		body.Tiles, body.Welcome = s.tiles(r.Context(), body.Categories), cmp.Or(s.tagline, s.say(r, "Welcome to %s", s.name))
	}
	say := speeches[s.languageIn(r)]
	body.Data = s.said(origin(r), l, body.Categories)
	body.Heading, body.Found = heading(say, l, body.Categories), found(say, l, list, body.Categories)
	s.render(w, r, http.StatusOK, "home", page{
		Title: body.Heading, Query: l.Query, Category: l.Category, Count: <-counting, Body: body,
		Path: l.at(l.Cursor, nil).Path(), Unlisted: l.Query != "", About: s.about(say, l, body),
	})
}

// unknown tells of a category that catalog does not have. Without its list nobody knows.
func unknown(slug string, categories []category) bool {
	return slug != "" && len(categories) > 0 && named(slug, categories).Count == 0
}

// heading says what is shown.
func heading(say speech, l listing, categories []category) string {
	where := say("All products")
	if l.Category != "" {
		where = named(l.Category, categories).Name
	}
	switch {
	case l.Query != "" && l.Category != "":
		return say("Results for “%s” in %s", l.Query, where)
	case l.Query != "":
		return say("Results for “%s”", l.Query)
	}
	return where
}

// found says how many products there are. Catalog counts categories, not searches:
// of those we know what fits on one page.
func found(say speech, l listing, list productList, categories []category) string {
	if l.Query != "" {
		switch {
		case l.Cursor != "":
			return ""
		case list.Next != "":
			return say("More than %d products", len(list.Items))
		}
		return products(say, len(list.Items))
	}
	count := 0
	for _, c := range categories {
		if l.Category == "" || c.Slug == l.Category {
			count += c.Count
		}
	}
	return products(say, count)
}

func products(say speech, n int) string {
	if n == 0 {
		return ""
	}
	return say("%d products", n)
}

func named(slug string, categories []category) category {
	for _, c := range categories {
		if c.Slug == slug {
			return c
		}
	}
	return category{Slug: slug, Name: slug}
}

// allCategories are those of the last seconds.
func (s *shop) allCategories(ctx context.Context) ([]category, error) {
	all, _ := s.categories.get(ctx, "")
	return all, nil
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
