// What the storefront reads from catalog.
package storefront

import (
	"context"
	"net/url"
	"strconv"

	"github.com/emporium-shop/emporium/services/internal/client"
)

// product is one product as catalog describes it; fields it adds are ignored.
type product struct {
	SKU         string `json:"sku"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Category    string `json:"category"`
	Brand       string `json:"brand"`
	Price       money  `json:"price"`
	Image       string `json:"image"`
	// Media are its pictures; without one Image is a drawing.
	Media []photo `json:"media,omitempty"`
	GTIN  string  `json:"gtin,omitempty"`
	// Variant is nil where it is a product of its own.
	Variant *variant `json:"variant,omitempty"`
}

// Path is the product's page.
func (p product) Path() string { return "/products/" + url.PathEscape(p.SKU) }

type productList struct {
	Items []product `json:"items"`
	Next  string    `json:"next,omitempty"`
}

type category struct {
	Slug  string `json:"slug"`
	Name  string `json:"name"`
	Count int    `json:"count"`
}

type categoryList struct {
	Items []category `json:"items"`
}

// Path is the first page of the category's products.
func (c category) Path() string { return listing{Category: c.Slug}.Path() }

// picturePath is a product's picture where only the SKU is known, as in a cart:
// the route getProductImage of catalog/v1.
func picturePath(sku string) string {
	return "/api/catalog/products/" + url.PathEscape(sku) + "/image.svg"
}

type catalog struct{ api *client.Client }

func (c catalog) products(ctx context.Context, l listing) (productList, error) {
	values := l.filter()
	values.Set("limit", strconv.Itoa(l.Limit))
	list, _, err := client.Call[productList](ctx, c.api, client.Request{Path: "/api/catalog/products", Query: values})
	return list, err
}

func (c catalog) product(ctx context.Context, sku string) (product, error) {
	p, _, err := client.Call[product](ctx, c.api, client.Request{Path: "/api/catalog/products/" + url.PathEscape(sku)})
	return p, err
}

func (c catalog) categories(ctx context.Context) ([]category, error) {
	list, _, err := client.Call[categoryList](ctx, c.api, client.Request{Path: "/api/catalog/categories"})
	return list.Items, err
}
