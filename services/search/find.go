package search

import (
	"cmp"
	"context"
	"slices"
	"strconv"
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
	product *entry
	key     Key
}

// Answer is a page of what was found, with one more than the limit where there is another page.
type Answer struct {
	hits   []hit
	Total  int
	Facets Facets
}

// looked is what was typed, and what the index has of it.
type looked struct {
	words []word
	tiers []tiered
}

// tiered is a product that has the words, and in which tier.
type tiered struct {
	sku  string
	tier int
}

// tieredBytes is what one takes in memory, without the letters of its SKU.
const tieredBytes = 24

// look asks the index, or remembers what it said.
func (g *goods) look(ctx context.Context, text string, l Language) (looked, error) {
	state, key := g.named.Load(), string(l)+" "+text
	if known, there := g.searches.get(state, key); there {
		return known, nil
	}
	found, bytes := looked{words: g.index.words(text, l)}, 0
	if len(found.words) == 0 {
		return found, nil
	}
	tiers, err := g.index.find(ctx, found.words, l, mostProducts)
	if err != nil {
		return looked{}, err
	}
	for sku, tier := range tiers {
		found.tiers = append(found.tiers, tiered{sku, tier})
		bytes += len(sku) + tieredBytes
	}
	g.searches.keep(state, key, found, bytes)
	return found, nil
}

// find answers a question.
func (g *goods) find(ctx context.Context, q Question) (Answer, error) {
	found, err := g.look(ctx, q.Words, q.Language)
	if err != nil {
		return Answer{}, err
	}
	c, p := newCounter(q.Filter), page{after: q.After, most: q.Limit + 1}
	g.mu.RLock()
	defer g.mu.RUnlock()
	if len(found.words) == 0 {
		for _, e := range g.all {
			if e.listed && c.add(&e.Product) {
				p.add(hit{e, q.Sort.Key(&e.Product, match{})})
			}
		}
	}
	for _, t := range found.tiers {
		if e := g.all[t.sku]; e != nil && e.listed && c.add(&e.Product) {
			p.add(hit{e, q.Sort.Key(&e.Product, match{t.tier, e.score(found.words, q.Language)})})
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
	state, key := g.named.Load(), strconv.Itoa(limit)+" "+text
	if known, there := g.suggestions.get(state, key); there {
		return known, nil
	}
	skus, err := g.index.beginning(ctx, text, mostBeginnings)
	if err != nil {
		return nil, err
	}
	all := g.meant(skus, g.index.terms(lower(text), plain))
	order := []string{suggestCategory, suggestBrand, suggestProduct}
	slices.SortFunc(all, func(a, b Suggestion) int {
		return cmp.Or(slices.Index(order, a.Kind)-slices.Index(order, b.Kind), b.Count-a.Count, cmp.Compare(a.Text, b.Text))
	})
	all = slices.Clone(all[:min(len(all), limit)])
	g.suggestions.keep(state, key, all, suggestionBytes*len(all))
	return all, nil
}

// suggestionBytes is about what one takes in memory.
const suggestionBytes = 128

// meant counts the names that begin with what was typed. Many products have the same brand, category and name.
func (g *goods) meant(skus, typed []string) []Suggestion {
	counts, begins := map[[2]string]int{}, map[string]bool{}
	for _, sku := range skus {
		e := g.get(sku)
		if e == nil || !e.listed {
			continue
		}
		for _, kind := range []string{suggestCategory, suggestBrand, suggestProduct} {
			name := e.suggested(kind)
			fits, known := begins[name]
			if !known {
				fits = g.begins(name, typed)
				begins[name] = fits
			}
			if fits {
				counts[[2]string{kind, name}]++
			}
		}
	}
	all := []Suggestion{}
	for of, n := range counts {
		all = append(all, Suggestion{of[0], of[1], n})
	}
	return all
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
