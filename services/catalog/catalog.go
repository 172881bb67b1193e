package main

import (
	"context"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// Product is one thing that can be bought.
type Product struct {
	ID          uuid.UUID   `json:"id" format:"uuid"`
	SKU         string      `json:"sku" example:"KIT-1001"`
	Slug        string      `json:"slug"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Category    string      `json:"category" doc:"Slug of the category"`
	Brand       string      `json:"brand"`
	Price       money.Money `json:"price"`
	Image       string      `json:"image" doc:"Path of the picture"`

	position int32
	version  int64
}

// Category is a shelf of the shop.
type Category struct {
	Slug  string `json:"slug"`
	Name  string `json:"name"`
	Count int    `json:"count" doc:"How many products stand there"`
}

// place is the key of a product in a list; it is what a cursor holds.
type place struct {
	Position int32  `json:"p"`
	SKU      string `json:"s"`
}

// filter says which products to list. Its zero value is all.
type filter struct {
	category, words string
}

// change is what an editor sends; nil leaves a field as it is.
type change struct {
	Name  *string      `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Price *money.Money `json:"price,omitempty"`
}

func (p Product) tag() string  { return etag.Of(p.version, p) }
func (p Product) place() place { return place{p.position, p.SKU} }

func imagePath(sku string) string { return "/api/catalog/products/" + sku + "/image.svg" }

// apply changes a product that nobody else changed in between. The store says
// no when somebody did after the check.
func apply(ctx context.Context, s *store, sku string, match *etag.IfMatch, c change) (Product, error) {
	p, err := s.product(ctx, sku)
	if err != nil {
		return Product{}, err
	}
	if err := match.Check(p.version); err != nil {
		return Product{}, err
	}
	if c.Name != nil {
		p.Name = *c.Name
	}
	if c.Price != nil {
		if err := checkPrice(*c.Price, p.Price.Currency()); err != nil {
			return Product{}, err
		}
		p.Price = *c.Price
	}
	return s.update(ctx, p)
}
