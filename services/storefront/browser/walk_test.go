package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/internal/testing/browser"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/smtptest"
	whole "github.com/emporium-shop/emporium/services/shop"
)

// walk is one customer's way through the whole shop, from the search to the refund.
type walk struct {
	*testing.T
	shop  *whole.Shop
	mails *smtptest.Server
	b     *browser.Tab
	look  browser.Look
	axe   string
	neighbours
	// scripts tells whether the customer's browser runs any.
	scripts       bool
	email, device string
	pictures      int
}

// neighbours are the services that are not in Go: whether they are part of the shop.
type neighbours struct{ reviewed, wished bool }

// TestWalk goes the way that a customer goes, with the real services: search, facet, product, reviews, login, cart merge, voucher, order,
// invoice, points; a wish list, and an order that points pay a part of; then the parcel, a review of what was in it, return, refund. Once on
// a desktop, and once on a phone without scripts. Pictures: .cluster/pages/walk-NN-name-{desktop,phone}.png.
func TestWalk(t *testing.T) {
	chrome, mails := chromium(t), smtptest.Start(t)
	s, there := wholeShop(t, mails)
	for _, on := range []struct {
		device string
		look   browser.Look
	}{{"desktop", browser.Desktop}, {"phone", browser.Phone}} {
		t.Run(on.device, func(t *testing.T) {
			w := &walk{T: t, shop: s, mails: mails, b: browser.Visit(chrome, t, s.URL(), on.look), look: on.look, axe: browser.Axe(t), neighbours: there, scripts: !on.look.Phone, email: on.device + "@example.org", device: on.device}
			w.b.Scripts(t, w.scripts)
			w.finds()
			w.signsIn()
			order := w.buys()
			w.keeps(order)
			w.wishes()
			w.spends()
			w.receives(order)
			w.sendsBack(order)
			w.speaksGerman(order)
		})
	}
}

// wholeShop is every service of this repository that is in Go, reviews beside them where this machine has node, and wishlists where it has Java.
func wholeShop(t *testing.T, mails *smtptest.Server) (*whole.Shop, neighbours) {
	t.Helper()
	bus, there := eventstest.Start(t), neighbours{hasNode(t), hasJava(t)}
	told, ports := map[string]string{"SMTP_URL": mails.URL(), "LOG_LEVEL": "error", "EVENTS_URL": bus.URL()}, map[string]int{}
	for name, takesPart := range map[string]bool{"reviews": there.reviewed, "wishlists": there.wished} {
		if takesPart {
			ports[name] = freePort(t)
			told[app.URLVariable(name)] = fmt.Sprintf("http://127.0.0.1:%d", ports[name])
		}
	}
	s, err := whole.Start(t.Context(), whole.Options{Log: t.Output(), Environment: told})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	keys := "AUTH_URL=" + addressOf(t, s, "auth")
	if there.reviewed {
		said := reviews(t, keys, "CATALOG_URL="+s.URL(), "EVENTS_URL="+bus.URL())
		said.serves(t, ports["reviews"])
		said.begins(t, "work")
	}
	if there.wished {
		wishlists(t, keys).serves(t, ports["wishlists"])
	}
	return s, there
}

// addressOf is where the services inside the shop find one.
func addressOf(t *testing.T, s *whole.Shop, name string) string {
	t.Helper()
	for _, one := range s.Running() {
		if one.Name == name {
			return one.URL
		}
	}
	t.Fatalf("the shop has no %s", name)
	return ""
}

// freePort is one that somebody takes a moment later.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it is tcp
}

// sees takes the picture of a page, and holds it to what every page is held to.
func (w *walk) sees(name string, texts ...string) {
	w.Helper()
	w.looksAt(name, false, texts)
}

// refused does the same with a page that says what is wrong.
func (w *walk) refused(name string, texts ...string) {
	w.Helper()
	w.looksAt(name, true, texts)
}

// looksAt has scripts run, whether the customer has any or not: they are the tests'.
func (w *walk) looksAt(name string, errorPage bool, texts []string) {
	w.Helper()
	w.b.Scripts(w.T, true)
	defer w.b.Scripts(w.T, w.scripts)
	w.b.Wants(w.T, texts...)
	w.pictures++
	w.b.KeepPicture(w.T, fmt.Sprintf("walk-%02d-%s-%s", w.pictures, name, w.device))
	w.b.Accessible(w.T, w.axe)
	w.b.Quiet(w.T, errorPage)
	w.b.Fits(w.T, name, w.look)
}

// finds searches, chooses a filter, and opens a product.
func (w *walk) finds() {
	w.Helper()
	w.b.Open(w.T, "/", 200)
	w.b.Fill(w.T, "#q", "pan")
	w.b.Click(w.T, "form.search button", 200)
	w.sees("search", "Results for “pan”")
	browser.Eval[bool](w.T, w.b, `document.querySelector("details.facets").open = true`)
	w.b.Click(w.T, "details.facets nav a", 200)
	w.sees("facet", "Remove all filters", `aria-current="true"`)
	w.b.Click(w.T, ".card a", 200)
	w.sees("product", "Add to cart")
	if w.reviewed {
		w.b.Open(w.T, "/products/KIT-1001#reviews", 200)
		w.sees("review", "What customers say")
	}
}

// signsIn registers, puts something into the customer's own cart, and then, as a guest, something else; the carts are one after signing in.
func (w *walk) signsIn() {
	w.Helper()
	w.b.Open(w.T, "/account/register", 200)
	w.b.Fill(w.T, "#email", w.email)
	w.sees("register")
	w.b.Click(w.T, "form.sheet button", 200)
	until(w.T, "the mail comes", func() bool { return linkTo(w.mails, w.email) != "" })
	w.b.Open(w.T, linkTo(w.mails, w.email), 200)
	w.b.Fill(w.T, "#password", password)
	w.b.Click(w.T, "form.sheet button", 200)
	w.login()
	buys(w.T, w.b, "KIT-1002", "")
	w.b.Open(w.T, "/account", 200)
	w.sees("account", "Your account")
	w.b.Click(w.T, `form[action="/account/signout"] button`, 200)
	buys(w.T, w.b, "KIT-1001", "")
	w.b.Open(w.T, "/account/signin", 200)
	w.sees("login", "New here?")
	w.login()
	w.b.Open(w.T, "/cart", 200)
	w.sees("cart-merge", "/cart/items/KIT-1001", "/cart/items/KIT-1002")
}

const password = "a long password of mine"

func (w *walk) login() {
	w.Helper()
	w.b.Fill(w.T, "#email", w.email)
	w.b.Fill(w.T, "#password", password)
	w.b.Click(w.T, "form.sheet button", 200)
	w.b.Wants(w.T, "Where you are signed in")
}

// buys orders with a voucher, and returns the path of the order's page.
func (w *walk) buys() (order string) {
	w.Helper()
	w.b.Click(w.T, ".total a.button", 200)
	w.typesAddress()
	w.sees("address")
	w.b.Click(w.T, "form.sheet button", 200)
	w.b.Fill(w.T, "#code", "TEN")
	w.b.Click(w.T, ".row button", 200)
	w.sees("voucher", "<b>TEN</b> takes off")
	w.orders()
	w.sees("order", "ACME-")
	return browser.Eval[string](w.T, w.b, "location.pathname + location.search")
}

// orders pays, and waits for the thanks.
func (w *walk) orders() {
	w.Helper()
	pays(w.T, w.b, "tok_visa", 200)
	until(w.T, "the order is placed", func() bool { return strings.Contains(w.b.HTML(w.T), "Thank you for your order") })
	w.b.Forget() // a page that goes on by itself says that it does
}

func (w *walk) typesAddress() {
	w.Helper()
	for _, f := range [][2]string{{"email", w.email}, {"name", "Jane Doe"}, {"street", "1 Market Street"}, {"postcode", "10115"}, {"city", "Berlin"}} {
		w.b.Fill(w.T, "#"+f[0], f[1])
	}
	browser.Eval[bool](w.T, w.b, `document.getElementById("country").value = "DE", true`)
}

// keeps looks at what the customer has of the order: itself in the account, the invoice, the points.
func (w *walk) keeps(order string) {
	w.Helper()
	own := "/account/orders/" + orderID(w.T, order)
	w.b.Open(w.T, "/account/orders", 200)
	w.sees("orders", own)
	until(w.T, "the invoice is there", func() bool {
		w.b.Open(w.T, own, 200)
		return strings.Contains(w.b.HTML(w.T), "Invoice 20")
	})
	w.sees("own-order", "1 Market Street")
	w.b.Click(w.T, `main a[href*="/invoices/"]`, 200)
	w.sees("invoice", "Invoice 20", "Emporium Sample GmbH")
	until(w.T, "there are points", func() bool {
		w.b.Open(w.T, "/account/points", 200)
		return strings.Contains(w.b.HTML(w.T), "Earned")
	})
	w.sees("points")
}

func orderID(t *testing.T, path string) string {
	t.Helper()
	at, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(at.Path, "/orders/")
}

// sendsBack withdraws from a part of what came, and has staff take it back: then money comes back.
func (w *walk) sendsBack(order string) {
	w.Helper()
	until(w.T, "it can be sent back", func() bool {
		w.b.Open(w.T, order, 200)
		return strings.Contains(w.b.HTML(w.T), "Send something back")
	})
	w.b.Click(w.T, `.total a[href*="/returns"]`, 200)
	w.b.Fill(w.T, "form.sheet input[type=number]", "1")
	w.sees("return", "Withdraw from the contract")
	w.b.Click(w.T, "form.sheet button", 200)
	w.sees("return-confirm", "Confirm withdrawal")
	w.b.Click(w.T, "form.sheet button", 200)
	w.sees("return-confirmed", "We wait for the goods")
	at := browser.Eval[string](w.T, w.b, "location.pathname + location.search")
	w.staff("returns:write", "/api/returns/staff/"+returnID(w.T, at)+"/acceptances", `{"lines":[{"line":1,"sellable":1}]}`)
	until(w.T, "the money is back", func() bool {
		w.b.Open(w.T, at, 200)
		return strings.Contains(w.b.HTML(w.T), "Refunded: €")
	})
	w.sees("refund", "All goods came back")
}

func returnID(t *testing.T, path string) string {
	t.Helper()
	at, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	return at.Path[strings.LastIndexByte(at.Path, '/')+1:]
}

// speaksGerman looks at the same pages in German.
func (w *walk) speaksGerman(order string) {
	w.Helper()
	w.b.Open(w.T, "/de/", 200)
	w.b.Open(w.T, "/search?q=pan", 200)
	w.sees("search-german", "Ergebnisse für „pan“", "Beste Treffer")
	w.b.Open(w.T, "/account", 200)
	w.sees("account-german", "Ihr Konto", "Passwort ändern")
	w.b.Open(w.T, order, 200)
	w.sees("order-german", "Das haben Sie bestellt", "Deutschland")
	if w.reviewed {
		w.b.Open(w.T, "/account/reviews/"+reviewedSKU, 200)
		w.sees("review-form-german", "Ihre Bewertung:", "Bewertung senden")
	}
	buys(w.T, w.b, "KIT-1001", "")
	w.b.Click(w.T, ".total a.button", 200)
	w.sees("address-german", "Wohin soll es gehen?")
	w.typesAddress()
	w.b.Click(w.T, "form.sheet button", 200)
	w.sees("review-german", "Zahlungspflichtig bestellen")
}

// staff does what the shop's people do at their desks, and returns the id of what they made.
func (w *walk) staff(scope, path, body string) string {
	w.Helper()
	token, err := w.shop.Token("staff", "jo", scope, time.Minute)
	if err != nil {
		w.Fatal(err)
	}
	var made struct{ ID string }
	until(w.T, path+" is done", func() bool { // services hear of each other by events
		r, err := http.NewRequestWithContext(w.Context(), http.MethodPost, w.shop.URL()+path, strings.NewReader(body))
		if err != nil {
			w.Fatal(err)
		}
		for name, value := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json", "Idempotency-Key": uuid.NewString()} {
			r.Header.Set(name, value)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			w.Fatal(err)
		}
		defer res.Body.Close()
		if res.StatusCode >= 400 {
			w.Log(path, res.Status)
		}
		return res.StatusCode < 300 && json.NewDecoder(res.Body).Decode(&made) == nil
	})
	return made.ID
}
