package load

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// browse looks at a page: of a product every other time, else of a category or home.
func (c *customer) browse(ctx context.Context) {
	t := c.g.options.Target
	kind, path := "product", "/products/"+t.sku(c.n)
	switch c.n % 4 {
	case 0:
		kind, path = "home", "/"
	case 2:
		kind, path = "category", "/?category="+url.QueryEscape(pick(t.Categories, c.n/4, ""))
	}
	_, _ = c.ask(ctx, kind, spec{method: http.MethodGet, path: path}) // it is recorded
}

// read asks once, for a page or for JSON. What came is in the records.
func (c *customer) read(ctx context.Context, kind string) {
	path := map[string]func() string{search: c.searchPage, find: c.search, list20: c.list}[kind]
	_, _ = c.ask(ctx, kind, spec{method: http.MethodGet, path: path()})
}

// searchPage is where the form of the shop's pages leads.
func (c *customer) searchPage() string {
	path := "/"
	if c.g.options.Target.Searches {
		path = "/search"
	}
	return path + "?q=" + url.QueryEscape(c.word())
}

// search asks search as the page does, without the page. Every other one is narrowed or ordered, so that not all are the same few.
func (c *customer) search() string {
	query := url.Values{"q": {c.word()}, "limit": {"24"}}
	switch c.n % 4 {
	case 1:
		query.Set("sort", "price")
	case 3:
		query.Set("inStock", "true")
	}
	return "/api/search/products?" + query.Encode()
}

// list is of 20 products with their prices: of all, or of a category.
func (c *customer) list() string {
	query := url.Values{"limit": {strconv.Itoa(aList)}}
	if category := pick(c.g.options.Target.Categories, c.n/2, ""); c.n%2 == 1 && category != "" {
		query.Set("category", category)
	}
	return "/api/catalog/products?" + query.Encode()
}

// aList is how many products a list asks for.
const aList = 20

func (c *customer) word() string { return pick(c.g.options.Target.Words, c.n, "a") }
