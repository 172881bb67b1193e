package browser

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/emporium-shop/emporium/internal/testing/browser"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
	whole "github.com/emporium-shop/emporium/services/shop"
	"github.com/emporium-shop/emporium/services/storefront"
)

// selling is a shop that takes orders: all its services, and a storefront of its own before them, which asks checkout
// through a valve.
type selling struct {
	shop
	services *whole.Shop
	away     atomic.Bool
}

func openSelling(t *testing.T) *selling {
	t.Helper()
	all, err := whole.Start(t.Context(), whole.Options{Log: t.Output(), Environment: map[string]string{"BOOKS_EVERY": "1s"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := all.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	s := &selling{services: all}
	inside, err := url.Parse(all.URL())
	if err != nil {
		t.Fatal(err)
	}
	through := httputil.NewSingleHostReverseProxy(inside)
	valve := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		through.ServeHTTP(w, r)
	}))
	t.Cleanup(valve.Close)
	told := []string{"CHECKOUT_URL", valve.URL, "PAGES_DIR", ownPages(t), "IMAGE_VERSION", "1.0.0"}
	for _, name := range []string{"CATALOG", "CART", "ORDERS", "INVENTORY"} {
		told = append(told, name+"_URL", all.URL())
	}
	pages := servicetest.Start(t, storefront.Service(), told...)
	s.url = door(t, map[string]string{"/api/": all.URL(), "/": pages.URL})
	until(t, "the storefront is ready", func() bool { return status(t, pages.URL+"/readyz") == http.StatusOK })
	return s
}

// sets changes a price from now on.
func (s *selling) sets(t *testing.T, sku, amount string) {
	t.Helper()
	token, err := s.services.Token("staff", "jo", "pricing:write", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.services.URL()+"/api/pricing/prices",
		strings.NewReader(fmt.Sprintf(`{"sku":%q,"list":"EUR","price":{"amount":%q,"currency":"EUR"}}`, sku, amount)))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json", "Idempotency-Key": "price-of-" + sku + "-" + amount} {
		r.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("changing a price: %d", res.StatusCode)
	}
}

// buys puts a product into the cart; with another article number, that of one whose page has no form.
func buys(t *testing.T, b *browser.Tab, sku, other string) {
	t.Helper()
	b.Open(t, "/products/"+sku, 200)
	if other != "" {
		browser.Eval[bool](t, b, fmt.Sprintf(`document.querySelector("form.buy [name=sku]").value = %q, true`, other))
	}
	b.Click(t, "form.buy button", 200)
}

// writes types an address, and goes on.
func writes(t *testing.T, b *browser.Tab, postcode string, want int) {
	t.Helper()
	for _, f := range [][2]string{{"email", "jane@example.org"}, {"name", "Jane Doe"}, {"street", "1 Market Street"}, {"postcode", postcode}, {"city", "Berlin"}} {
		b.Fill(t, "#"+f[0], f[1])
	}
	browser.Eval[bool](t, b, `document.getElementById("country").value = "DE", true`)
	b.Click(t, "form.sheet button", want)
}

// pays chooses a card and orders.
func pays(t *testing.T, b *browser.Tab, card string, want int) {
	t.Helper()
	x, y := b.Find(t, fmt.Sprintf("input[value=%s]", card))
	b.Do(t, chromedp.MouseClickXY(x, y))
	b.Click(t, ".total button", want)
}

// walk is the way of one visitor through all pages of an order. look is called at each of them.
func (s *selling) walk(t *testing.T, b *browser.Tab, price string, look func(name string, bad bool)) {
	buys(t, b, "KIT-1003", "")
	look("cart-that-sells", false)
	b.Click(t, ".total a.button", 200)
	look("address", false)
	writes(t, b, "1011 AB", 422)
	b.Wants(t, "A postcode of Germany looks like 10115.", `value="1 Market Street"`)
	look("address-wrong", true)
	b.Fill(t, "#postcode", "10115")
	b.Click(t, "form.sheet button", 200)
	look("review", false)
	b.Fill(t, "#code", "NOTHING")
	b.Click(t, ".row button", 422)
	b.Wants(t, `value="NOTHING"`, "know no such voucher")
	look("review-voucher-unknown", true)
	b.Open(t, "/checkout/review", 200)
	pays(t, b, "tok_insufficient", 409)
	b.Wants(t, "There is not enough money on the card", "Error: ")
	look("review-declined", true)
	s.sets(t, "KIT-1003", price)
	pays(t, b, "tok_visa", 409)
	b.Wants(t, "<b>€"+price+"</b>", "Nothing was charged")
	look("changed-price", true)
	buys(t, b, "KIT-1001", "TOY-1300")
	b.Open(t, "/checkout/review", 200)
	pays(t, b, "tok_visa", 409)
	b.Wants(t, "There are 0 left.")
	look("sold-out", true)
	b.Open(t, "/cart", 200)
	b.Click(t, `form[action="/cart/items/TOY-1300"] .plain`, 200)
	b.Open(t, "/checkout/review", 200)
	s.away.Store(true)
	pays(t, b, "tok_visa", 200)
	b.Open(t, "/checkout/order?still", 200)
	b.Wants(t, "We are working on your order")
	look("working", false)
	b.Open(t, "/checkout/review", 503)
	b.Wants(t, "Nothing was ordered")
	look("checkout-away", true)
	s.away.Store(false)
	b.Open(t, "/checkout/order", 200)
	b.Wants(t, "Thank you for your order")
	look("confirmation", false)
}

// From the cart to the confirmation. It is one shop for all of it: to start one takes seconds.
func TestBuying(t *testing.T) {
	chrome, s := chromium(t), openSelling(t)
	t.Run("every page is for everybody", func(t *testing.T) { s.forEverybody(chrome, t, browser.Axe(t)) })
	t.Run("without scripts", func(t *testing.T) { s.withoutScripts(chrome, t) })
	t.Run("by keyboard", func(t *testing.T) { s.byKeyboard(chrome, t) })
	t.Run("every order has its mail", s.everyOrderHasItsMail)
	t.Run("the books balance", s.theBooksBalance)
}

// forEverybody walks on desktop and phone, by day and by night.
func (s *selling) forEverybody(chrome context.Context, t *testing.T, source string) {
	for n, l := range browser.Looks {
		t.Run(l.Name, func(t *testing.T) {
			b := browser.Visit(chrome, t, s.url, l)
			s.walk(t, b, fmt.Sprint(70+n, ".50"), func(name string, bad bool) { inspect(t, b, name, l, source, bad) })
			b.Open(t, "/orders", 200)
			inspect(t, b, "find-order", l, source, false)
		})
	}
}

// withoutScripts orders with scripts off, and the page that waits goes on by itself.
func (s *selling) withoutScripts(chrome context.Context, t *testing.T) {
	for _, l := range []browser.Look{browser.Desktop, browser.Phone} {
		t.Run(l.Name, func(t *testing.T) {
			b := browser.Visit(chrome, t, s.url, l)
			b.Scripts(t, false)
			buys(t, b, "KIT-1002", "")
			b.Click(t, ".total a.button", 200)
			writes(t, b, "10115", 200)
			pays(t, b, "tok_declined", 409)
			b.Wants(t, "The bank did not accept the card")
			b.Quiet(t, true)
			s.away.Store(true)
			pays(t, b, "tok_visa", 200)
			b.Wants(t, "We are working on your order")
			s.away.Store(false)
			until(t, "the page goes on by itself", func() bool { return strings.Contains(b.HTML(t), "Thank you for your order") })
			b.Open(t, "/checkout/review", 200) // as by the back button
			b.Wants(t, "Order ACME-")
			b.Scripts(t, true)
			b.Quiet(t, false)
		})
	}
}

// byKeyboard orders without a mouse.
func (s *selling) byKeyboard(chrome context.Context, t *testing.T) {
	b := browser.Visit(chrome, t, s.url, browser.Desktop)
	buys(t, b, "KIT-1001", "")
	for _, path := range []string{"/cart", "/checkout"} {
		b.Open(t, path, 200)
		tabsThrough(t, b)
	}
	b.Open(t, "/checkout", 200)
	b.TabTo(t, "#email")
	for _, text := range []string{"jane@example.org", "Jane Doe", "1 Market Street", "10115", "Berlin", "Germany"} {
		b.Do(t, chromedp.KeyEvent(text))
		b.TabKey(t)
	}
	b.TabTo(t, lastButton)
	b.Arrive(t, 200, chromedp.KeyEvent(kb.Enter))
	b.Wants(t, "Order and pay")
	tabsThrough(t, b)
	b.Open(t, "/checkout/review", 200)
	b.TabTo(t, "[name=card]")
	b.Do(t, chromedp.KeyEvent(" "))
	b.TabTo(t, lastButton)
	b.Arrive(t, 200, chromedp.KeyEvent(kb.Enter))
	b.Wants(t, "Thank you for your order")
	tabsThrough(t, b)
}

// lastButton is the one that goes on from a form.
const lastButton = "main button.button:not(.quiet)"
