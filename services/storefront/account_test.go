package storefront

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
)

func TestAccountsReadWhatOthersSay(t *testing.T) {
	clienttest.Reads[signed](t, "../auth/openapi.json", "POST /api/auth/sessions")
	clienttest.Reads[listOf[login]](t, "../auth/openapi.json", "GET /api/auth/sessions")
	clienttest.Reads[profile](t, "../customers/openapi.json", "GET /api/customers/me")
	clienttest.Reads[listOf[savedAddress]](t, "../customers/openapi.json", "GET /api/customers/me/addresses")
	clienttest.Reads[listOf[consent]](t, "../customers/openapi.json", "GET /api/customers/me/consents")
	clienttest.Reads[erasure](t, "../customers/openapi.json", "GET /api/customers/erasures/{id}")
	clienttest.Reads[points](t, "../loyalty/openapi.json", "GET /api/loyalty/account")
	clienttest.Reads[listOf[pointEntry]](t, "../loyalty/openapi.json", "GET /api/loyalty/entries")
	clienttest.Reads[listOf[ownOrder]](t, "../orders/openapi.json", "GET /api/orders")
}

func TestACustomerSignsInAndSeesTheAccount(t *testing.T) {
	h := newHouse(t)
	h.get(t, "/").want(t, 200, `href="/account">Sign in`)
	if page := h.get(t, "/account"); page.path != "/account/signin" {
		t.Fatalf("a stranger is led to %s", page.path)
	}
	page := h.signedIn(t).want(t, 200, "Your account", "Ann &lt;b&gt;", "ann@example.org", "Firefox, Linux", "Your points: 100", "Sign out")
	page.lacks(t, "token.of.turn", "refresh-1", "Ann <b>")
	if page.path != accountPath || page.header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("%s %v", page.path, page.header)
	}
	h.get(t, "/account/orders").want(t, 200, "ACME-100001", `href="/account/orders/`+annsOrder+`"`, "€12.90")
	h.get(t, "/account/orders/"+annsOrder).want(t, 200, "Brass lamp", "Invoice 2026-000123").lacks(t, aToken)
	h.get(t, "/account/orders/"+annsSession).want(t, 404)
	h.get(t, "/account/orders/..%2f..%2fcart").want(t, 404)
	h.get(t, "/account/points").want(t, 200, "Earned", "silver")
	h.get(t, "/").want(t, 200, `href="/account">Account`)
	out := h.post(t, "/account/signout", "")
	if _, there := h.session(); there || out.path != "/" || !slices.Contains(h.out, "refresh-1") {
		t.Errorf("signed out: %s, %v", out.path, h.out)
	}
	if page := h.get(t, "/account"); page.path != "/account/signin" {
		t.Errorf("after signing out: %s", page.path)
	}
}

// C40: what the browser showed before the login is worth nothing, the cookie is out of reach of scripts and other sites, and ends with the session.
func TestC40ASessionPlantedBeforeLoginIsWorthNothing(t *testing.T) {
	h := newHouse(t)
	home, _ := url.Parse(h.url)
	forged := session{"made.up", time.Now().Add(time.Hour).Unix(), "made-up", ann}
	for _, value := range []string{"made up", "e30", "bm8"} {
		h.browser.Jar.SetCookies(home, []*http.Cookie{{Name: plainSession, Value: value, Path: "/"}})
		if page := h.get(t, "/account"); page.path != "/account/signin" {
			t.Errorf("%q: led to %s", value, page.path)
		}
	}
	h.browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	got := h.signedIn(t)
	now, _ := h.session()
	if now.Refresh != "refresh-1" || now == forged || got.code != 303 {
		t.Fatalf("%d, %+v", got.code, now)
	}
	for _, one := range got.cookies {
		if one.Name == plainSession && (!one.HttpOnly || one.SameSite != http.SameSiteLaxMode || one.Path != "/" || one.Secure) {
			t.Errorf("%+v", one)
		}
	}
	over := h.send(t, http.MethodPost, "/account/signin", annsLogin, http.Header{"X-Forwarded-Proto": {"https"}})
	if n := slices.IndexFunc(over.cookies, func(c *http.Cookie) bool { return c.Name == secureSession }); n < 0 || !over.cookies[n].Secure || !over.cookies[n].HttpOnly {
		t.Errorf("over TLS: %+v", over.cookies)
	}
	if slices.ContainsFunc(over.cookies, func(c *http.Cookie) bool { return c.Name == plainSession }) {
		t.Error("over TLS the session is set under the name that any host may set")
	}
	// Over TLS the name that any host of the domain may set is not read.
	jar := h.browser.Jar
	h.browser.Jar, _ = cookiejar.New(nil)
	plain := h.send(t, http.MethodGet, "/account", "", http.Header{"X-Forwarded-Proto": {"https"}, "Cookie": {plainSession + "=" + got.cookies[slices.IndexFunc(got.cookies, func(c *http.Cookie) bool { return c.Name == plainSession })].Value}})
	if plain.code != 303 || !strings.HasPrefix(plain.header.Get("Location"), "/account/signin") {
		t.Errorf("over TLS with the plain cookie: %d %v", plain.code, plain.header)
	}
	h.browser.Jar = jar
	// Ended elsewhere: the token is good for some minutes, and auth knows better.
	h.set(func() { h.ended = true })
	if page := h.get(t, "/account"); page.code != 303 {
		t.Errorf("of a session that has ended: %d", page.code)
	}
	if _, there := h.session(); there {
		t.Error("a session that has ended is kept")
	}
}

func TestATokenNearItsEndIsExchangedAndTheBrowserGetsTheNext(t *testing.T) {
	h := newHouse(t)
	h.life = 10 * time.Second
	h.signedIn(t)
	h.get(t, "/account/orders").want(t, 200)
	if now, _ := h.session(); now.Refresh == "refresh-1" || !slices.Contains(h.asked(), "Bearer "+now.Token) {
		t.Errorf("%+v, asked with %v", now, h.asked())
	}
	h.set(func() { h.gone["auth"] = true })
	h.get(t, "/account/orders").want(t, 200) // it is good for seconds still
	h.set(func() { h.gone["auth"], h.ended = false, true })
	if page := h.get(t, "/account/orders"); page.path != "/account/signin" {
		t.Errorf("led to %s", page.path)
	}
}

// C42: the pages say the same, whoever has an account.
func TestC42PagesDoNotTellWhoHasAnAccount(t *testing.T) {
	h := newHouse(t)
	known := h.post(t, "/account/signin", "email=ann%40example.org&password=a+guess").want(t, 401, "The address or the password is wrong.")
	unknown := h.post(t, "/account/signin", "email=eve%40example.org&password=a+guess").want(t, 401)
	if strings.ReplaceAll(known.body, "ann@", "eve@") != unknown.body || known.header.Get("WWW-Authenticate") != unknown.header.Get("WWW-Authenticate") {
		t.Errorf("%s\n%s", known.body, unknown.body)
	}
	for _, path := range []string{"/account/register", "/account/forgot"} {
		a, b := h.post(t, path, "email=ann%40example.org").want(t, 200, "A mail is on its way"), h.post(t, path, "email=eve%40example.org").want(t, 200)
		if strings.ReplaceAll(a.body, "ann@", "eve@") != b.body {
			t.Errorf("%s: %s\n%s", path, a.body, b.body)
		}
		h.post(t, path, "email=nobody").want(t, 422, "Enter an email address")
	}
	if want := "/api/auth/registrations ann@example.org"; len(h.mails) != 4 || h.mails[0] != want {
		t.Errorf("%v", h.mails)
	}
}

func TestAPasswordIsSetWithTheLinkOfAMail(t *testing.T) {
	h := newHouse(t)
	page := h.get(t, "/account/confirm?token=of-the-mail").want(t, 200, `value="of-the-mail"`, "Choose a password")
	if page.header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("%v", page.header)
	}
	h.get(t, "/account/confirm?token=%22%3E").want(t, 404)
	h.post(t, "/account/confirm", "token=of-the-mail&password=short").want(t, 422, "8 characters or more")
	h.post(t, "/account/confirm", "token=of-another&password=a+long+password").want(t, 422, "not good any more").lacks(t, "a long password")
	if done := h.post(t, "/account/confirm", "token=of-the-mail&password=a+long+password"); done.path != signInPath || !strings.Contains(done.body, "Your password is set") {
		t.Errorf("led to %s", done.path)
	}
}

func TestTheFormsOfTheAccount(t *testing.T) {
	h := newHouse(t)
	h.signedIn(t)
	h.post(t, "/account/profile", "tag=%223%22&name=Ann&phone=").want(t, 200, "Your details are saved")
	if h.said["name"] != "Ann" || len(h.said) != 1 {
		t.Errorf("%v", h.said)
	}
	h.post(t, "/account/profile", "tag=%222%22&name=Ann").want(t, 412, "changed in another window")
	h.post(t, "/account/addresses", "name=Ann&street=&city=Berlin&country=DE").want(t, 422, "Enter the street and number")
	h.post(t, "/account/addresses", "name=Ann&street=Street+1&postcode=10115&city=Berlin&country=DE&attempt="+annsOrder).want(t, 200, "address book is saved")
	h.post(t, "/account/consents", "granted=yes").want(t, 200, "You get our newsletter")
	h.post(t, "/account/consents", "granted=no").want(t, 200, "Subscribe")
	h.post(t, "/account/erasure", "").want(t, 422, "Tick the box")
	if gone := h.post(t, "/account/erasure", "sure=yes").want(t, 200, "being deleted", "orders"); gone.path != "/account/erasures/"+annsProof {
		t.Errorf("led to %s", gone.path)
	}
	if _, there := h.session(); there || h.addresses != 1 {
		t.Errorf("signed in after all, or %d addresses", h.addresses)
	}
}

// A page of another site signs nobody in or out, and changes nothing.
func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	h := newHouse(t)
	h.signedIn(t)
	for _, path := range []string{"/account/signin", "/account/signout", "/account/register", "/account/confirm", "/account/profile", "/account/addresses", "/account/password", "/account/sessions", "/account/erasure", "/account/consents"} {
		if got := h.send(t, http.MethodPost, path, annsLogin+"&sure=yes", http.Header{"Sec-Fetch-Site": {"cross-site"}}); got.code != 403 {
			t.Errorf("%s: %d", path, got.code)
		}
	}
	if _, there := h.session(); !there || h.ended {
		t.Error("another site signed somebody out")
	}
	if page := h.post(t, "/account/signin", annsLogin+"&next=https%3A%2F%2Fevil.example"); page.path != accountPath {
		t.Errorf("led to %s", page.path)
	}
}

// Each service that is away costs its part alone; without auth nobody signs in, and guests go on buying.
func TestAServiceThatIsAwayCostsItsPart(t *testing.T) {
	h := newHouse(t)
	h.signedIn(t)
	h.set(func() { h.gone["customers"], h.gone["loyalty"], h.gone["invoicing"] = true, true, true })
	h.get(t, "/account").want(t, 200, "Your details cannot be shown right now", "Firefox, Linux", `>Your points</a>`)
	h.get(t, "/account/orders/"+annsOrder).want(t, 200, "Brass lamp", "They cannot be shown right now")
	h.get(t, "/account/points").want(t, 503)
	h.set(func() { h.gone["orders"] = true })
	h.get(t, "/account/orders").want(t, 503)
	h.get(t, "/account").want(t, 200)
	h.browser.Jar, _ = cookiejar.New(nil)
	h.set(func() { h.gone["auth"] = true })
	h.signedIn(t).want(t, 503, "Nobody can sign in at the moment")
	h.post(t, "/account/register", "email=ann%40example.org").want(t, 503, "No mail can be sent")
	h.post(t, "/cart/items", "sku=LAMP-1&quantity=2").want(t, 200)
	h.reviewed(t).want(t, 200, "Brass lamp")
}

// A shop without customers has no trace of them.
func TestAShopWithoutAuthHasNoAccounts(t *testing.T) {
	c := newTill(t)
	c.get(t, "/").want(t, 200).lacks(t, "/account")
	for _, path := range []string{"/account", "/account/signin", "/account/orders"} {
		c.get(t, path).want(t, 404)
	}
}
