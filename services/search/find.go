package search

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/gtin"
)

// Question is what somebody looks for.
type Question struct {
	Words    string
	Language Language
	Filter   Filter
	Sort     Sort
	// After is the key after which the page begins; nil is the first page.
	After *Key
	Limit int
}

// hit is a product that was found, and its place.
type hit struct {
	product *Product
	key     Key
}

// Answer is a page of what was found, with one more than the limit where there is another page.
type Answer struct {
	hits   []hit
	Total  int
	Facets Facets
}

// find answers a question.
func (g *goods) find(ctx context.Context, q Question) (Answer, error) {
	words := g.index.words(q.Words, q.Language)
	c, p := newCounter(q.Filter), page{after: q.After, most: q.Limit + 1}
	if len(words) == 0 {
		g.mu.RLock()
		defer g.mu.RUnlock()
		for _, e := range g.all {
			if e.listed && c.add(&e.Product) {
				p.add(hit{&e.Product, q.Sort.Key(&e.Product, match{})})
			}
		}
		return Answer{p.hits, p.total, c.done()}, nil
	}
	tiers, err := g.index.find(ctx, words, q.Language, mostProducts)
	if err != nil {
		return Answer{}, err
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	for sku, tier := range tiers {
		if e := g.all[sku]; e != nil && e.listed && c.add(&e.Product) {
			p.add(hit{&e.Product, q.Sort.Key(&e.Product, match{tier, e.score(words, q.Language)})})
		}
	}
	return Answer{p.hits, p.total, c.done()}, nil
}

// page keeps the first hits after a key.
type page struct {
	after *Key
	most  int
	hits  []hit
	total int
}

func (p *page) add(h hit) {
	p.total++
	if p.after != nil && h.key.compare(*p.after) <= 0 {
		return
	}
	if len(p.hits) == p.most && p.hits[p.most-1].key.compare(h.key) < 0 {
		return
	}
	at, _ := slices.BinarySearchFunc(p.hits, h, func(a, b hit) int { return a.key.compare(b.key) })
	p.hits = slices.Insert(p.hits, at, h)
	p.hits = p.hits[:min(len(p.hits), p.most)]
}

const (
	inName, elsewhere = 4, 1
	// wholeName is for words that are all that the name has, asCode for the article number.
	wholeName, asCode = 2, 1000
)

// score says how well the words fit, by the product alone.
func (e *entry) score(words []word, l Language) (sum int) {
	terms := 0
	for _, w := range words {
		terms += len(w.terms)
		switch {
		case w.code != "" && w.code == lower(e.SKU), w.gtin != "" && e.has(w.gtin):
			sum += asCode
		case every(w.terms, func(t string) bool { return slices.Contains(e.names[l], t) }):
			sum += inName
		case !w.optional:
			sum += elsewhere
		}
	}
	if terms == len(e.names[l]) && sum >= inName*len(words) {
		sum += wholeName
	}
	return sum
}

// has tells whether a number at GS1 is the product's.
func (p *Product) has(fourteen string) bool {
	own, _ := gtin.Of(p.GTIN)
	return own == fourteen
}

// The kinds of suggestions.
const (
	suggestProduct  = "product"
	suggestBrand    = "brand"
	suggestCategory = "category"
)

// Suggestion is something to look for.
type Suggestion struct {
	Kind, Text string
	// Count is how many products there are of it.
	Count int
}

// mostBeginnings bounds the products that one suggestion is made of.
const mostBeginnings = 500

// suggest says what may be meant by the beginning of a search: categories, then brands, then products without their variants.
func (g *goods) suggest(ctx context.Context, text string, limit int) ([]Suggestion, error) {
	skus, err := g.index.beginning(ctx, text, mostBeginnings)
	if err != nil {
		return nil, err
	}
	counts := map[[2]string]int{}
	typed := g.index.terms(lower(text), plain)
	for _, sku := range skus {
		if e := g.get(sku); e != nil && e.listed {
			for _, kind := range []string{suggestCategory, suggestBrand, suggestProduct} {
				if name := e.suggested(kind); g.begins(name, typed) {
					counts[[2]string{kind, name}]++
				}
			}
		}
	}
	all := []Suggestion{}
	for of, n := range counts {
		all = append(all, Suggestion{of[0], of[1], n})
	}
	order := []string{suggestCategory, suggestBrand, suggestProduct}
	slices.SortFunc(all, func(a, b Suggestion) int {
		return cmp.Or(slices.Index(order, a.Kind)-slices.Index(order, b.Kind), b.Count-a.Count, cmp.Compare(a.Text, b.Text))
	})
	return all[:min(len(all), limit)], nil
}

// suggested is what a product is called in suggestions of a kind: the name without what only tells variants apart.
func (e *entry) suggested(kind string) string {
	switch kind {
	case suggestCategory:
		return e.Category
	case suggestBrand:
		return e.Brand
	}
	name, _, _ := strings.Cut(e.Name, ",")
	return name
}

// begins tells whether a name has all that was typed, the last of it as the beginning of a word.
func (g *goods) begins(name string, typed []string) bool {
	words := g.index.terms(lower(name), plain)
	for n, t := range typed {
		if !slices.ContainsFunc(words, func(w string) bool { return w == t || n == len(typed)-1 && strings.HasPrefix(w, t) }) {
			return false
		}
	}
	return true
}
