package search

import (
	"cmp"
	"slices"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// Product is what is known of one thing that can be found.
type Product struct {
	SKU, Slug, Name, Description, Category, Brand, Image string
	// Version is the catalog's; what is older is never taken for newer.
	Version int64
	// GTIN is its number at GS1, as the catalog has it; empty where it has none.
	GTIN string
	// Attributes are what else distinguishes it: colour, size. A value may have several words.
	Attributes map[string]string
	Price      money.Money
	// Available is how many can be bought; negative where nobody said so.
	Available int64
	// Reviews is how many customers said something, Stars the sum of what they gave.
	Reviews, Stars int64
}

// Unknown is the stock of a product of which nobody said how many there are. It counts as in stock: the checkout decides.
const Unknown = -1

// InStock tells whether it can be bought, as far as is known.
func (p *Product) InStock() bool { return p.Available != 0 }

// Average is that of its stars in tenths, halves rounded up; 0 without reviews.
func (p *Product) Average() int64 {
	if p.Reviews == 0 {
		return 0
	}
	return (20*p.Stars + p.Reviews) / (2 * p.Reviews)
}

// Sort is an order of results. Ties go by SKU, in every order.
type Sort string

// The orders that there are.
const (
	ByRelevance Sort = "relevance"
	ByPrice     Sort = "price"
	ByPriceDown Sort = "-price"
	ByName      Sort = "name"
	ByStars     Sort = "-stars"
)

// Key is a product's place in a list: what a cursor holds. It is made of the product and the words alone, and not of what else is
// in the index, so every replica of every stack has the same order, and a product that is added or removed moves no other one.
type Key struct {
	// N compares first, from small to large; T after that, and SKU at last.
	N   [2]int64 `json:"n"`
	T   string   `json:"t,omitempty"`
	SKU string   `json:"s"`
}

// compare orders keys of one list.
func (k Key) compare(other Key) int {
	return cmp.Or(slices.Compare(k.N[:], other.N[:]), cmp.Compare(k.T, other.T), cmp.Compare(k.SKU, other.SKU))
}

// nameBytes bounds what a cursor holds of a name.
const nameBytes = 64

// Key is the place of a product that the words found.
func (s Sort) Key(p *Product, found match) Key {
	k := Key{SKU: p.SKU}
	switch s {
	case ByPrice:
		k.N = [2]int64{p.Price.Minor()}
	case ByPriceDown:
		k.N = [2]int64{-p.Price.Minor()}
	case ByName:
		name := lower(p.Name)
		k.T = name[:min(len(name), nameBytes)] // folded, so mostly ASCII; a cut letter still compares the same everywhere
	case ByStars:
		k.N = [2]int64{-p.Average(), -p.Reviews}
	case ByRelevance:
		k.N = [2]int64{int64(found.tier), -int64(found.score)}
	}
	return k
}

// match says how well the words fit a product.
type match struct {
	// tier is 0 where all words are there as they were typed, but for their ending, and 1 where some are only similar.
	tier int
	// score rises with what fits: the name counts more than the rest.
	score int
}
