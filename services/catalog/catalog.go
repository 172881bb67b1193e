package catalog

import (
	"strings"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// mostWords bounds a search: each word costs a look at every product.
const mostWords = 8

// Product is one thing that can be bought.
type Product struct {
	ID                                            uuid.UUID
	SKU, Slug, Name, Description, Category, Brand string
	Price                                         money.Money
	// Low30 is the lowest price of the 30 days before this one; no money of no currency where nothing was told.
	Low30 money.Money
	// Position is where it stands in lists.
	Position int32
	// Media are its pictures; none where the catalog draws it.
	Media Gallery
	// GTIN is its number at GS1, as it was entered; empty where it has none.
	GTIN string
	// Variant is the zero value where it is a product of its own.
	Variant Variant
	// Version rises with each change.
	Version int64
}

// Category is a shelf of the shop, and how many products stand there.
type Category struct {
	Slug, Name string
	Count      int
}

// Place is the key of a product in a list; it is what a cursor holds.
type Place struct {
	Position int32  `json:"p"`
	SKU      string `json:"s"`
}

// beginning is before every product.
var beginning = Place{Position: -1}

// Filter says which products to list. Its zero value is all.
type Filter struct {
	Category string
	// Words must all occur. They are in lower case.
	Words []string
}

// Change is what an editor wants; nil leaves a field as it is. Prices are none of
// an editor's: they are pricing's, and come by its events.
type Change struct {
	Name    *string
	Media   *Gallery
	GTIN    *string
	Variant *Variant
}

// Place is where the product stands in a list.
func (p Product) Place() Place { return Place{p.Position, p.SKU} }

// With is the product after a change.
func (p Product) With(c Change) Product {
	if c.Name != nil {
		p.Name = *c.Name
	}
	if c.Media != nil {
		p.Media = *c.Media
	}
	if c.GTIN != nil {
		p.GTIN = *c.GTIN
	}
	if c.Variant != nil {
		p.Variant = *c.Variant
	}
	return p
}

// Has tells whether the product is as a change wants it.
func (p Product) Has(c Change) bool {
	return p.With(c) == p
}

// words are those of a search, as they are looked for.
func words(text string) []string {
	all := strings.Fields(strings.ToLower(text))
	return all[:min(len(all), mostWords)]
}

func imagePath(sku string) string { return "/api/catalog/products/" + sku + "/image.svg" }
