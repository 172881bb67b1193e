package search

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emporium-shop/emporium/services/internal/money"
)

const (
	// mostProducts bounds what one replica holds: about 2 kB each.
	mostProducts = 50_000
	// behind is how far what lists say may be behind what events said.
	behind = time.Minute
)

// entry is what is known of one SKU. It is never changed: a newer one takes its place.
type entry struct {
	Product
	// listed says that it can be found: events may tell of what the catalog does not list, or not yet.
	listed bool
	// removed says that an event took it out: a list that is older brings it not back.
	removed bool
	// names are the terms of its name in each language: what is found there counts more.
	names map[Language][]string
	// priceFrom and stockAt are the times of what was told last, by whoever told it.
	priceFrom, stockAt time.Time
	// heard is when an event last said something, by our clock; what a list says that was asked for before is older.
	heard heard
	// body is how it is answered.
	body *body
}

type heard struct{ text, price, stock, reviews time.Time }

// goods are all products, in memory and in the index.
type goods struct {
	index *index
	now   func() time.Time
	// write lets one writer at a time change index and map.
	write sync.Mutex
	mu    sync.RWMutex
	all   map[string]*entry
	// named counts the changes of what products are called, and of which can be found: all that the index and suggestions go by.
	named atomic.Int64
	// searches and suggestions are remembered for as long as that stays the same.
	searches    memory[looked]
	suggestions memory[[]Suggestion]
}

func newGoods(x *index, now func() time.Time) *goods {
	return &goods{index: x, now: now, all: map[string]*entry{}}
}

func (g *goods) get(sku string) *entry {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.all[sku]
}

// change replaces what is known of a SKU by what f makes of it. What is not known begins unlisted.
func (g *goods) change(sku string, f func(*entry)) error {
	g.write.Lock()
	defer g.write.Unlock()
	before := g.get(sku)
	if before == nil && len(g.all) >= mostProducts {
		return nil // the next list tells whether there is room
	}
	after := before.copy(sku)
	f(after)
	return g.put([]*entry{after})
}

func (e *entry) copy(sku string) *entry {
	if e == nil {
		return &entry{Product: Product{SKU: sku, Available: Unknown}, body: &body{}}
	}
	same := *e
	same.body = &body{}
	return &same
}

// put stores entries: in the index first, so that nothing is found of which nothing is known.
func (g *goods) put(all []*entry) error {
	var changed []*Product
	renamed := false
	defer func() { // at last: what was found until then may be older
		if renamed || len(changed) > 0 {
			g.named.Add(1)
		}
	}()
	for _, e := range all {
		before := g.get(e.SKU)
		renamed = renamed || !e.calledAs(before)
		switch {
		case e.readsOtherThan(before):
			e.names = g.namesOf(e)
			changed = append(changed, &e.Product)
		case !e.listed && before != nil && before.listed:
			if err := g.index.remove(e.SKU); err != nil {
				return err
			}
		}
	}
	if err := g.index.put(changed); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range all {
		g.all[e.SKU] = e
	}
	return nil
}

// readsOtherThan tells whether the index has to read it anew.
func (e *entry) readsOtherThan(before *entry) bool {
	return e.listed && (before == nil || !before.listed || before.text() != e.text() || before.GTIN != e.GTIN)
}

// namesOf are the words of its name, by language.
func (g *goods) namesOf(e *entry) map[Language][]string {
	names := map[Language][]string{}
	for _, l := range languages {
		names[l] = g.index.terms(fold(e.Name), string(l))
	}
	return names
}

// calledAs tells whether it has the names that suggestions show, and is found or not, as before.
func (e *entry) calledAs(before *entry) bool {
	if before == nil {
		return !e.listed
	}
	return e.listed == before.listed && e.Name == before.Name && e.Brand == before.Brand && e.Category == before.Category
}

// list is all that other services say there is, as lists that were begun at one time.
type list struct {
	began    time.Time
	products []Product
	// stock by SKU, and the reviews and their stars; nil where nobody could be asked.
	stock   map[string]int64
	reviews map[string]opinion
}

// opinion is how many reviews a product has, and the sum of their stars.
type opinion struct{ Reviews, Stars int64 }

// load takes a list over, but for what events have said since.
func (g *goods) load(l list) error {
	g.write.Lock()
	defer g.write.Unlock()
	known := l.began.Add(-behind)
	seen := make(map[string]bool, len(l.products))
	var all []*entry
	for _, p := range l.products[:min(len(l.products), mostProducts)] {
		seen[p.SKU] = true
		all = append(all, g.get(p.SKU).copy(p.SKU).with(p, l, known))
	}
	for sku, e := range maps.All(g.all) { // only we write
		if e.listed && !seen[sku] && !e.heard.text.After(known) {
			gone := e.copy(sku)
			gone.listed = false
			all = append(all, gone)
		}
	}
	if err := g.put(all); err != nil {
		return err
	}
	g.forget(seen, known)
	return nil
}

// with is an entry with what a list says of it.
func (e *entry) with(p Product, l list, known time.Time) *entry {
	recent := e.heard.text.After(known) && p.Version <= e.Version
	if !recent {
		version, before := max(p.Version, e.Version), e.Product
		e.Product = p
		e.Version, e.Price, e.Available, e.Reviews, e.Stars = version, before.Price, before.Available, before.Reviews, before.Stars
	}
	e.removed = e.removed && recent
	e.listed = !e.removed
	if !e.heard.price.After(known) {
		e.Price = p.Price
	}
	if available, there := l.stock[p.SKU]; there && !e.heard.stock.After(known) {
		e.Available = available
	}
	if l.reviews != nil && !e.heard.reviews.After(l.began) { // else they were asked for by an event since, of this product alone
		e.Reviews, e.Stars = l.reviews[p.SKU].Reviews, l.reviews[p.SKU].Stars
	}
	e.Image, e.Description = cmp.Or(e.Image, p.Image), cmp.Or(e.Description, p.Description)
	return e
}

// forget drops what nobody lists and no event has told of for a while.
func (g *goods) forget(seen map[string]bool, known time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	maps.DeleteFunc(g.all, func(sku string, e *entry) bool {
		last := slices.MaxFunc([]time.Time{e.heard.text, e.heard.price, e.heard.stock}, time.Time.Compare)
		return !e.listed && !seen[sku] && !last.After(known)
	})
}

// describe takes what the catalog says of a product; told tells whether that is all there is to know of it.
func (g *goods) describe(p Product) (known bool, err error) {
	err = g.change(p.SKU, func(e *entry) {
		known = e.listed
		if p.Version <= e.Version {
			return // an older one, or the same again
		}
		e.heard.text, e.removed = g.now(), false
		e.Version, e.Slug, e.Name, e.Category, e.Brand, e.GTIN = p.Version, p.Slug, p.Name, p.Category, p.Brand, p.GTIN
		if p.Description != "" {
			e.Description = p.Description
		}
		if p.Attributes != nil {
			e.Attributes = p.Attributes
		}
	})
	return known, err
}

// remove takes a product out, unless a newer version of it is known.
func (g *goods) remove(sku string, version int64) error {
	return g.change(sku, func(e *entry) {
		if version >= e.Version {
			e.listed, e.removed, e.Version, e.heard.text = false, true, version, g.now()
		}
	})
}

// price takes a price that is valid from then on.
func (g *goods) price(sku string, price money.Money, from time.Time) error {
	return g.change(sku, func(e *entry) {
		if !from.Before(e.priceFrom) {
			e.Price, e.priceFrom, e.heard.price = price, from, g.now()
		}
	})
}

// stock takes how many can be bought.
func (g *goods) stock(sku string, available int64, at time.Time) error {
	return g.change(sku, func(e *entry) {
		if !at.Before(e.stockAt) {
			e.Available, e.stockAt, e.heard.stock = available, at, g.now()
		}
	})
}

// rate takes what customers say.
func (g *goods) rate(sku string, o opinion) error {
	return g.change(sku, func(e *entry) { e.Reviews, e.Stars, e.heard.reviews = o.Reviews, o.Stars, g.now() })
}
