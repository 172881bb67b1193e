// What the storefront reads from search. Without it, or while it does not answer, catalog finds what has the words.
package storefront

import (
	"context"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/client"
)

// suggestionsShown is how many suggestions a page shows at most.
const suggestionsShown = 8

// hit is a product that was found.
type hit struct {
	SKU     string `json:"sku"`
	Name    string `json:"name"`
	Brand   string `json:"brand"`
	Price   money  `json:"price"`
	Image   string `json:"image"`
	InStock bool   `json:"inStock"`
	Stars   *stars `json:"stars,omitempty"`
}

// Path is the product's page.
func (h hit) Path() string { return product{SKU: h.SKU}.Path() }

type stars struct {
	Average float64 `json:"average"`
	Count   int     `json:"count"`
}

// Drawn shows them, rounded to whole ones.
func (s stars) Drawn() string { return drawn(int(s.Average + 0.5)) }

// Mean has one digit.
func (s stars) Mean() string { return strconv.FormatFloat(s.Average, 'f', 1, 64) }

// counted is a value of a filter, and how many products have it.
type counted struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

type attribute struct {
	Name   string    `json:"name"`
	Values []counted `json:"values"`
}

type counts struct {
	Category   []counted   `json:"category"`
	Brand      []counted   `json:"brand"`
	Price      []counted   `json:"price"`
	Stars      []counted   `json:"stars"`
	InStock    int         `json:"inStock"`
	Attributes []attribute `json:"attributes"`
}

type foundList struct {
	Items  []hit  `json:"items"`
	Next   string `json:"next,omitempty"`
	Found  int    `json:"found"`
	Facets counts `json:"facets"`
}

type suggestion struct {
	Kind  string `json:"kind"`
	Text  string `json:"text"`
	Count int    `json:"count"`
}

type suggestionList struct {
	Items []suggestion `json:"items"`
}

// searches asks search. A shop need not have it: then there is no client.
type searches struct {
	api *client.Client
	// language is whose endings of words make no difference.
	language string
}

// languageOf is that of a locale, of those that search knows; empty leaves it to search.
func languageOf(locale string) string {
	language, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(locale), "_", "-"), "-")
	if language == "de" || language == "en" {
		return language
	}
	return ""
}

// find waits no longer than a page waits for any part that it can do without.
func (s searches) find(ctx context.Context, f finding) (foundList, error) {
	ctx, cancel := context.WithTimeout(ctx, partPatience)
	defer cancel()
	query := url.Values{"limit": {strconv.Itoa(perPage)}}
	maps.Copy(query, f.filter())
	if s.language != "" {
		query.Set("lang", s.language)
	}
	list, _, err := client.Call[foundList](ctx, s.api, client.Request{Path: "/api/search/products", Query: query})
	return list, err
}

// suggest is what may be meant by the beginning of a search.
func (s searches) suggest(ctx context.Context, words string) ([]suggestion, error) {
	ctx, cancel := context.WithTimeout(ctx, partPatience)
	defer cancel()
	query := url.Values{"q": {words}, "limit": {strconv.Itoa(suggestionsShown)}}
	list, _, err := client.Call[suggestionList](ctx, s.api, client.Request{Path: "/api/search/suggestions", Query: query})
	return list.Items, err
}

// instead is what catalog finds. It knows words and one category; what else was chosen is left out, and the page says so.
func (c catalog) instead(ctx context.Context, f finding) (foundList, error) {
	l := listing{Query: f.Query, Cursor: f.Cursor, Limit: perPage}
	if all := f.Values[byCategory]; len(all) > 0 {
		l.Category = all[0]
	}
	list, err := c.products(ctx, l)
	found := foundList{Next: list.Next}
	for _, p := range list.Items {
		found.Items = append(found.Items, hit{SKU: p.SKU, Name: p.Name, Brand: p.Brand, Price: p.Price, Image: p.Image, InStock: true}) // the product's page says more
	}
	return found, err
}
