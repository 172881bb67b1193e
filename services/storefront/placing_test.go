package storefront

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

func TestFromTheCartToTheOrder(t *testing.T) {
	c := newTill(t)
	c.get(t, "/checkout").want(t, 200, `autocomplete="shipping postal-code"`, `inputmode="email"`, `<option value="DE">Germany</option>`, `<meta name="robots" content="noindex">`)
	review := c.reviewed(t)
	review.want(t, 200, "Brass lamp", "2 × €12.90", "€4.90", "Includes 19 % VAT", "1 Market Street", "jane@example.org", "Order and pay €12.90", `value="tok_visa"`)
	done := c.post(t, "/checkout/orders", review.form(t, "tok_visa").Encode())
	done.want(t, 200, "Thank you for your order", "ACME-100001", "Jane &lt;Doe&gt;", "token="+aToken, "wrapped-in-paper", "27 November 2026, 09:30 UTC")
	if p := c.sent[0]; p.Card != "tok_visa" || p.Email != "jane@example.org" || p.Locale != "en" || p.Address != (destination{"Jane Doe", "1 Market Street", "10115", "Berlin", "DE"}) {
		t.Errorf("sent %+v", p)
	}
	c.get(t, "/cart").want(t, 200, "Your cart is empty")
	if d := c.draft(); d.Address != (address{}) || d.Card != "" || d.Number != "ACME-100001" {
		t.Errorf("afterwards the browser keeps %+v", d)
	}
}

// What is personal is kept by nobody, found by nobody, and told to nobody.
func TestPersonalPagesAreNotKept(t *testing.T) {
	c := newTill(t)
	pages := []seen{c.get(t, "/checkout"), c.post(t, "/checkout", "email=x"), c.reviewed(t), c.get(t, "/orders"), c.orders1(t, "tok_visa")}
	for n, page := range pages {
		if page.header.Get("Cache-Control") != "private, no-store" || !strings.Contains(page.body, `content="noindex"`) {
			t.Errorf("page %d: %v", n, page.header)
		}
	}
	if got := pages[4].header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("the order's address, with its token, is told by the policy %q", got)
	}
}

// Reloaded, clicked twice, sent again from a page that the back button brought: one order.
func TestAnOrderThatIsSentAgainIsTheSame(t *testing.T) {
	c := newTill(t)
	form := c.reviewed(t).form(t, "tok_visa").Encode()
	home, _ := url.Parse(c.url)
	before := c.browser.Jar.Cookies(home) // a second click has the cookies of the first
	var both sync.WaitGroup
	for range 2 {
		jar, _ := cookiejar.New(nil)
		jar.SetCookies(home, before)
		w := &world{url: c.url, browser: &http.Client{Jar: jar}}
		both.Go(func() { w.send(t, "POST", "/checkout/orders", form, nil).want(t, 200, "Thank you") })
	}
	both.Wait()
	c.post(t, "/checkout/orders", form).want(t, 200, "Thank you")
	asked := len(c.keys)
	again := c.post(t, "/checkout/orders", form) // the cart and what was typed are gone
	again.want(t, 200, "ACME-100001")
	for _, path := range []string{"/checkout", "/checkout/review", "/checkout/order"} { // the back button
		c.get(t, path).want(t, 200, "ACME-100001")
	}
	if len(c.made) != 1 || len(slices.Compact(slices.Clone(c.keys))) != 1 || len(c.keys) != asked {
		t.Errorf("%d orders by the keys %v", len(c.made), c.keys)
	}
}

func TestAKeyIsMadeOfAllThatIsSent(t *testing.T) {
	d := draft{Address: address{"j@example.org", "J", "S", "1", "C", "DE"}, Card: "tok_visa"}
	one := purchaseOf(d, "q", "h", "de-AT")
	if one.Locale != "de-AT" || mailLocale("en_gb") != "en-GB" || mailLocale("gsw-CH") != "" || mailLocale("de-Latn-DE") != "de" {
		t.Errorf("the locale is %q", one.Locale)
	}
	keys := []string{one.key("a"), one.key("b")}
	for _, change := range []func(*purchase){
		func(p *purchase) { p.Card = "tok_slow" }, func(p *purchase) { p.Quote = "r" }, func(p *purchase) { p.Hash = "i" },
		func(p *purchase) { p.Email = "k" }, func(p *purchase) { p.Address.Street = "T" },
	} {
		other := one
		change(&other)
		keys = append(keys, other.key("a"))
	}
	slices.Sort(keys)
	if again := purchaseOf(d, "q", "h", "de-AT").key("a"); !slices.Contains(keys, again) || len(slices.Compact(keys)) != 7 || uuid.MustParse(again).Version() != 4 {
		t.Errorf("%v", keys)
	}
}

func TestADeclinedCardIsToldAtTheCard(t *testing.T) {
	c := newTill(t)
	c.answers = []http.HandlerFunc{refuse(problem.PaymentDeclined, "No.", nil, problem.Field{Pointer: "#/card", Detail: "There is not enough <money> on the card."})}
	page := c.orders1(t, "tok_insufficient")
	page.want(t, 409, `id="wrong-card">There is not enough &lt;money&gt;`, `href="#card"`, `value="tok_insufficient" required checked`, "<title>Error: ", "1 Market Street")
	c.post(t, "/checkout/orders", page.form(t, "tok_insufficient").Encode()).want(t, 200, "Thank you") // there is money now
	if len(c.keys) != 2 || c.keys[0] == c.keys[1] {
		t.Errorf("the second try has the key of the first: %v", c.keys)
	}
}

func TestASoldOutLineIsToldThere(t *testing.T) {
	c := newTill(t)
	c.post(t, "/cart/items", "sku=LAMP-2&quantity=1")
	c.answers = []http.HandlerFunc{refuse(problem.SoldOut, "Sold out.", nil, problem.Field{Pointer: "#/lines/1", Detail: "There are 0 left."})}
	page := c.orders1(t, "tok_visa")
	page.want(t, 409, "Nothing was charged", `There are 0 left. <a href="/cart#n-LAMP-2">`, `value="tok_visa" required checked`)
	c.post(t, "/cart/items/LAMP-2", "quantity=0")
	after := c.get(t, "/checkout/review")
	after.want(t, 200, "Brass lamp", "1 Market Street").lacks(t, "Copper lamp", "There are 0 left")
	c.post(t, "/checkout/orders", after.form(t, "tok_visa").Encode()).want(t, 200, "Thank you")
}

func TestAChangedPriceIsShownBesideTheOld(t *testing.T) {
	c := newTill(t)
	review := c.reviewed(t)
	c.set(func() {
		c.unit = "14.50"
		fresh := c.offerFor(terms{Cart: c.cartID, Country: "DE"})
		c.answers = []http.HandlerFunc{refuse(problem.QuoteChanged, "Changed.", map[string]any{"quote": fresh})}
	})
	page := c.post(t, "/checkout/orders", review.form(t, "tok_visa").Encode())
	page.want(t, 409, "Nothing was charged", "<s>€12.90</s>", "<b>€14.50</b>", "Order and pay €14.50", `value="tok_visa" required checked`)
	c.get(t, "/checkout/review").want(t, 200, "<s>€12.90</s>", "<b>€14.50</b>") // a reload does not hide it
	c.post(t, "/checkout/orders", page.form(t, "tok_visa").Encode()).want(t, 200, "Thank you")
	if c.sent[1].Quote == c.sent[0].Quote {
		t.Error("the old quote is sent again")
	}
}

func TestAQuoteThatGrewOldIsReplacedAndCompared(t *testing.T) {
	c := newTill(t)
	c.life = -time.Second
	c.reviewed(t).lacks(t, "has changed since")
	c.set(func() { c.unit, c.life = "11.00", time.Hour })
	c.get(t, "/checkout/review").want(t, 200, "has changed since", "<s>€12.90</s>", "<b>€11.00</b>")
	asked := len(c.checkout.Asked())
	c.get(t, "/checkout/review").want(t, 200, "Order and pay €11.00")
	for _, line := range c.checkout.Asked()[asked:] {
		if strings.HasPrefix(line, "POST") {
			t.Errorf("a quote that is good is asked for again: %s", line)
		}
	}
}

// No price on the way to an order is the catalog's.
func TestTheReviewAsksNoCatalog(t *testing.T) {
	c := newTill(t)
	c.set(func() { c.unit = "99.00" })
	// Each of the two storefronts that started reaches the catalog once, beside what it answers.
	until(t, "both have begun", func() bool {
		reached := slices.DeleteFunc(c.catalog.Asked(), func(line string) bool { return line != "GET /api/catalog/products?limit=1" })
		return len(reached) >= 2 && c.get(t, "/readyz").code == 200
	})
	before := len(c.catalog.Asked())
	c.reviewed(t).want(t, 200, "€99.00").lacks(t, "12.90", "25.80")
	if asked := c.catalog.Asked()[before:]; len(asked) > 0 {
		t.Errorf("it asks %v", asked)
	}
}

func TestWhileNobodyKnowsThePageAsksAgain(t *testing.T) {
	c := newTill(t)
	c.answers = []http.HandlerFunc{refuse(problem.Unavailable, "Still working.", map[string]any{"saga": aSaga})}
	for range 3 { // the client tries three times by itself
		c.answers = append(c.answers, c.answers[0])
	}
	c.answers = c.answers[:3]
	page := c.orders1(t, "tok_visa")
	page.want(t, 200, "We are working on your order")
	if page.path != "/checkout/order" || !strings.HasPrefix(page.header.Get("Refresh"), "3; url=/checkout/order") {
		t.Errorf("%s: %v", page.path, page.header)
	}
	c.get(t, "/checkout/order").want(t, 200, "We are working on your order")
	c.set(func() { c.state = "placed" })
	c.get(t, "/checkout/order").want(t, 200, "Thank you for your order")
	if keys := slices.Compact(slices.Clone(c.keys)); len(keys) != 1 || len(c.made) != 1 {
		t.Errorf("%d orders, keys %v", len(c.made), keys)
	}
	if got := c.get(t, "/checkout/order"); got.header.Get("Refresh") != "" {
		t.Error("an order that is placed is asked for again")
	}
}

func TestWhatIsRefusedLaterIsToldOnTheSamePage(t *testing.T) {
	c := newTill(t)
	for range 3 {
		c.answers = append(c.answers, refuse(problem.Unavailable, "Still working.", nil))
	}
	c.answers = append(c.answers, refuse(problem.PaymentDeclined, "No.", nil, problem.Field{Pointer: "#/card", Detail: "It has expired."}))
	c.orders1(t, "tok_expired").want(t, 409, "It has expired.", `value="tok_expired" required checked`) // the redirect asks again
}

func TestWithoutCheckoutThePageSaysWhatToDo(t *testing.T) {
	c := newTill(t)
	c.away = true
	page := c.post(t, "/checkout", jane)
	page.want(t, 503, "Nothing was ordered and nothing was charged", `href="/checkout/review"`)
	if page.header.Get("Retry-After") == "" {
		t.Error("it does not say when")
	}
	c.get(t, "/cart").want(t, 200, "Brass lamp")
	c.get(t, "/checkout").want(t, 200, `value="1 Market Street"`)
	c.set(func() { c.away = false })
	review := c.get(t, "/checkout/review")
	review.want(t, 200, "Order and pay")
	c.set(func() { c.away = true })
	c.post(t, "/checkout/orders", review.form(t, "tok_visa").Encode()).want(t, 200, "We are working on your order")
	c.set(func() { c.away = false })
	c.get(t, "/checkout/order").want(t, 200, "Thank you")
}

func TestWithoutTheCartWhatWasTypedIsKept(t *testing.T) {
	c := newTill(t)
	c.set(func() { c.cartDown = 503 })
	c.post(t, "/checkout", strings.Replace(jane, "10115", "x", 1)).want(t, 503, "We will be right back", `href="/checkout"`)
	c.set(func() { c.cartDown = 0 })
	c.get(t, "/checkout").want(t, 200, `value="1 Market Street"`, `value="x"`)
}

func TestAnAddressThatChangedElsewhereIsLookedAtAgain(t *testing.T) {
	c := newTill(t)
	old := c.reviewed(t).form(t, "tok_visa").Encode()
	c.post(t, "/checkout", strings.Replace(jane, "1+Market", "2+Market", 1)).want(t, 200, "2 Market Street")
	c.post(t, "/checkout/orders", old).want(t, 409, "changed in another window", "2 Market Street")
	if len(c.sent) > 0 {
		t.Error("it was ordered to an address that the page did not show")
	}
}

func TestWhatWasAddedWhileHePaidStaysInTheCart(t *testing.T) {
	c := newTill(t)
	form := c.reviewed(t).form(t, "tok_visa").Encode()
	c.post(t, "/cart/items", "sku=LAMP-2&quantity=3")
	old := c.cartID
	c.post(t, "/checkout/orders", form).want(t, 200, "Thank you")
	c.get(t, "/cart").want(t, 200, "Copper lamp", `value="3"`).lacks(t, "Brass lamp")
	if c.cartID == old {
		t.Error("the cart that made an order is used again")
	}
}

// Where cart was faster, it holds what was not ordered and nothing else.
func TestACartThatHeardOfItsOrderIsKept(t *testing.T) {
	c := newTill(t)
	form := c.reviewed(t).form(t, "tok_visa").Encode()
	c.set(func() { c.turn, c.lines["LAMP-1"] = 1, 1 })
	old := c.cartID
	c.post(t, "/checkout/orders", form).want(t, 200, "Thank you")
	c.get(t, "/cart").want(t, 200, "Brass lamp", `value="1"`)
	if c.cartID != old {
		t.Error("it is replaced")
	}
	c.reviewed(t).want(t, 200, "1 × €12.90") // and makes another order
}

func TestWhatCannotBeOrderedIsToldInTheCart(t *testing.T) {
	c := newTill(t)
	c.refusals = []http.HandlerFunc{refuse(problem.Conflict, "Gone.", nil, problem.Field{Pointer: "#/lines/0", Detail: "Brass lamp is not available."})}
	c.post(t, "/checkout", jane).want(t, 409, "Your cart", `id="wrong">Brass lamp is not available.`)
	c.refusals = []http.HandlerFunc{refuse(problem.Invalid, "No.", nil, problem.Field{Pointer: "#/country", Detail: "No tax is known there."})}
	c.get(t, "/checkout/review").want(t, 422, `id="wrong-country">No tax is known there.`, `value="1 Market Street"`)
	c.refusals = []http.HandlerFunc{refuse(problem.Conflict, "Odd.", nil)}
	c.get(t, "/checkout/review").want(t, 503, "Nothing was ordered")
	c.refusals = []http.HandlerFunc{func(out http.ResponseWriter, _ *http.Request) { clienttest.Problem(out, 404) }}
	if got := c.get(t, "/checkout/review"); got.path != "/cart" {
		t.Errorf("a cart that is gone leads to %s", got.path)
	}
}

func TestOtherRefusalsOfAnOrder(t *testing.T) {
	for name, row := range map[string]struct {
		answer http.HandlerFunc
		code   int
		texts  []string
	}{
		"no card":       {refuse(problem.Invalid, "", nil, problem.Field{Pointer: "#/card", Detail: "There is something to pay."}), 422, []string{`id="wrong-card">Choose how`}},
		"a field":       {refuse(problem.Invalid, "", nil, problem.Field{Pointer: "#/address/postcode", Detail: "Too long."}), 422, []string{"Postcode", "Too long."}},
		"another place": {refuse(problem.Invalid, "Look at it again.", nil, problem.Field{Parameter: "header.X", Detail: "No."}), 409, []string{"Look at it again.", "Order and pay"}},
		"an old page":   {refuse(problem.NotFound, "", nil), 409, []string{"open for too long", "Order and pay"}},
		"given up":      {refuse(problem.Conflict, "The order could not be finished, and nothing was charged.", nil), 409, []string{"nothing was charged", "Order and pay"}},
		"no new quote":  {refuse(problem.QuoteChanged, "", nil), 409, []string{"Prices or conditions have changed", "Order and pay"}},
		"a false quote": {refuse(problem.QuoteChanged, "", map[string]any{"quote": map[string]any{"id": "../x"}}), 409, []string{"Order and pay"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTill(t)
			c.answers = []http.HandlerFunc{row.answer}
			c.orders1(t, "tok_visa").want(t, row.code, row.texts...)
			if c.draft().Under() {
				t.Error("it is asked for again")
			}
		})
	}
}
