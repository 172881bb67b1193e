package storefront

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestFromProductToCartAndOut(t *testing.T) {
	w := newWorld(t)
	got := w.post(t, "/cart/items", "sku=LAMP-1&quantity=2")
	got.want(t, 200, "Brass lamp", `value="2"`, "€25.80")
	if got.path != "/cart" {
		t.Errorf("the form ends at %s", got.path)
	}
	w.post(t, "/cart/items", "sku=LAMP-1&quantity=1").want(t, 200, `value="3"`)
	w.get(t, "/").want(t, 200, `<span class="count">3<`)
	w.post(t, "/cart/items/LAMP-1", "quantity=5").want(t, 200, `value="5"`)
	w.post(t, "/cart/items/LAMP-1", "quantity=0").want(t, 200, "Your cart is empty")
}

func TestCartCookie(t *testing.T) {
	w := newWorld(t)
	w.browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	w.browser.Jar = nil
	for scheme, names := range map[string][]string{"http": {plainCookie}, "https": {plainCookie, secureCookie}} {
		got := w.send(t, http.MethodPost, "/cart/items", "sku=LAMP-1&quantity=1", http.Header{"X-Forwarded-Proto": {scheme}})
		got.want(t, 303)
		var set []string
		for _, cookie := range got.cookies {
			set = append(set, cookie.Name)
			if cookie.Value != w.cartID || cookie.Path != "/" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Domain != "" || cookie.Secure != (scheme == "https") || cookie.MaxAge < 86400 {
				t.Errorf("%s: %+v", scheme, cookie)
			}
		}
		if !slices.Equal(set, names) {
			t.Errorf("%s: cookies %v, want %v", scheme, set, names)
		}
		if hsts := got.header.Get("Strict-Transport-Security"); hsts != "" {
			t.Errorf("%s: a redirect is no page: %s", scheme, hsts)
		}
	}
}

// Who knows a cart's id has the cart. It is in the cookie, which no script reads, and
// nowhere else: no page that is shown or saved, no address that is kept in a history.
func TestACartsIDIsInTheCookieAlone(t *testing.T) {
	w := newWorld(t)
	w.browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answers := []seen{
		w.post(t, "/cart/items", "sku=LAMP-1&quantity=2"), w.get(t, "/cart"), w.get(t, "/"), w.get(t, "/products/LAMP-1"), w.get(t, "/products/NONE"),
		w.post(t, "/cart/items/LAMP-1", "quantity=500"), w.post(t, "/cart/items/LAMP-1", "quantity=0"), w.post(t, "/cart/items", "sku=NONE&quantity=1"),
	}
	w.set(func() { w.cartDown = 503 })
	answers = append(answers, w.get(t, "/cart"), w.post(t, "/cart/items", "sku=LAMP-1&quantity=1"))
	for n, a := range answers {
		cookies := a.header["Set-Cookie"]
		delete(a.header, "Set-Cookie")
		if text := fmt.Sprint(a.header, a.path, a.body); w.cartID == "" || strings.Contains(text, w.cartID) {
			t.Errorf("answer %d holds the id %q:\n%s", n, w.cartID, text)
		}
		for _, cookie := range cookies {
			if strings.Contains(cookie, w.cartID) && !strings.Contains(cookie, "HttpOnly") {
				t.Errorf("scripts can read %s", cookie)
			}
		}
	}
}

// A cookie that another host of the domain planted does not win over our own.
func TestTheCookieOfThisHostAloneCounts(t *testing.T) {
	own, planted := uuid.NewString(), uuid.NewString()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: plainCookie, Value: planted})
	if got := cartID(r); got != planted {
		t.Errorf("that of a release from before: %s", got)
	}
	r.AddCookie(&http.Cookie{Name: secureCookie, Value: own})
	if got := cartID(r); got != own {
		t.Errorf("%s, want %s", got, own)
	}
}

func TestWhatIsChangedKeepsTheCookieAlive(t *testing.T) {
	w := newWorld(t)
	w.post(t, "/cart/items", "sku=LAMP-1&quantity=1").want(t, 200)
	w.browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if got := w.post(t, "/cart/items/LAMP-1", "quantity=2"); len(got.cookies) != 1 || got.cookies[0].MaxAge < 86400 {
		t.Errorf("%+v", got.cookies)
	}
}

// What was typed stands in its field again, with what is wrong beside it.
func TestNothingTypedIsLost(t *testing.T) {
	w := newWorld(t)
	w.post(t, "/cart/items", "sku=LAMP-1&quantity=500").want(t, 422, "<h1>Brass lamp</h1>", `value="500"`, `aria-invalid="true" aria-describedby="wrong"`, `id="wrong"`,
		"whole number from 1 to 99", "<title>Error: ")
	w.post(t, "/cart/items", "sku=LAMP-1&quantity=2").want(t, 200)
	w.post(t, "/cart/items", "sku=LAMP-2&quantity=3").want(t, 200)
	w.post(t, "/cart/items/LAMP-2", "quantity=1.5").want(t, 422, `value="1.5"`, `value="2"`, "whole number from 0 to 99", "<title>Error: ")
	w.post(t, "/cart/items/LAMP-2", "quantity=%3Cb%3E").want(t, 422, `value="&lt;b&gt;"`)
	w.set(func() { w.conflicts = 2 })
	w.post(t, "/cart/items/LAMP-1", "quantity=7").want(t, 409, `value="7"`, `value="5"`, "Your cart has changed") // 5 is the other writer's
	w.set(func() { w.full = true })
	w.post(t, "/cart/items", "sku=EVIL-1&quantity=4").want(t, 422, "Your cart is full", `value="4"`)
}

func TestAFormThatMeetsAnOutageCanBeSentAgain(t *testing.T) {
	w := newWorld(t)
	w.post(t, "/cart/items", "sku=LAMP-1&quantity=1").want(t, 200)
	w.set(func() { w.cartDown = 503 })
	w.post(t, "/cart/items", "sku=LAMP-1&quantity=3").want(t, 503, `action="/cart/items"`, `name="sku" value="LAMP-1"`, `name="quantity" value="3"`, "Try again")
	w.post(t, "/cart/items/LAMP-1", "quantity=500").want(t, 503, `action="/cart/items/LAMP-1"`, `name="quantity" value="500"`)
	w.get(t, "/cart").want(t, 503, `href="/cart">Try again`)
	w.get(t, "/").want(t, 200, "Brass lamp") // without the number in the cart
}

func TestWhatWasDoneIsTold(t *testing.T) {
	w := newWorld(t)
	w.post(t, "/cart/items", "sku=LAMP-1&quantity=60").want(t, 200, "Brass lamp is in your cart.<")
	w.post(t, "/cart/items", "sku=LAMP-1&quantity=60").want(t, 200, "99 is the most you can have of it.")
	w.post(t, "/cart/items/LAMP-1", "quantity=4").want(t, 200, "you have 4 of it")
	gone := w.post(t, "/cart/items/LAMP-1", "quantity=0")
	gone.want(t, 200, "The product is removed.", `name="sku" value="LAMP-1"`, `name="quantity" value="4"`, "Put it back")
	w.post(t, "/cart/items", "sku=LAMP-1&quantity=4").want(t, 200, `value="4"`)
	// The address alone makes nobody believe what is not so.
	w.get(t, "/cart?added=LAMP-2&removed=LAMP-1&n=1").lacks(t, "in your cart.", "removed")
	w.get(t, "/cart?removed=LAMP-2&n=1000").want(t, 200, "The product is removed.").lacks(t, "Put it back")
}

func TestConflictIsRetriedOnce(t *testing.T) {
	for _, row := range []struct {
		name            string
		conflicts, code int
		text            string
	}{
		{"one conflict is not seen", 1, 200, "Brass lamp"},
		{"a second one is told, beside what was typed", 2, 409, "Your cart has changed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.set(func() { w.conflicts = row.conflicts })
			w.post(t, "/cart/items", "sku=LAMP-1&quantity=1").want(t, row.code, row.text)
			w.get(t, "/cart").want(t, 200, "Copper lamp") // the other writer's change is kept
		})
	}
}

func TestConflictAddsToWhatTheOtherWriterLeft(t *testing.T) {
	w := newWorld(t)
	w.post(t, "/cart/items", "sku=LAMP-2&quantity=1")
	w.set(func() { w.conflicts = 1 }) // adds one of the same product
	w.post(t, "/cart/items", "sku=LAMP-2&quantity=3").want(t, 200, `value="5"`)
}

func TestForgottenCartIsReplaced(t *testing.T) {
	w := newWorld(t)
	w.post(t, "/cart/items", "sku=LAMP-1&quantity=1").want(t, 200)
	w.set(func() { w.cartID = uuid.NewString() })
	w.get(t, "/cart").want(t, 200, "Your cart is empty")
	w.post(t, "/cart/items", "sku=LAMP-2&quantity=1").want(t, 200, "Copper lamp")
}

func TestCookieThatWeDidNotSetIsIgnored(t *testing.T) {
	w := newWorld(t)
	home, _ := url.Parse(w.url)
	w.browser.Jar.SetCookies(home, []*http.Cookie{{Name: plainCookie, Value: "../products"}})
	w.get(t, "/cart").want(t, 200, "Your cart is empty")
}

func TestFormsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	foreign := http.Header{"Sec-Fetch-Site": {"cross-site"}}
	for name, row := range map[string]struct {
		fields string
		header http.Header
		code   int
	}{
		"no product":          {"quantity=1", nil, 400},
		"nothing":             {"sku=LAMP-1&quantity=0", nil, 422},
		"less than nothing":   {"sku=LAMP-1&quantity=-1", nil, 422},
		"too many":            {"sku=LAMP-1&quantity=100", nil, 422},
		"no number":           {"sku=LAMP-1&quantity=x", nil, 422},
		"no such product":     {"sku=NONE&quantity=x", nil, 404},
		"too large":           {"sku=" + strings.Repeat("x", mostForm), nil, 413},
		"not a form":          {"{}", http.Header{"Content-Type": {"application/json"}}, 415},
		"a form of elsewhere": {"sku=LAMP-1&quantity=1", foreign, 403},
	} {
		t.Run(name, func(t *testing.T) {
			got := w.send(t, http.MethodPost, "/cart/items", row.fields, row.header)
			got.want(t, row.code, "<h1>")
			if got.header.Get("Set-Cookie") != "" {
				t.Error("it made a cart")
			}
		})
	}
}
