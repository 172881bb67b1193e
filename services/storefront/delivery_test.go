package storefront

import (
	"net/http"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/problem"
)

// twoWays lets checkout offer two ways, which cost 4.90 and 9.90.
func (c *till) twoWays() {
	c.set(func() {
		c.ways = []way{{"standard", "Standard", money{"4.90", "EUR"}, false}, {"express", "Express", money{"9.90", "EUR"}, false}}
	})
}

func TestAWayOfDeliveryIsChosen(t *testing.T) {
	c := newTill(t)
	c.reviewed(t).lacks(t, `name="delivery"`)
	c.twoWays()
	c.post(t, "/checkout", strings.Replace(jane, "Berlin", "Bonn", 1))
	c.set(func() { c.quotes = map[string]quote{} }) // checkout forgot the one with one way
	c.get(t, "/checkout/review").want(t, 200, `value="standard" checked`, `value="express"`, "Delivery, standard")
	page := c.post(t, "/checkout/deliveries", "delivery=express&card=tok_visa").want(t, 200, `value="express" checked`, "Delivery, express", "9.90", `value="tok_visa" required checked`)
	if page.path != "/checkout/review" || c.draft().Delivery != "express" {
		t.Errorf("%s: %+v", page.path, c.draft())
	}
	c.post(t, "/checkout/orders", page.form(t, "tok_visa").Encode()).want(t, 200, "Thank you for your order")
}

// Who marks another way and forgets to press Choose orders nothing before he has seen what it costs.
func TestAWayThatWasMarkedAloneIsShownBeforeItIsOrdered(t *testing.T) {
	c := newTill(t)
	c.twoWays()
	form := c.reviewed(t).form(t, "tok_visa")
	form.Set("way", "standard")
	form.Set("delivery", "express")
	if page := c.post(t, "/checkout/orders", form.Encode()).want(t, 200, `name="way" value="express"`, "Delivery, express"); page.path != "/checkout/review" || len(c.sent) != 0 {
		t.Errorf("%s, and %d orders were asked for", page.path, len(c.sent))
	}
	form = c.get(t, "/checkout/review").form(t, "tok_visa")
	form.Set("way", "express")
	form.Set("delivery", "express")
	c.post(t, "/checkout/orders", form.Encode()).want(t, 200, "Thank you for your order")
}

// A way that is not offered any more is forgotten, and the page shows those that there are; what no way is called is no way.
func TestAWayThatIsGoneIsForgotten(t *testing.T) {
	c := newTill(t)
	c.twoWays()
	c.reviewed(t)
	c.set(func() {
		c.refusals = []http.HandlerFunc{refuse(problem.Invalid, "No.", nil, problem.Field{Pointer: "#/delivery", Detail: "The goods are not sent so."})}
	})
	if page := c.post(t, "/checkout/deliveries", "delivery=by-pigeon").want(t, 200, `value="standard" checked`); page.path != "/checkout/review" || c.draft().Delivery != "" {
		t.Errorf("%s: %+v", page.path, c.draft())
	}
	for _, name := range []string{"Express", "a%0d%0ab", strings.Repeat("x", 65), "%3Cscript%3E"} {
		if got := c.post(t, "/checkout/deliveries", "delivery="+name); got.code != 400 || c.draft().Delivery != "" {
			t.Errorf("%s: %d", name, got.code)
		}
	}
}

// The way was chosen and costs more now: the new quote is shown with the way that it has, and nothing was ordered.
func TestAWayThatChangesIsShownBeforeItIsOrdered(t *testing.T) {
	c := newTill(t)
	c.twoWays()
	c.reviewed(t)
	page := c.post(t, "/checkout/deliveries", "delivery=express")
	c.set(func() {
		fresh := c.offerFor(terms{Cart: c.cartID, Country: "DE"})
		c.answers = []http.HandlerFunc{refuse(problem.QuoteChanged, "Changed.", map[string]any{"quote": fresh})}
	})
	c.post(t, "/checkout/orders", page.form(t, "tok_visa").Encode()).want(t, 409, "Prices or conditions have changed", `value="standard" checked`)
	if c.draft().Delivery != "" || len(c.made) != 0 {
		t.Errorf("%+v, %d orders", c.draft(), len(c.made))
	}
}
