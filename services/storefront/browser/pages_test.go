package browser

import (
	"context"
	"testing"

	"github.com/emporium-shop/emporium/internal/testing/browser"
)

// place is a page, and how a visitor comes there.
type place struct {
	name, path string
	status     int
	// first is done before; then is done there.
	first, then func(*testing.T, *browser.Tab)
}

func fillCart(t *testing.T, b *browser.Tab) {
	for _, sku := range []string{"KIT-1001", "LIG-1121"} {
		b.Open(t, "/products/"+sku, 200)
		b.Click(t, "form.buy button", 200)
	}
}

// wrongQuantity sends what the browser itself would keep back.
func wrongQuantity(form string) func(*testing.T, *browser.Tab) {
	return func(t *testing.T, b *browser.Tab) {
		browser.Eval[bool](t, b, `document.querySelectorAll("form").forEach(f => f.noValidate = true), true`)
		b.Fill(t, form+" input[type=number]", "500")
		b.Click(t, form+" button", 422)
		b.Wants(t, `value="500"`, "whole number", "Error: ")
	}
}

var places = []place{
	{name: "home", path: "/", status: 200},
	{name: "category", path: "/?category=kitchen", status: 200},
	{name: "second-page", path: "/?category=kitchen", status: 200, then: func(t *testing.T, b *browser.Tab) { b.Click(t, "a[rel=next]", 200) }},
	{name: "search", path: "/?q=lamp", status: 200},
	{name: "search-finds-nothing", path: "/?q=zeppelin&category=kitchen", status: 200},
	{name: "product", path: "/products/KIT-1001", status: 200},
	{name: "product-wrong-quantity", path: "/products/KIT-1001", status: 200, then: wrongQuantity("form.buy")},
	{name: "cart-empty", path: "/cart", status: 200},
	{name: "cart", path: "/cart", status: 200, first: fillCart},
	{name: "cart-wrong-quantity", path: "/cart", status: 200, then: wrongQuantity(".lines form.amount")},
	{name: "owners-page", path: "/pages/shipping", status: 200},
	{name: "written-page", path: "/pages/withdrawal", status: 200},
	{name: "home-german", path: "/de/", status: 200},
	{name: "product-german", path: "/de/products/LIG-1121", status: 200, then: func(t *testing.T, b *browser.Tab) { b.Wants(t, "In den Warenkorb", "<picture>") }},
	{name: "cart-german", path: "/cart", status: 200, first: func(t *testing.T, b *browser.Tab) { b.Open(t, "/de/", 200); fillCart(t, b) }},
	{name: "product-unknown", path: "/products/NONE", status: 404},
	{name: "category-unknown", path: "/?category=airships", status: 404},
}

// Every page: no serious finding of axe-core, nothing to move sideways, nothing in
// the console, on desktop and phone, by day and by night. The pictures are kept.
func TestEveryPageIsForEverybody(t *testing.T) {
	chrome, s, source := chromium(t), openShop(t), browser.Axe(t)
	for _, l := range browser.Looks {
		b := browser.Visit(chrome, t, s.url, l)
		for _, p := range places {
			t.Run(p.name+"-"+l.Name, func(t *testing.T) { examine(t, b, p, l, source) })
		}
	}
	t.Run("catalog is away", func(t *testing.T) {
		if err := s.catalog.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		for _, l := range browser.Looks {
			b := browser.Visit(chrome, t, s.url, l)
			examine(t, b, place{name: "catalog-away", path: "/", status: 503}, l, source)
			b.Wants(t, "We will be right back", "Try again")
		}
	})
}

func examine(t *testing.T, b *browser.Tab, p place, l browser.Look, axe string) {
	t.Helper()
	b.As(t, l)
	b.Forget() // what is left of a page before
	if p.first != nil {
		p.first(t, b)
	}
	b.Open(t, p.path, p.status)
	if p.then != nil {
		p.then(t, b)
	}
	inspect(t, b, p.name, l, axe, p.status >= 400 || p.then != nil)
}

// inspect looks at the page where the visitor is.
func inspect(t *testing.T, b *browser.Tab, name string, l browser.Look, axe string, errorPage bool) {
	t.Helper()
	b.KeepPicture(t, name+"-"+l.Name)
	b.Accessible(t, axe)
	b.Quiet(t, errorPage)
	b.Fits(t, name, l)
}
