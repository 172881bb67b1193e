package storefront

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
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
	got := w.post(t, "/cart/items", "sku=LAMP-1&quantity=1")
	got.want(t, 303)
	cookie := got.header.Get("Set-Cookie")
	for _, part := range []string{"shop_cart=" + w.cartID, "Path=/", "HttpOnly", "SameSite=Lax"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("no %q in %q", part, cookie)
		}
	}
}

func TestConflictIsRetriedOnce(t *testing.T) {
	for _, row := range []struct {
		name            string
		conflicts, code int
		text            string
	}{
		{"one conflict is not seen", 1, 200, "Brass lamp"},
		{"a second one is told", 2, 409, "Your cart has changed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.conflicts = row.conflicts
			w.post(t, "/cart/items", "sku=LAMP-1&quantity=1").want(t, row.code, row.text)
			w.get(t, "/cart").want(t, 200, "Copper lamp") // the other writer's change is kept
		})
	}
}

func TestConflictAddsToWhatTheOtherWriterLeft(t *testing.T) {
	w := newWorld(t)
	w.post(t, "/cart/items", "sku=LAMP-2&quantity=1")
	w.mu.Lock()
	w.conflicts = 1 // adds one of the same product
	w.mu.Unlock()
	w.post(t, "/cart/items", "sku=LAMP-2&quantity=3").want(t, 200, `value="5"`)
}

func TestForgottenCartIsReplaced(t *testing.T) {
	w := newWorld(t)
	w.post(t, "/cart/items", "sku=LAMP-1&quantity=1").want(t, 200)
	w.mu.Lock()
	w.cartID = "gone"
	w.mu.Unlock()
	w.get(t, "/cart").want(t, 200, "Your cart is empty")
	w.post(t, "/cart/items", "sku=LAMP-2&quantity=1").want(t, 200, "Copper lamp")
}

func TestCookieThatWeDidNotSetIsIgnored(t *testing.T) {
	w := newWorld(t)
	home, _ := url.Parse(w.url)
	w.browser.Jar.SetCookies(home, []*http.Cookie{{Name: cookieName, Value: "../products"}})
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
		"nothing":             {"sku=LAMP-1&quantity=0", nil, 400},
		"less than nothing":   {"sku=LAMP-1&quantity=-1", nil, 400},
		"too many":            {"sku=LAMP-1&quantity=100", nil, 400},
		"no number":           {"sku=LAMP-1&quantity=x", nil, 400},
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
