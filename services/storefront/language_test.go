package storefront

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// clean is a browser that keeps nothing.
func clean(w *world) *world {
	return &world{url: w.url, browser: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func TestAPageHasAnAddressInEachLanguage(t *testing.T) {
	w := newWorld(t)
	alternates := []string{
		`<link rel="alternate" hreflang="en" href="https://shop.example/products/LAMP-1">`,
		`<link rel="alternate" hreflang="de" href="https://shop.example/de/products/LAMP-1">`,
		`<link rel="alternate" hreflang="x-default" href="https://shop.example/products/LAMP-1">`,
	}
	got := clean(w).send(t, "GET", "/de/products/LAMP-1", "", fromOutside)
	got.want(t, 200, append(alternates, `<html lang="de">`, "In den Warenkorb", "12,90\u00a0€", `<link rel="canonical" href="https://shop.example/de/products/LAMP-1">`,
		`href="/de/products/LAMP-2"`, `href="/de/"`, `href="/de/?category=lamps"`, `href="/cart"`, "Brass lamp", "Das könnte Ihnen gefallen")...).lacks(t, "Add to cart", `href="/products/`)
	got = clean(w).send(t, "GET", "/products/LAMP-1", "", fromOutside)
	got.want(t, 200, append(alternates, `<html lang="en">`, "Add to cart", "€12.90", `<link rel="canonical" href="https://shop.example/products/LAMP-1">`)...).lacks(t, `href="/de/p`)
	clean(w).get(t, "/de/").want(t, 200, "Willkommen bei Garden Tools", "3 Produkte")
	clean(w).get(t, "/de/?q=brass").want(t, 200, "Ergebnisse für „brass“", "1 Produkt<").lacks(t, "hreflang=\"x-default\"")
	clean(w).get(t, "/de/products/NONE").want(t, 404, "Das haben wir nicht gefunden")
	clean(w).get(t, "/de/cart").want(t, 404)
}

// What the browser says of its owner's languages changes no page: an address shows one page to all who did not choose.
func TestTheAddressDecidesThenTheChoice(t *testing.T) {
	w := newWorld(t)
	asks := http.Header{"Accept-Language": {"de-AT,de;q=0.9"}}
	w.send(t, "GET", "/", "", asks).want(t, 200, `<html lang="en">`)
	w.get(t, "/de/").want(t, 200, `<html lang="de">`)
	w.get(t, "/cart").want(t, 200, `<html lang="de">`, "Ihr Warenkorb ist leer.") // from then on
	w.post(t, "/cart/items", "sku=LAMP-1&quantity=2").want(t, 200, "Brass lamp liegt im Warenkorb.")
	w.get(t, "/language/en?to=%2Fcart").want(t, 200, `<html lang="en">`, "Your cart")
	w.get(t, "/").want(t, 200, `<html lang="en">`)
	w.send(t, "GET", "/", "", http.Header{"Cookie": {languageCookie + "=fr"}}).want(t, 200, `<html lang="en">`)
}

func TestTheShopsOwnLanguageHasNoPrefix(t *testing.T) {
	w := newWorld(t)
	w.start(t, "SHOP_LOCALE", "de-AT")
	fresh := clean(w)
	fresh.send(t, "GET", "/products/LAMP-1", "", fromOutside).want(t, 200, `<html lang="de">`, `hreflang="en" href="https://shop.example/en/products/LAMP-1"`, `canonical" href="https://shop.example/products/LAMP-1"`)
	got := fresh.get(t, "/de/products/LAMP-1?x=1")
	if got.code != http.StatusFound || got.header.Get("Location") != "/products/LAMP-1?x=1" {
		t.Errorf("%d %s", got.code, got.header.Get("Location"))
	}
	fresh.get(t, "/en/").want(t, 200, `<html lang="en">`, "€12.90", "Welcome to Garden Tools")
}

// Who chooses a language comes back to this shop, whatever the link says.
func TestAChoiceOfLanguageLeadsNowhereElse(t *testing.T) {
	fresh := clean(newWorld(t))
	for to, want := range map[string]string{
		"/cart?x=1": "/cart?x=1", "//evil.example": "/", "https://evil.example/x": "/", "/\\evil.example": "/evil.example", "\\\\evil.example": "/evil.example", "": "/",
		"javascript:alert(1)": "/", "/%2F/evil.example": "/evil.example", "///evil.example": "/evil.example", "%zz": "/",
	} {
		got := fresh.get(t, "/language/de?to="+strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(to, "%", "%25"), "?", "%3F"), "\\", "%5C"))
		if got.code != http.StatusSeeOther || got.header.Get("Location") != want {
			t.Errorf("%q leads to %d %q, want %q", to, got.code, got.header.Get("Location"), want)
		}
	}
	fresh.get(t, "/language/fr?to=/").want(t, 404)
}

func TestNumbersAndDaysAreCLDRs(t *testing.T) {
	day := time.Date(2026, 3, 2, 23, 0, 0, 0, time.UTC)
	for _, row := range []struct{ got, want string }{
		{speeches[english]("%d products", 1), "1 product"}, {speeches[english]("%d products", 1200), "1,200 products"},
		{speeches[german]("%d products", 1), "1 Produkt"}, {speeches[german]("%d products", 1200), "1.200 Produkte"}, {speeches[german]("%d products", 0), "0 Produkte"},
		{date(english)(day), "2 March 2026"}, {date(german)(day), "2. März 2026"},
		{moment(english)(day), "2 March 2026, 23:00 UTC"}, {moment(german)(day), "2. März 2026, 23:00 UTC"},
		{decimal(english)("4.0"), "4.0"}, {decimal(german)("4.0"), "4,0"}, {decimal(german)("1234.56"), "1.234,56"}, {decimal(german)("none"), "none"},
		{speeches[german]("%d stars or more", 1), "1 Stern oder mehr"}, {speeches[german]("Includes %s %% VAT", "19"), "Enthält 19 % MwSt."},
		{addressed(german)("Germany"), "Deutschland"}, {addressed(german)("Cart"), "Cart"},
		{speeches[german]("Never translated: %d", 3), "Never translated: 3"}, {speeches[german]("100 % wool %s"), "100 % wool %s"},
	} {
		if row.got != row.want {
			t.Errorf("%q, want %q", row.got, row.want)
		}
	}
}
