package storefront

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/problem"
)

const aCard = "ABCD-EFGH-JKLM-FTY2"

// spends is a house where ann is signed in and looks at what she orders; she has 100 points, and a card that pays all but 2.90.
func spends(t *testing.T) (*house, seen) {
	t.Helper()
	h := newHouse(t)
	h.set(func() { h.balance, h.gifts, h.due = 100, map[string]string{aCard: "10.00"}, "2.90" })
	h.signIn(t)
	return h, h.reviewed(t)
}

func (h *house) signIn(t *testing.T) {
	t.Helper()
	h.post(t, signInPath, annsLogin).want(t, 200)
}

// spend presses the button beside one of the fields; a card for the payment was chosen before.
func (h *house) spend(t *testing.T, field, value string) seen {
	t.Helper()
	return h.post(t, map[string]string{"points": "/checkout/points", "gift": "/checkout/gifts"}[field], url.Values{field: {value}, "card": {"tok_visa"}}.Encode())
}

// thrice is a refusal for each try: what is not available is asked for three times.
func (h *house) thrice(no http.HandlerFunc, code int) []http.HandlerFunc {
	if code != http.StatusServiceUnavailable {
		return []http.HandlerFunc{no}
	}
	return []http.HandlerFunc{no, no, no}
}

// ordersIt sends the form; that checkout was asked tells that it was ordered.
func (h *house) ordersIt(t *testing.T, form url.Values) {
	t.Helper()
	before := len(h.sent)
	if got := h.post(t, "/checkout/orders", form.Encode()); !strings.HasPrefix(got.path, "/orders/") || len(h.sent) != before+1 {
		t.Fatalf("it leads to %s: %d %s", got.path, got.code, got.body)
	}
}

func TestACustomerSpendsPointsAndTakesThemOut(t *testing.T) {
	h, page := spends(t)
	page.want(t, 200, "You can spend 100 points", `name="points"`, `name="gift"`).lacks(t, "Sign in to use")
	h.spend(t, "points", " 500 ").want(t, 200, "100 points take off €1.00", `name="had" value="100"`, `name="points" type="text" inputmode="numeric" autocomplete="off" maxlength="8" value="100"`, `value="tok_visa" required checked`)
	if d := h.draft(); d.Points != 100 {
		t.Errorf("%+v", d)
	}
	h.get(t, "/checkout/review").want(t, 200, "100 points take off")
	h.spend(t, "points", "").want(t, 200, `name="had" value=""`).lacks(t, "points take off €")
	if last := h.termed[len(h.termed)-1]; last.Points != 0 {
		t.Errorf("%+v", last)
	}
}

// A gift card is a means of payment: the total stays, and the rest is asked for; where nothing is left no card is.
func TestAGiftCardPaysAPartOrAll(t *testing.T) {
	h, _ := spends(t)
	page := h.spend(t, "gift", " "+strings.ToLower(aCard)+" ")
	page.want(t, 200, "Card <b>…FTY2</b> pays €10.00", "<dt>Left to pay</dt><dd>€2.90</dd>", "<dt>Total</dt><dd>€12.90</dd>", "Order and pay €2.90")
	page.lacks(t, aCard)
	h.post(t, "/checkout/gifts", "remove-gift=0").want(t, 200, "Order and pay €12.90").lacks(t, "Left to pay")
	h.set(func() { h.due = "0.00" })
	page = h.spend(t, "gift", aCard)
	page.want(t, 200, "There is nothing to pay.", "Place the order").lacks(t, `name="card"`)
	h.ordersIt(t, page.form(t, ""))
	if len(h.sent) != 1 || h.sent[0].Card != "" || h.draft().spends() {
		t.Errorf("%+v, and the draft is %+v", h.sent, h.draft())
	}
}

// What is wrong is told at its field, in the visitor's language, and nothing else changes.
func TestWhatCannotBeSpentIsToldAtItsField(t *testing.T) {
	h, _ := spends(t)
	for _, c := range []struct{ field, value, why string }{
		{"points", "many", "as a whole number"}, {"points", "-1", "as a whole number"}, {"points", "1.5", "as a whole number"}, {"points", "99999999999999999999", "as a whole number"},
		{"gift", "NONE-NONE-NONE-NONE", "no such card"}, {"gift", "", "Enter the code"}, {"gift", strings.Repeat("X", 65), "no such card"}, {"gift", "ÄÄÄÄ", "no such card"}, {"gift", "<b>", "no such card"},
	} {
		got := h.spend(t, c.field, c.value)
		got.want(t, 422, `id="wrong-`+c.field+`">`, c.why, `value="tok_visa" required checked`, "Order and pay €12.90", `aria-describedby="wrong-`+c.field+`"`)
		if h.draft().spends() {
			t.Errorf("%s %q: %+v", c.field, c.value, h.draft())
		}
	}
	h.spend(t, "gift", "<b>").want(t, 422, `value="&lt;B&gt;"`)
	h.set(func() { h.balance = 0 })
	h.spend(t, "points", "5").want(t, 422, "You have no points", `value="5"`)
	h.get(t, "/language/de?to=%2Fcheckout%2Freview")
	h.spend(t, "points", "5").want(t, 422, "Sie haben keine Punkte", "Punkte einlösen", "Geschenkkarte")
}

func TestTheSameCardIsPutInOnce(t *testing.T) {
	h, _ := spends(t)
	h.spend(t, "gift", aCard).want(t, 200)
	h.spend(t, "gift", aCard).want(t, 422, "in this card already", "Order and pay €2.90")
}

// Checkout says no: too many wrong codes, a card of another currency, no loyalty. It is told at the field, and the order can be placed without.
func TestCheckoutsRefusalIsToldAtTheField(t *testing.T) {
	h, _ := spends(t)
	for _, c := range []struct {
		field  string
		refuse http.HandlerFunc
		code   int
		why    string
	}{
		{"gift", refuse(problem.TooManyRequests, "No.", nil), 429, "Too many codes were wrong"},
		{"gift", refuse(problem.Invalid, "No.", nil, problem.Field{Pointer: "#/cards/0", Detail: "x"}), 422, "This card cannot be used on this order"},
		{"points", refuse(problem.Invalid, "No.", nil, problem.Field{Pointer: "#/points", Detail: "x"}), 422, "Points cannot be spent on this order"},
		{"points", refuse(problem.Unavailable, "No.", nil), 503, "You can order without them"},
	} {
		h.set(func() { h.refusals = h.thrice(c.refuse, c.code) })
		got := h.spend(t, c.field, map[string]string{"points": "5", "gift": aCard}[c.field])
		got.want(t, c.code, `id="wrong-`+c.field+`">`, c.why, "Order and pay €12.90")
	}
}

// Loyalty goes away while a customer thinks about it: he is told that points and cards were taken out, sees the price without, and can order.
func TestACustomerOrdersWithoutWhatCannotBeUsedAnyMore(t *testing.T) {
	h, _ := spends(t)
	h.spend(t, "gift", aCard).want(t, 200)
	h.spend(t, "points", "50").want(t, 200, "50 points take off")
	h.set(func() {
		h.quotes = map[string]quote{} // checkout forgot it
		h.refusals = h.thrice(refuse(problem.Unavailable, "Points and gift cards cannot be used right now.", nil), 503)
	})
	page := h.get(t, "/checkout/review").want(t, 200, "so they were taken out", "Order and pay €12.90")
	h.ordersIt(t, page.form(t, "tok_visa"))
	h.set(func() { h.gone["loyalty"] = true }) // its balance is not shown, and nothing else is missing
	h.post(t, "/cart/items", "sku=LAMP-1&quantity=1")
	h.reviewed(t).want(t, 200, `name="points"`, `name="gift"`).lacks(t, "You can spend")
}

// Who types points or a card and presses the other button must not pay more than he thinks.
func TestWhatWasNotAppliedIsAppliedBeforeTheOrder(t *testing.T) {
	h, page := spends(t)
	form := page.form(t, "tok_visa")
	form.Set("had", "")
	form.Set("points", "50")
	page = h.post(t, "/checkout/orders", form.Encode()).want(t, 200, "50 points take off", "Order and pay")
	form = page.form(t, "tok_visa")
	form.Set("had", "50")
	form.Set("points", "50")
	form.Set("gift", aCard)
	page = h.post(t, "/checkout/orders", form.Encode()).want(t, 200, "pays €10.00")
	if len(h.sent) != 0 {
		t.Errorf("it was ordered: %+v", h.sent)
	}
	form = page.form(t, "tok_visa")
	form.Set("had", "50")
	form.Set("points", "50")
	h.ordersIt(t, form)
}

// Another window was faster: the quote of checkout counts, and what pays nothing any more is gone from the draft.
func TestAfterARefusalTheDraftSpendsWhatCheckoutCountsWith(t *testing.T) {
	h, _ := spends(t)
	h.spend(t, "points", "100").want(t, 200)
	page := h.spend(t, "gift", aCard).want(t, 200)
	h.set(func() {
		fresh := h.offerFor(terms{Cart: h.cartID, Country: "DE", Points: 0})
		h.answers = append(h.answers, refuse(problem.QuoteChanged, "Points or a gift card do not reach that far any more.", map[string]any{"quote": fresh}))
	})
	form := page.form(t, "tok_visa")
	form.Set("had", "100")
	form.Set("points", "100")
	h.post(t, "/checkout/orders", form.Encode()).want(t, 409, "Order and pay €12.90", "Please look at the new total").lacks(t, "pays €10.00")
	if h.draft().spends() {
		t.Errorf("%+v", h.draft())
	}
}

// Guests are told that they may sign in, and what they send all the same is not asked for; a shop without loyalty shows none of it.
func TestPointsAndCardsAreShownToCustomersOfAShopThatHasThem(t *testing.T) {
	h := newHouse(t)
	h.reviewed(t).want(t, 200, "Sign in to use points and gift cards").lacks(t, `name="points"`)
	h.spend(t, "points", "5").want(t, 200, "Order and pay")
	h.spend(t, "gift", aCard).want(t, 200, "Order and pay")
	for _, one := range h.termed {
		if one.Points != 0 || len(one.Cards) != 0 {
			t.Errorf("asked for %+v", one)
		}
	}
	plain := newTill(t)
	plain.reviewed(t).lacks(t, "gift card", `name="points"`)
}

func TestADraftHoldsWhatCanHaveBeenTyped(t *testing.T) {
	for name, d := range map[string]draft{
		"points below nothing": {Points: -1}, "too many points": {Points: mostPoints + 1}, "no code": {Gifts: []string{""}},
		"a long code": {Gifts: []string{strings.Repeat("x", longestCode+1)}}, "too many cards": {Gifts: []string{"A", "B", "C", "D"}},
	} {
		if d.sound() {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if !(draft{Points: 5, Gifts: []string{aCard}}).sound() {
		t.Error("what was typed is refused")
	}
}

// The page of an order says what points took off and what gift cards paid of the same total.
func TestThePageOfAnOrderSaysWhatACardPaid(t *testing.T) {
	c := newTill(t)
	c.orders1(t, "tok_visa").want(t, 200, "Thank you").lacks(t, "Gift cards paid", "points take off")
	for due, want := range map[string]string{"2.90": "Gift cards paid €10.00, and €2.90 was left to pay.", "0.00": "Gift cards paid €10.00."} {
		c.set(func() {
			c.spent = &spentOn{100, money{"1.00", "EUR"}, money{"10.00", "EUR"}, money{due, "EUR"}, &money{"4.00", "EUR"}}
		})
		c.post(t, "/cart/items", "sku=LAMP-1&quantity=1")
		c.orders1(t, "tok_visa").want(t, 200, want, "100 points take off €1.00.", "On gift cards again: €4.00", "<dt>Total</dt><dd>€12.90</dd>")
	}
}
