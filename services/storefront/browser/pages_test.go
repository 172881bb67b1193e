package browser

import (
	"context"
	"fmt"
	"testing"
)

// place is a page, and how a visitor comes there.
type place struct {
	name, path string
	status     int
	// first is done before; then is done there.
	first, then func(*testing.T, *tab)
}

func fillCart(t *testing.T, b *tab) {
	for _, sku := range []string{"KIT-1001", "LIG-1121"} {
		b.open(t, "/products/"+sku, 200)
		b.click(t, "form.buy button", 200)
	}
}

// wrongQuantity sends what the browser itself would keep back.
func wrongQuantity(form string) func(*testing.T, *tab) {
	return func(t *testing.T, b *tab) {
		eval[bool](t, b, `document.querySelectorAll("form").forEach(f => f.noValidate = true), true`)
		b.fill(t, form+" input[type=number]", "500")
		b.click(t, form+" button", 422)
		b.wants(t, `value="500"`, "whole number", "Error: ")
	}
}

var places = []place{
	{name: "home", path: "/", status: 200},
	{name: "category", path: "/?category=kitchen", status: 200},
	{name: "second-page", path: "/?category=kitchen", status: 200, then: func(t *testing.T, b *tab) { b.click(t, "a[rel=next]", 200) }},
	{name: "search", path: "/?q=lamp", status: 200},
	{name: "search-finds-nothing", path: "/?q=zeppelin&category=kitchen", status: 200},
	{name: "product", path: "/products/KIT-1001", status: 200},
	{name: "product-wrong-quantity", path: "/products/KIT-1001", status: 200, then: wrongQuantity("form.buy")},
	{name: "cart-empty", path: "/cart", status: 200},
	{name: "cart", path: "/cart", status: 200, first: fillCart},
	{name: "cart-wrong-quantity", path: "/cart", status: 200, then: wrongQuantity(".lines form.amount")},
	{name: "owners-page", path: "/pages/shipping", status: 200},
	{name: "product-unknown", path: "/products/NONE", status: 404},
	{name: "category-unknown", path: "/?category=airships", status: 404},
}

// Every page: no serious finding of axe-core, nothing to move sideways, nothing in
// the console, on desktop and phone, by day and by night. The pictures are kept.
func TestEveryPageIsForEverybody(t *testing.T) {
	chrome, s, source := browser(t), openShop(t), axe(t)
	for _, l := range looks {
		b := visit(chrome, t, s, l)
		for _, p := range places {
			t.Run(p.name+"-"+l.name, func(t *testing.T) { b.examine(t, p, l, source) })
		}
	}
	t.Run("catalog is away", func(t *testing.T) {
		if err := s.catalog.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		for _, l := range looks {
			b := visit(chrome, t, s, l)
			b.examine(t, place{name: "catalog-away", path: "/", status: 503}, l, source)
			b.wants(t, "We will be right back", "Try again")
		}
	})
}

func (b *tab) examine(t *testing.T, p place, l look, axe string) {
	t.Helper()
	b.as(t, l)
	b.said() // what is left of a page before
	if p.first != nil {
		p.first(t, b)
	}
	b.open(t, p.path, p.status)
	if p.then != nil {
		p.then(t, b)
	}
	b.inspect(t, p.name, l, axe, p.status >= 400 || p.then != nil)
}

// inspect looks at the page where the visitor is.
func (b *tab) inspect(t *testing.T, name string, l look, axe string, errorPage bool) {
	t.Helper()
	b.keepPicture(t, name+"-"+l.name)
	b.accessible(t, axe)
	b.quiet(t, errorPage)
	for _, width := range narrow(l) {
		b.as(t, look{width: width, height: l.height, dark: l.dark, phone: l.phone})
		if wide := eval[int64](t, b, "document.documentElement.scrollWidth"); wide > width {
			t.Errorf("at %d px the page %s is %d px wide: %s", width, name, wide, eval[string](t, b, fmt.Sprintf(widest, width)))
		}
	}
	b.as(t, l)
}

// narrow are the widths that a page must fit into without moving sideways.
func narrow(l look) []int64 {
	if !l.phone {
		return []int64{l.width, 768}
	}
	return []int64{390, 360, 320}
}

// widest names what stands out to the right.
const widest = `[...document.querySelectorAll("main *, header *, footer *")].filter(e => e.getBoundingClientRect().right > %d + 1).slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join("\n")`
