package storefront

import (
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
)

func (c *till) onlyOrder() string {
	for _, id := range c.made {
		return id
	}
	return ""
}

func TestOnlyWhoHasTheLinkSeesAnOrder(t *testing.T) {
	c := newTill(t)
	c.orders1(t, "tok_visa").want(t, 200, `href="/orders/`+c.onlyOrder()+`?token=`+aToken+`"`)
	stranger, _ := cookiejar.New(nil)
	c.browser.Jar = stranger
	own := "/orders/" + c.onlyOrder()
	c.get(t, own+"?token="+aToken).want(t, 200, "Order ACME-100001", "Jane &lt;Doe&gt;").lacks(t, "Thank you")
	for _, path := range []string{own, own + "?token=", own + "?token=other", "/orders/" + uuid.NewString() + "?token=" + aToken, "/orders/x?token=" + aToken, own + "?token=" + strings.Repeat("x", 200)} {
		c.get(t, path).want(t, 404, "We could not find that").lacks(t, "Jane")
	}
	c.get(t, own+"?token="+aToken+"&placed=ACME-2").want(t, 200).lacks(t, "Thank you", "ACME-2")
}

// The address of the thanks is kept and opened again: then the page says how far the order is.
func TestTheThanksEndWhenTheGoodsLeave(t *testing.T) {
	c := newTill(t)
	c.orders1(t, "tok_visa")
	thanks := "/orders/" + c.onlyOrder() + "?token=" + aToken + "&placed=ACME-100001"
	c.get(t, thanks).want(t, 200, "Thank you for your order", "A mail is on its way")
	c.set(func() { c.far = "sent" })
	c.get(t, thanks).want(t, 200, "<h1>Order ACME-100001</h1>", "On its way").lacks(t, "Thank you", "A mail is on its way")
}

func TestALostLinkIsFoundByNumberAndAddress(t *testing.T) {
	c := newTill(t)
	c.orders1(t, "tok_visa")
	c.get(t, "/orders").want(t, 200, "Find your order")
	c.get(t, "/orders?number=ACME-100001").want(t, 200, `value="ACME-100001"`).lacks(t, "Jane", aToken) // a link in a mail
	c.get(t, "/orders?number=%22%3E%3Cscript%3E").want(t, 200, "&lt;script&gt;").lacks(t, "<script")
	c.get(t, "/orders?number="+strings.Repeat("x", 65)).want(t, 200).lacks(t, "xxxx")
	c.post(t, "/orders", "number=ACME-100001&email=jane%40example.org").want(t, 200, "Order ACME-100001")
	for fields, code := range map[string]int{"number=ACME-100001&email=joe%40example.org": 422, "number=&email=jane%40example.org": 422, "number=ACME-100001&email=jane": 422, "number=MANY&email=joe%40example.org": 429} {
		c.post(t, "/orders", fields).want(t, code, "There is a problem", `aria-invalid="true"`, "name=\"email\"")
	}
}

func TestAnOrderThatCannotBeShownIsPlacedAllTheSame(t *testing.T) {
	c := newTill(t)
	c.noOrders = true
	c.orders1(t, "tok_visa").want(t, 503, "Your order ACME-100001 is placed", "You need not order again")
	stranger, _ := cookiejar.New(nil)
	c.browser.Jar = stranger
	c.get(t, "/orders/"+c.onlyOrder()+"?token="+aToken+"&placed=FALSE").want(t, 503, "We will be right back").lacks(t, "placed</h1>", "FALSE</h1>")
}

func TestAShopWithoutCheckoutDoesNotSell(t *testing.T) {
	w := newWorld(t)
	w.post(t, "/cart/items", "sku=LAMP-1&quantity=1").want(t, 200, "Ordering is not open yet").lacks(t, "/checkout")
	for _, path := range []string{"/checkout", "/checkout/review", "/checkout/order", "/orders", "/orders/" + uuid.NewString() + "?token=x"} {
		w.get(t, path).want(t, 404)
	}
}

func TestTheCheckoutNeedsSomethingInTheCart(t *testing.T) {
	c := newTill(t)
	c.post(t, "/cart/items/LAMP-1", "quantity=0")
	for _, path := range []string{"/checkout", "/checkout/review", "/checkout/order"} {
		if got := c.get(t, path); got.path != "/cart" {
			t.Errorf("%s leads to %s", path, got.path)
		}
	}
	if got := c.post(t, "/checkout/orders", "quote=x"); got.path != "/cart" {
		t.Errorf("an order of nothing leads to %s", got.path)
	}
}

func TestFormsOfTheCheckoutThatAreRefused(t *testing.T) {
	c := newTill(t)
	form := c.reviewed(t).form(t, "tok_visa").Encode()
	foreign := http.Header{"Sec-Fetch-Site": {"cross-site"}}
	for _, path := range []string{"/checkout", "/checkout/vouchers", "/checkout/orders", "/orders"} {
		c.send(t, "POST", path, form, foreign).want(t, 403, "That came from another site")
		c.send(t, "POST", path, form, http.Header{"Origin": {"https://evil.example"}}).want(t, 403)
		c.post(t, path, "x="+strings.Repeat("x", mostForm)).want(t, 413)
	}
	for name, fields := range map[string]string{"no quote": "attempt=" + uuid.NewString(), "no ids": "quote=x&hash=y&attempt=z", "nothing": ""} {
		if got := c.post(t, "/checkout/orders", fields); got.code != 400 {
			t.Errorf("%s: %d", name, got.code)
		}
	}
	c.post(t, "/checkout/orders", strings.Replace(form, "tok_visa", "4242424242424242", 1)).want(t, 422, "Choose one of these cards.")
	if len(c.sent) > 0 {
		t.Error("something was ordered")
	}
}

// What pages are made of is promised by who sends it.
func TestWhatOrdersReadIsPromised(t *testing.T) {
	clienttest.Reads[quote](t, "../checkout/openapi.json", "POST /api/checkout/quotes")
	clienttest.Reads[quote](t, "../checkout/openapi.json", "GET /api/checkout/quotes/{id}")
	clienttest.Reads[placed](t, "../checkout/openapi.json", "POST /api/checkout/orders")
	clienttest.Reads[attempted](t, "../checkout/openapi.json", "GET /api/checkout/attempts/{id}")
	clienttest.Reads[bought](t, "../orders/openapi.json", "GET /api/orders/{id}")
	clienttest.Reads[located](t, "../orders/openapi.json", "POST /api/orders/lookups")
}
