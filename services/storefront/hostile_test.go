package storefront

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/problem"
)

// What somebody sends who does not use the pages as they are meant. TestFormsOfTheCheckoutThatAreRefused has other sites' forms and
// forms that are too large, address_test.go cookies of which parts are wrong.

const script = `"><script>alert(1)</script>`

// plants sets a cookie as nobody's page would.
func (c *till) plants(t *testing.T, name, value string) {
	t.Helper()
	home, err := url.Parse(c.url)
	if err != nil {
		t.Fatal(err)
	}
	c.browser.Jar.SetCookies(home, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

func (c *till) plantsDraft(t *testing.T, d any) {
	t.Helper()
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	c.plants(t, plainDraft, base64.RawURLEncoding.EncodeToString(text))
}

// stranger is another browser at the same shop.
func (c *till) stranger() {
	jar, _ := cookiejar.New(nil) // never fails without options
	c.browser.Jar = jar
}

// A cookie that somebody made up is no better than what he could type: every page answers, runs nothing of it, and leads nowhere else.
func TestAForgedCookieBreaksAndOpensNothing(t *testing.T) {
	c := newTill(t)
	id, evil := uuid.NewString(), address{Email: "a@b.example", Name: script, Street: script, Postcode: "10115", City: script, Country: "DE"}
	for name, forged := range map[string]any{
		"a list":                      []int{1, 2, 3},
		"a number":                    7,
		"deep":                        json.RawMessage(strings.Repeat("[", 900) + strings.Repeat("]", 900)),
		"numbers for texts":           map[string]any{"q": 1, "s": "x"},
		"a script in every field":     draft{Address: evil, Coupons: []string{script}, Card: "tok_visa", Number: script, Order: id, Token: script, Ordered: id},
		"an order on another site":    draft{Order: "//evil.example/x", Token: "x"},
		"a token with another header": draft{Order: id, Token: "x\r\nSet-Cookie: a=b", Ordered: id},
		"an order under way":          draft{Address: evil, Quote: id, Attempt: id, Hash: script, Since: 1 << 62, Saga: id},
		"an order of long ago":        draft{Address: evil, Quote: id, Attempt: id, Hash: "x", Since: -1 << 62},
		"ids in other forms":          draft{Address: evil, Quote: "urn:uuid:" + id, Was: "{" + id + "}", Attempt: strings.ReplaceAll(id, "-", "")},
	} {
		for _, path := range []string{"/checkout", "/checkout/review", "/checkout/order", "/cart"} {
			c.plantsDraft(t, forged)
			got := c.get(t, path)
			if got.code >= 500 || strings.Contains(got.body, "<script") || got.header.Get("X-Shop-Sources") == "" {
				t.Errorf("%s, %s: %d %s", name, path, got.code, got.body)
			}
			for _, cookie := range got.cookies {
				if cookie.Name == "a" {
					t.Errorf("%s, %s: it sets a cookie of its own", name, path)
				}
			}
		}
	}
	c.plants(t, plainDraft, strings.Repeat("A", 3000))
	c.get(t, "/checkout").want(t, 200)
	if len(c.made) > 0 && slices.ContainsFunc(c.sent, func(p purchase) bool { return p.Email != "a@b.example" }) {
		t.Errorf("it was ordered for somebody else: %+v", c.sent)
	}
}

// A cookie with another visitor's order, but not its token, shows nothing of that order.
func TestAnotherPersonsOrderStaysHisWhateverTheCookieSays(t *testing.T) {
	c := newTill(t)
	c.orders1(t, "tok_visa").want(t, 200, "Thank you")
	his := c.onlyOrder()
	for _, token := range []string{"", "guess", strings.Repeat("x", 100), aToken[:len(aToken)-1]} {
		c.stranger()
		c.plantsDraft(t, draft{Order: his, Token: token, Number: "ACME-100001", Ordered: uuid.NewString()})
		for _, path := range []string{"/checkout", "/checkout/review", "/orders/" + his, "/orders/" + his + "?token=" + token + "&placed=ACME-100001"} {
			got := c.get(t, path)
			if got.code != 404 && got.code != 200 || strings.Contains(got.body, "Jane") || strings.Contains(got.body, aToken) {
				t.Errorf("%q, %s: %d %s", token, path, got.code, got.body)
			}
		}
	}
}

// Somebody got hold of the form that another sent. With his own address it is another purchase, which checkout refuses; the page says
// that nothing was ordered, and nothing of the order that there is.
func TestAFormThatAStrangerSendsAgainShowsNothingOfTheOrder(t *testing.T) {
	c := newTill(t)
	form := c.reviewed(t).form(t, "tok_visa")
	c.post(t, "/checkout/orders", form.Encode()).want(t, 200, "Thank you")
	his := c.onlyOrder()
	c.stranger()
	c.post(t, "/checkout/orders", form.Encode()).lacks(t, his, aToken, "Jane") // without a cart
	c.post(t, "/cart/items", "sku=LAMP-1&quantity=2").want(t, 200)
	c.post(t, "/checkout", strings.Replace(jane, "Jane+Doe", "Eve", 1)).want(t, 200, "Eve")
	c.post(t, "/checkout/orders", form.Encode()).want(t, 409, "Nothing was ordered").lacks(t, his, aToken) // his address is not the page's
	form.Set("seen", c.draft().Address.digest())
	c.answers = []http.HandlerFunc{refuse(problem.Conflict, "This quote is being ordered already, or was.", nil)}
	c.post(t, "/checkout/orders", form.Encode()).want(t, 409, "This quote is being ordered already").lacks(t, his, aToken)
	if first, last := c.keys[0], c.keys[len(c.keys)-1]; first == last {
		t.Error("his purchase has the key of the other's: he would be told that order")
	}
}

// Whatever is typed anywhere on the way is text on every page that shows it again.
func TestWhatIsTypedOnTheWayToAnOrderIsText(t *testing.T) {
	c := newTill(t)
	c.coupons[script] = ""
	typed := url.Values{"email": {"jane@example.org"}, "name": {script}, "street": {script}, "postcode": {"10115"}, "city": {script}, "country": {"DE"}}.Encode()
	pages := map[string]seen{
		"the address, wrong":  c.post(t, "/checkout", strings.Replace(typed, "10115", url.QueryEscape(script), 1)),
		"the address, right":  c.post(t, "/checkout", typed),
		"a voucher":           c.post(t, "/checkout/vouchers", url.Values{"code": {script}}.Encode()),
		"a voucher of nobody": c.post(t, "/checkout/vouchers", url.Values{"code": {script + "x"}}.Encode()),
		"another country":     c.post(t, "/checkout", strings.Replace(typed, "country=DE", "country="+url.QueryEscape(script), 1)),
		"finding an order":    c.post(t, "/orders", url.Values{"number": {script}, "email": {script}}.Encode()),
	}
	pages["the review"] = c.get(t, "/checkout/review")
	for name, page := range pages {
		if page.code >= 500 || strings.Contains(page.body, "<script") || !strings.Contains(page.body, "&lt;script&gt;") && name != "the review" {
			t.Errorf("%s: %d %s", name, page.code, page.body)
		}
	}
}

// Fields that come twice, that nobody asked for, or in great number change nothing: the first of each name counts.
func TestFieldsTooManyChangeNothing(t *testing.T) {
	c := newTill(t)
	form := c.reviewed(t).form(t, "tok_visa").Encode()
	more := form + "&card=tok_other&quote=" + uuid.NewString() + "&total=0.01&price=0.01&email=eve%40example.org&" + strings.Repeat("a=b&", 900)
	c.post(t, "/checkout/orders", more).want(t, 409, "changed in another window") // an address is none of this form's: it is looked at again
	if len(c.sent) > 0 {
		t.Fatalf("it was ordered: %+v", c.sent)
	}
	fresh := c.reviewed(t).form(t, "tok_visa")
	again := fresh.Encode() + "&card=tok_other&hash=x&quote=" + uuid.NewString() + "&total=0.01&unit=0.01&" + strings.Repeat("a=b&", 900)
	c.post(t, "/checkout/orders", again).want(t, 200, "Thank you")
	if p := c.sent[0]; p.Quote != fresh.Get("quote") || p.Hash != fresh.Get("hash") || p.Card != "tok_visa" || p.Email != "jane@example.org" {
		t.Errorf("sent %+v, of %v", p, fresh)
	}
}

// What is no form of ours is refused before anybody is asked.
func TestWhatIsNoFormIsRefusedBeforeAnybodyIsAsked(t *testing.T) {
	c := newTill(t)
	form := c.reviewed(t).form(t, "tok_visa").Encode()
	asked := len(c.checkout.Asked())
	for _, path := range []string{"/checkout", "/checkout/vouchers", "/checkout/orders", "/orders"} {
		for _, kind := range []string{"application/json", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded; charset=utf-16", "x"} {
			c.send(t, "POST", path, form, http.Header{"Content-Type": {kind}}).want(t, 415)
		}
		c.post(t, path, "card=%zz&email=%").want(t, 400, "We did not understand that")
		c.send(t, "DELETE", path, "", nil).want(t, 405)
		c.send(t, "PUT", path, form, nil).want(t, 405)
	}
	for _, path := range []string{"/checkout/vouchers", "/checkout/orders"} {
		c.get(t, path).want(t, 405)
	}
	if more := c.checkout.Asked()[asked:]; len(more) > 0 || len(c.sent) > 0 {
		t.Errorf("checkout is asked %v", more)
	}
}

// Ids of the address that are none lead to no other path of another service.
func TestAnOrdersAddressIsItsIdAndNoPath(t *testing.T) {
	c := newTill(t)
	before := len(c.orders.Asked())
	for _, id := range []string{"..%2f..%2finternal%2forders", "%2e%2e", "staff", "lookups", "x%00", strings.Repeat("9", 500), script} {
		if got := c.get(t, "/orders/"+url.PathEscape(id)+"?token="+aToken); got.code != 404 && got.code != 400 {
			t.Errorf("%s: %d", id, got.code)
		}
	}
	if more := c.orders.Asked()[before:]; len(more) > 0 {
		t.Errorf("orders is asked %v", more)
	}
}
