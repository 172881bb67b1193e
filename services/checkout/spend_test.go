package checkout

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

const fifty = "FIFT-YFIF-TYFI-FTY2"

// counts answers as loyalty does: points as far as they and the goods reach, cards one after another.
func (w *town) counts(out http.ResponseWriter, r *http.Request) {
	asked := read[loyaltyAsked](w, r)
	body := map[string]any{"cards": []any{}}
	if asked.Points > 0 {
		usable := min(asked.Points, w.points[asked.Customer], asked.Goods.Minor())
		body["points"] = map[string]any{"points": usable, "available": w.points[asked.Customer], "amount": euros(usable)}
	}
	if asked.Total != nil {
		left, list := asked.Total.Minor(), []map[string]any{}
		for _, code := range asked.Cards {
			balance, there := w.cards[code]
			part := min(left, balance)
			one := map[string]any{"active": there}
			if there {
				one["amount"] = euros(part)
			}
			list, left = append(list, one), left-part
		}
		body["cards"], body["left"] = list, euros(left)
		w.known = asked.Known
	}
	clienttest.JSON(out, 200, body)
}

// spends holds as loyalty does: all or nothing, once for a key.
func (w *town) spends(out http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Idempotency-Key")
	body, there := w.made[key]
	if !there {
		asked := read[struct {
			Saga     uuid.UUID
			Customer string
			Points   int64
			Cards    []payer
		}](w, r)
		sent, _ := json.Marshal(asked)
		w.sent[r.URL.Path] = string(sent)
		parts, short := []map[string]any{}, asked.Points > w.points[asked.Customer]
		for _, c := range asked.Cards {
			short = short || c.Amount.Minor() > w.cards[c.Code] || c.Amount.Sign() <= 0
			parts = append(parts, map[string]any{"card": uuid.NewString(), "amount": c.Amount, "back": euros(0)})
		}
		if short {
			problemOf(409, "conflict", "#/cards/0")(out)
			return
		}
		w.points[asked.Customer] -= asked.Points
		for _, c := range asked.Cards {
			w.cards[c.Code] -= c.Amount.Minor()
		}
		body, _ = json.Marshal(map[string]any{"id": uuid.NewString(), "saga": asked.Saga, "state": "reserved", "points": asked.Points, "cards": parts})
		w.made[key] = body
	}
	clienttest.JSON(out, 201, body)
}

// serveLoyal is a shop with loyalty in which anna is signed in, who has 500 points and a card of 50.00. Goods are sent for nothing.
func serveLoyal(t *testing.T, environment ...string) *shop {
	t.Helper()
	accesstest.Customer(t, "anna")
	w := settle(t)
	w.points["anna"], w.cards[fifty] = 500, 5000
	s := serveIn(t, w, append([]string{"LOYALTY_URL", w.loyalty, "SHOP_JWKS", accesstest.JWKS(), "SHIPPING_PRICE", "0.00 EUR"}, environment...)...)
	s.who = "anna"
	return s
}

func TestWhatIsReadOfLoyaltyIsPromised(t *testing.T) {
	clienttest.Reads[loyaltyBody](t, "../loyalty/openapi.json", "POST /internal/loyalty/quotes")
	clienttest.Reads[idBody](t, "../loyalty/openapi.json", "POST /internal/loyalty/holds")
}

// C45: 500 points on 20.00 leave 15.00, of which 12.61 is net: points are a discount before tax.
func TestC45PointsAreADiscountBeforeTax(t *testing.T) {
	s := serveLoyal(t)
	s.change(func() { s.cart, s.price = map[string]int{"A": 1}, 2000 })
	q := s.quote(map[string]any{"points": 500})
	var got Quote
	if err := json.Unmarshal([]byte(q.text), &got); err != nil || q.status != 201 {
		t.Fatal(q.text, err)
	}
	if got.Total != euros(1500) || got.Net != euros(1261) || got.Discount != euros(500) || got.Points == nil || *got.Points != (Points{500, euros(500)}) || got.Due != nil {
		t.Errorf("%s", q.text)
	}
	o := s.post(root+"/orders", orderOf(q.ID, q.Hash), uuid.NewString())
	if o.status != 201 || o.Total != euros(1500) || s.points["anna"] != 0 || s.live("loyalty") != 1 {
		t.Errorf("%d %s; %d points are left", o.status, o.text, s.points["anna"])
	}
	if sent := s.last("/internal/payments/authorizations"); !strings.Contains(sent, `"amount":{"amount":"15.00"`) {
		t.Errorf("the provider is asked for %s", sent)
	}
	if sent := s.last("/internal/orders"); !strings.Contains(sent, `"off":{"amount":"5.00","currency":"EUR"},"points":500`) || !strings.Contains(sent, `"cards":{"amount":"0.00"`) {
		t.Errorf("orders is told %s", sent)
	}
}

// R3, R4: the points are spread over the lines after coupons, by largest remainder; the shares make the amount, and no line goes below nothing.
func TestC45PointsAreSpreadOverTheLines(t *testing.T) {
	for name, c := range map[string]struct {
		lines []int64
		off   int64
		want  []int64
	}{
		"10.00 and 20.00": {[]int64{1000, 2000}, 500, []int64{833, 1667}}, "three alike": {[]int64{500, 500, 500}, 200, []int64{433, 433, 434}},
		"one is for nothing": {[]int64{0, 1000}, 1000, []int64{0, 0}}, "none": {[]int64{1000}, 0, []int64{1000}}, "all for nothing": {[]int64{0}, 0, []int64{0}},
	} {
		b, sum := promotionsBody{Discount: euros(7)}, int64(0)
		for _, l := range c.lines {
			b.Lines = append(b.Lines, struct {
				ID     string      `json:"id"`
				Amount money.Money `json:"amount"`
			}{"", euros(l)})
			sum += l
		}
		b.Goods = euros(sum)
		if err := b.less(euros(c.off)); err != nil || b.Goods != euros(sum-c.off) || b.Discount != euros(7+c.off) {
			t.Errorf("%s: %+v %v", name, b, err)
		}
		for n, want := range c.want {
			if b.Lines[n].Amount != euros(want) {
				t.Errorf("%s: line %d is %s, want %d", name, n, b.Lines[n].Amount, want)
			}
		}
	}
	b := promotionsBody{Goods: euros(100), Discount: euros(0)}
	for _, wrong := range []money.Money{euros(101), euros(-1), money.New(1, "SEK")} {
		if err := b.less(wrong); err == nil {
			t.Errorf("%s off 1.00", wrong)
		}
	}
}

// R6: from which total sending is free looks at goods after all discounts, points among them, and before gift cards.
func TestR6ShippingIsAskedForGoodsAfterPointsAndBeforeCards(t *testing.T) {
	accesstest.Customer(t, "anna")
	w := settle(t)
	w.ways, w.points["anna"], w.cards[fifty] = map[string]int64{"standard": 490}, 500, 5000
	s := serveIn(t, w, "LOYALTY_URL", w.loyalty, "SHOP_JWKS", accesstest.JWKS(), "SHIPPING_URL", w.shipping)
	s.who = "anna"
	s.change(func() { s.cart, s.price = map[string]int{"A": 1}, 5200 })
	if q := s.quote(map[string]any{"points": 300}); q.Total != euros(4900+490) {
		t.Errorf("52.00 less 300 points: %s", q.text)
	}
	if q := s.quote(map[string]any{"cards": []string{fifty}}); q.Total != euros(5200) || !strings.Contains(q.text, `"due":{"amount":"2.00"`) {
		t.Errorf("52.00 by a card of 50.00: %s", q.text)
	}
}

// C44 by its numbers: 32.50 of a card of 50.00 leaves 17.50; of 30.00 the provider is asked for 12.50. Tax and total are the same without it.
func TestC44AGiftCardIsUsedInParts(t *testing.T) {
	s := serveLoyal(t)
	for _, c := range []struct{ price, due, left int64 }{{3250, 0, 1750}, {3000, 1250, 0}} {
		s.change(func() { s.cart, s.price = map[string]int{"A": 1}, c.price })
		plain, q := s.quote(nil), s.quote(map[string]any{"cards": []string{fifty}})
		var with, without Quote
		_, _ = json.Unmarshal([]byte(q.text), &with), json.Unmarshal([]byte(plain.text), &without)
		if with.Total != without.Total || with.Tax != without.Tax || with.Total != euros(c.price) || with.due() != euros(c.due) || without.Due != nil {
			t.Errorf("%s\nwithout it %s", q.text, plain.text)
		}
		before, body := s.live("auth"), orderOf(q.ID, q.Hash)
		if c.due == 0 {
			body.Card = "" // nothing is left for it
		}
		if o := s.post(root+"/orders", body, uuid.NewString()); o.status != 201 || o.Total != euros(c.price) || s.cards[fifty] != c.left {
			t.Fatalf("%d %s; %d are left on the card", o.status, o.text, s.cards[fifty])
		}
		if asked := s.live("auth") - before; (asked == 1) != (c.due > 0) {
			t.Errorf("%d payments of %d", asked, c.due)
		}
		sent := s.last("/internal/orders")
		if !strings.Contains(sent, fmt.Sprintf(`"cards":{"amount":"%s"`, euros(c.price-c.due).Amount())) || strings.Contains(sent, `"payment"`) != (c.due > 0) || !strings.Contains(sent, fmt.Sprintf(`"total":{"amount":"%s"`, euros(c.price).Amount())) {
			t.Errorf("orders is told %s", sent)
		}
		if sent := s.last("/internal/payments/authorizations"); c.due > 0 && !strings.Contains(sent, `"amount":{"amount":"12.50"`) {
			t.Errorf("the provider is asked for %s", sent)
		}
	}
	s.change(func() { s.cards[fifty] = 5000 })
	q := s.quote(map[string]any{"cards": []string{fifty}, "points": 500})
	s.change(func() { s.cards["OTHE-ROTH-EROT-HER2"] = 5000; s.price = 6000 })
	if two := s.quote(map[string]any{"cards": []string{fifty, "OTHE-ROTH-EROT-HER2"}}); !strings.Contains(two.text, `"amount":{"amount":"50.00"`) || !strings.Contains(two.text, `"amount":{"amount":"10.00"`) {
		t.Errorf("two cards of 50.00 on 60.00: %s", two.text)
	}
	body := orderOf(q.ID, q.Hash)
	if no := s.post(root+"/orders", body, uuid.NewString()); no.status != 409 || no.Quote == nil || len(s.effects()) == 0 {
		t.Errorf("the price rose: %d %s", no.status, no.text)
	}
}

// C44: of two orders at once with one card, one has it. The other is told, charged for nothing, and offered a quote without it.
func TestC44WhoIsLateGetsAQuoteWithoutTheCard(t *testing.T) {
	s := serveLoyal(t)
	s.change(func() { s.cart, s.price = map[string]int{"A": 1}, 5000 })
	for name, c := range map[string]struct {
		ask  map[string]any
		take func()
	}{
		"the card":   {map[string]any{"cards": []string{fifty}}, func() { s.cards[fifty] = 0 }},
		"the points": {map[string]any{"points": 500}, func() { s.points["anna"] = 0 }},
	} {
		s.change(func() { s.points["anna"], s.cards[fifty] = 500, 5000 })
		q := s.quote(c.ask)
		s.change(func() {
			s.refuses[loyaltyHolds] = func(http.ResponseWriter) bool { c.take(); return false } // another checkout is faster, at the last moment
		})
		no := s.post(root+"/orders", orderOf(q.ID, q.Hash), uuid.NewString())
		if no.status != 409 || !strings.HasSuffix(no.Type, "quote-changed") || no.Quote == nil || no.Quote.due() != euros(5000) {
			t.Errorf("%s: %d %s", name, no.status, no.text)
		}
		for _, end := range []string{"hold", "loyalty", "auth", "order"} {
			if n := s.live(end); n != 0 {
				t.Errorf("%s: %d of %s are left", name, n, end)
			}
		}
		s.change(func() { delete(s.refuses, loyaltyHolds) })
	}
	// Who was faster already is seen before anything is held.
	s.change(func() { s.points["anna"] = 500 })
	q := s.quote(map[string]any{"points": 500})
	before := len(s.effects())
	s.change(func() { s.points["anna"] = 100 })
	if no := s.post(root+"/orders", orderOf(q.ID, q.Hash), uuid.NewString()); no.status != 409 || no.Quote == nil || no.Quote.spent() != 100 || len(s.effects()) != before {
		t.Errorf("%d %s", no.status, no.text)
	}
}

// A payment that is declined gives points and card back.
func TestC44WhatWasHeldComesBackWhenThePaymentIsDeclined(t *testing.T) {
	s := serveLoyal(t)
	s.change(func() {
		s.cart, s.price = map[string]int{"A": 1}, 7000
		s.refuses["/internal/payments/authorizations"] = problemOf(409, "payment-declined", "#/card")
	})
	q := s.quote(map[string]any{"points": 500, "cards": []string{fifty}})
	if no := s.post(root+"/orders", orderOf(q.ID, q.Hash), uuid.NewString()); no.status != 409 || !strings.HasSuffix(no.Type, "payment-declined") || s.live("loyalty") != 0 || s.live("hold") != 0 {
		t.Errorf("%d %s; %d are held", no.status, no.text, s.live("loyalty"))
	}
	if !slices.ContainsFunc(s.effects(), func(one string) bool {
		return strings.HasPrefix(one, "POST "+loyaltyHolds) && strings.HasSuffix(one, "/release")
	}) {
		t.Errorf("nothing was released: %v", s.effects())
	}
}

// More points than at the time of the quote change nothing: nobody is refused because he earned some.
func TestPointsThatCameLaterAreNotSpent(t *testing.T) {
	s := serveLoyal(t)
	q := s.quote(map[string]any{"points": 900})
	s.change(func() { s.points["anna"] = 900 })
	if o := s.post(root+"/orders", orderOf(q.ID, q.Hash), uuid.NewString()); o.status != 201 || o.Total != euros(2500) || s.points["anna"] != 400 {
		t.Errorf("%d %s; %d points are left", o.status, o.text, s.points["anna"])
	}
}

func TestPointsAndCardsAreForWhoIsSignedIn(t *testing.T) {
	s := serveLoyal(t)
	q := s.quote(map[string]any{"points": 100, "cards": []string{fifty}})
	if strings.Contains(q.text, fifty) || !strings.Contains(q.text, `"ending":"FTY2"`) {
		t.Errorf("the answer has the code: %s", q.text)
	}
	if res, text := s.Whole(t, "GET", q.at, ""); res.StatusCode != 200 || strings.Contains(string(text), fifty) {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	for _, who := range []string{"", "ben"} {
		s.who = who
		if no := s.post(root+"/orders", orderOf(q.ID, q.Hash), uuid.NewString()); no.status != 404 || strings.Contains(no.text, fifty) || len(s.effects()) != 0 {
			t.Errorf("%q orders anna's quote: %d %s", who, no.status, no.text)
		}
	}
	s.who = ""
	for pointer, ask := range map[string]map[string]any{"#/points": {"points": 1}, "#/cards": {"cards": []string{fifty}}} {
		if no := s.quote(ask); no.status != 401 || len(no.Errors) != 1 || no.Errors[0].Pointer != pointer {
			t.Errorf("%s of nobody: %d %s", pointer, no.status, no.text)
		}
	}
	if plain := s.quote(map[string]any{"points": 0, "cards": []string{}}); plain.status != 201 {
		t.Errorf("%d %s", plain.status, plain.text)
	}
}

// A wrong card pays nothing, holds nothing up, and is not asked about again: that would count as another guess.
func TestC42AWrongCardPaysNothing(t *testing.T) {
	s := serveLoyal(t)
	q := s.quote(map[string]any{"cards": []string{"WRON-GWRO-NGWR-ONG2", fifty, "X"}})
	if !strings.Contains(q.text, `{"ending":"ONG2","active":false,"amount":{"amount":"0.00","currency":"EUR"}}`) || !strings.Contains(q.text, `"due":{"amount":"0.00"`) || !strings.Contains(q.text, `"ending":"…"`) || len(s.known) != 0 {
		t.Fatalf("%s", q.text)
	}
	if o := s.post(root+"/orders", orderOf(q.ID, q.Hash), uuid.NewString()); o.status != 201 || s.cards[fifty] != 2000 || !slices.Equal(s.known, []string{fifty}) {
		t.Errorf("%d %s; known were %v", o.status, o.text, s.known)
	}
	s.change(func() {
		s.refuses["/internal/loyalty/quotes"] = func(out http.ResponseWriter) bool { clienttest.Problem(out, 429); return true }
	})
	if no := s.quote(map[string]any{"cards": []string{"WRONG"}}); no.status != 429 || no.retryAfter == "" || len(no.Errors) != 1 || no.Errors[0].Pointer != "#/cards" {
		t.Errorf("%d %s", no.status, no.text)
	}
	for theirs, ours := range map[string]string{"#/cards/1": "#/cards/1", "#/total/currency": "#/cards", "#/goods": "#/points"} {
		s.change(func() { s.refuses["/internal/loyalty/quotes"] = problemOf(422, "invalid", theirs) })
		ask := map[string]any{"cards": []string{fifty, fifty}}
		if ours == "#/points" {
			ask = map[string]any{"points": 1}
		}
		if no := s.quote(ask); no.status != 422 || len(no.Errors) != 1 || no.Errors[0].Pointer != ours {
			t.Errorf("%s: %d %s", theirs, no.status, no.text)
		}
	}
}

// Loyalty is optional: where it is away, or not there, who wants nothing of it buys as ever, and who does is told the way out.
func TestAShopWithoutLoyaltySellsWithoutIt(t *testing.T) {
	s, none := serveLoyal(t), serveLoyal(t, "LOYALTY_URL", "")
	s.change(func() {
		s.refuses["/internal/loyalty/quotes"] = func(out http.ResponseWriter) bool { clienttest.Problem(out, 503); return true }
	})
	for name, shop := range map[string]*shop{"away": s, "not there": none} {
		for _, ask := range []map[string]any{{"points": 1}, {"cards": []string{fifty}}} {
			if no := shop.quote(ask); no.status != 503 || no.retryAfter == "" || !strings.Contains(no.text, "Leave points and cards out") {
				t.Errorf("%s: %d %s", name, no.status, no.text)
			}
		}
		q := shop.quote(nil)
		if o := shop.post(root+"/orders", orderOf(q.ID, q.Hash), uuid.NewString()); o.status != 201 || shop.live("loyalty") != 0 || strings.Contains(shop.last("/internal/orders"), "spent") {
			t.Errorf("%s: %d %s", name, o.status, o.text)
		}
	}
	o, a := &others{}, begun(offered(t), uuid.New())
	if got := o.call(t.Context(), a, Action{Call, Spend}); got.Answer != No || got.Refusal.Kind != "quote-changed" {
		t.Errorf("a shop that lost loyalty holds: %+v", got)
	}
	if got := o.call(t.Context(), a, Action{Undo, Spend}); got.Answer != Away {
		t.Errorf("a shop that lost loyalty releases: %+v", got)
	}
}

// Whatever loyalty answers, no more is taken off than there is, and what cards pay and what is left make the total.
func TestAnAnswerOfLoyaltyThatDoesNotFitIsNone(t *testing.T) {
	s := serveLoyal(t)
	for name, c := range map[string]struct {
		ask    map[string]any
		answer string
	}{
		"more points than goods": {map[string]any{"points": 1}, `{"points":{"points":3001,"available":9000,"amount":{"amount":"30.01","currency":"EUR"}},"cards":[]}`},
		"nothing of points":      {map[string]any{"points": 1}, `{"cards":[]}`},
		"a card fewer":           {map[string]any{"cards": []string{fifty}}, `{"cards":[],"left":{"amount":"30.00","currency":"EUR"}}`},
		"more than the total":    {map[string]any{"cards": []string{fifty}}, `{"cards":[{"active":true,"amount":{"amount":"31.00","currency":"EUR"}}],"left":{"amount":"-1.00","currency":"EUR"}}`},
		"a sum that is none":     {map[string]any{"cards": []string{fifty}}, `{"cards":[{"active":true,"amount":{"amount":"10.00","currency":"EUR"}}],"left":{"amount":"10.00","currency":"EUR"}}`},
		"a card below nothing":   {map[string]any{"cards": []string{fifty}}, `{"cards":[{"active":true,"amount":{"amount":"-1.00","currency":"EUR"}}],"left":{"amount":"31.00","currency":"EUR"}}`},
		"nothing is said left":   {map[string]any{"cards": []string{fifty}}, `{"cards":[{"active":true,"amount":{"amount":"30.00","currency":"EUR"}}]}`},
	} {
		s.change(func() {
			s.refuses["/internal/loyalty/quotes"] = func(out http.ResponseWriter) bool {
				clienttest.JSON(out, 200, json.RawMessage(c.answer))
				return true
			}
		})
		if no := s.quote(c.ask); no.status != 503 {
			t.Errorf("%s: %d %s", name, no.status, no.text)
		}
	}
}

// What changes who pays how much is another quote; what does nothing is not.
func TestPointsAndCardsAreInTheHash(t *testing.T) {
	base, seen := offered(t), map[string]string{}
	due := euros(1970)
	for name, change := range map[string]func(*Quote){
		"plain": func(*Quote) {}, "points": func(q *Quote) { q.Points = &Points{5, euros(5)} }, "more points": func(q *Quote) { q.Points = &Points{6, euros(6)} },
		"a card": func(q *Quote) { q.GiftCards, q.Due = []GiftCard{{"ABCD", true, euros(1000)}}, &due },
	} {
		q := base
		change(&q)
		q, err := q.sealed()
		if other, twice := seen[q.Hash]; twice || err != nil {
			t.Errorf("%s has the hash of %s (%v)", name, other, err)
		}
		seen[q.Hash] = name
	}
	whole := base.Total
	base.Points, base.GiftCards, base.Due = &Points{0, euros(0)}, []GiftCard{{"ABCD", false, euros(0)}}, &whole
	if q, err := base.sealed(); err != nil || seen[q.Hash] != "plain" {
		t.Errorf("what does nothing makes another quote (%v)", err)
	}
}

// Codes are money: they are kept until the quote is over and nobody places its order any more, and not longer.
func TestCodesAreForgottenWhenNobodyNeedsThem(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	left := func(state State) (n int) {
		t.Helper()
		q := offered(t)
		q.spends = spends{Customer: "anna", Codes: []string{fifty}}
		if err := postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) error { return keep(t.Context(), tx, q) }); err != nil {
			t.Fatal(err)
		}
		if got, err := s.quote(t.Context(), q.ID); err != nil || got.spends.Customer != "anna" || !slices.Equal(got.spends.Codes, q.spends.Codes) {
			t.Errorf("read again: %+v (%v)", got.spends, err)
		}
		if state != "" {
			if _, err := s.db.Exec(t.Context(), `INSERT INTO checkout.sagas (id, quote, state, progress, request) VALUES ($1, $2, $3, '{}', '{}')`, uuid.New(), q.ID, state); err != nil {
				t.Fatal(err)
			}
		}
		for _, before := range []time.Time{q.ExpiresAt, q.ExpiresAt.Add(time.Second)} {
			if err := s.forgetCodes(t.Context(), before); err != nil {
				t.Fatal(err)
			}
			var there bool
			if err := s.db.QueryRow(t.Context(), `SELECT spends IS NOT NULL FROM checkout.quotes WHERE id = $1`, q.ID).Scan(&there); err != nil {
				t.Fatal(err)
			}
			if there {
				n++
			}
		}
		return n
	}
	for state, want := range map[State]int{"": 1, Placed: 1, Gone: 1, Forward: 2, Back: 2, Closing: 2} {
		if n := left(state); n != want {
			t.Errorf("of a saga %q they are there %d times of two, want %d", state, n, want)
		}
	}
}
