package promotions

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

const tenEuros = `"off":{"amount":"10.00","currency":"EUR"}`

func TestAQuoteTakesOffWhatTheShopSays(t *testing.T) {
	s := serve(t)
	s.coupon(`"code":"ten","percent":"10"`)
	s.coupon(`"code":"FIVE","off":{"amount":"5.00","currency":"EUR"},"minimum":{"amount":"40.00","currency":"EUR"}`)
	rule := s.send("POST", rulesRoot, `{"name":"Summer","percent":"20","skus":["A"]}`, "Idempotency-Key", uuid.NewString())
	if got := s.send("GET", rule.at, ""); rule.status != 201 || got.text != rule.text || got.tag != rule.tag {
		t.Fatalf("made %s, read %s", rule.text, got.text)
	}
	a := s.quote("50.00", `,"coupons":["five","TEN"],"shipping":{"amount":"4.90","currency":"EUR"}`)
	if a.status != 200 || a.Goods.Amount != "31.00" || a.Discount.Amount != "19.00" || a.Coupons[0].Amount.Amount != "5.00" || a.Coupons[1].Amount.Amount != "4.00" || !a.Coupons[0].Active || a.Coupons[0].Code != "five" {
		t.Errorf("%s", a.text)
	}
}

// C42: of what is entered first nobody learns why it is not valid; of what was valid before, everybody does.
func TestC42WhyACodeIsNotValidIsToldOfKnownOnesAlone(t *testing.T) {
	s := serve(t)
	s.coupon(`"code":"LATER","percent":"10","validFrom":"2099-01-01"`)
	s.coupon(`"code":"THEIRS","percent":"10","customer":"ben"`)
	s.coupon(`"code":"DEAR","percent":"10","minimum":{"amount":"100.00","currency":"EUR"}`)
	s.coupon(`"code":"USED","uses":1,` + tenEuros)
	s.redeem("USED", uuid.NewString(), uuid.NewString(), "")
	reasons := map[string]Reason{"LATER": Expired, "THEIRS": NotYours, "DEAR": BelowMinimum, "USED": UsedUp, "NONE": Unknown}
	var first string
	for code, reason := range reasons {
		entered := s.quote("50.00", `,"caller":"`+code+`","coupons":["`+code+`"]`)
		text := strings.ReplaceAll(entered.text, code, "…")
		if first == "" {
			first = text
		}
		if entered.status != 200 || text != first || entered.Coupons[0].Reason != string(NotValid) {
			t.Errorf("%s is told apart: %s", code, entered.text)
		}
		known := s.quote("50.00", `,"coupons":["`+code+`"],"known":["`+strings.ToLower(code)+`"]`)
		if known.Coupons[0].Active || known.Coupons[0].Reason != string(reason) || known.Goods.Amount != "50.00" {
			t.Errorf("%s: %s, want %s", code, known.text, reason)
		}
	}
}

func TestC42TheEleventhWrongCodeInAMinute(t *testing.T) {
	one := serve(t)
	two := serve(t, "DATABASE_URL", one.DatabaseURL())
	one.coupon(`"code":"TEN","percent":"10"`)
	for n := range 10 {
		if a := []*shop{one, two}[n%2].quote("50.00", fmt.Sprintf(`,"caller":"cart-1","coupons":["GUESS-%d"]`, n)); a.status != 200 {
			t.Fatalf("wrong code %d: %s", n+1, a.text)
		}
	}
	for _, code := range []string{"GUESS-10", "TEN"} { // a right one is not told apart, either
		for _, s := range []*shop{one, two} {
			if a := s.quote("50.00", `,"caller":"cart-1","coupons":["`+code+`"]`); a.status != 429 || a.after == "" || !strings.Contains(a.text, "too-many-requests") {
				t.Errorf("%s after ten wrong ones: %d %s", code, a.status, a.text)
			}
		}
	}
	for name, more := range map[string]string{"somebody else": `,"caller":"cart-2","coupons":["TEN"]`, "what is on the cart": `,"caller":"cart-1","coupons":["TEN"],"known":["TEN"]`, "no code": `,"caller":"cart-1"`} {
		if a := one.quote("50.00", more); a.status != 200 {
			t.Errorf("%s: %s", name, a.text)
		}
	}
}

// C07 over HTTP: fifty checkouts over two replicas, and the winner's request again.
func TestC07FiftyCheckoutsOverTwoReplicas(t *testing.T) {
	one := serve(t)
	two := serve(t, "DATABASE_URL", one.DatabaseURL())
	for round := range 20 {
		code := fmt.Sprintf("ONCE-%d", round)
		at := one.coupon(`"code":"` + code + `","uses":1,` + tenEuros)
		var won atomic.Pointer[[2]string]
		var all sync.WaitGroup
		for n := range 50 {
			all.Go(func() {
				saga, key := uuid.NewString(), uuid.NewString()
				switch a := []*shop{one, two}[n%2].redeem(code, saga, key, ""); {
				case a.status == 201:
					if won.Swap(&[2]string{saga, key}) != nil {
						t.Error("two won")
					}
				case a.status != 409 || !strings.Contains(a.text, `"#/coupons/0"`):
					t.Errorf("%d %s", a.status, a.text)
				}
			})
		}
		all.Wait()
		winner := won.Load()
		if winner == nil {
			t.Fatal("nobody won")
		}
		again := two.redeem(code, winner[0], winner[1], "")
		if other := one.redeem(code, winner[0], uuid.NewString(), ""); other.status != 409 {
			t.Errorf("the same checkout by another key: %d %s", other.status, other.text)
		}
		if c := one.send("GET", at, ""); again.status != 201 || again.State != string(Reserved) || c.Used != 1 {
			t.Fatalf("round %d: %s, uses %d", round, again.text, c.Used)
		}
	}
}

// C08: a checkout that is undone gives back, whatever is repeated.
func TestC08ACheckoutThatIsUndoneGivesBack(t *testing.T) {
	s := serve(t)
	at := s.coupon(`"code":"ONCE","uses":1,` + tenEuros)
	used := func() int64 { return s.send("GET", at, "").Used }
	first := s.redeem("ONCE", uuid.NewString(), uuid.NewString(), "")
	for range 2 {
		if a := s.step(first.ID, "release", ""); a.status != 200 || a.State != string(Released) || used() != 0 {
			t.Fatalf("%s, uses %d", a.text, used())
		}
	}
	order := `{"order":"` + uuid.NewString() + `"}`
	if a := s.step(first.ID, "commit", order); a.status != 409 {
		t.Errorf("committed after it was released: %s", a.text)
	}
	second := s.redeem("ONCE", uuid.NewString(), uuid.NewString(), "")
	for range 2 {
		if a := s.step(second.ID, "commit", order); a.status != 200 || a.State != string(Committed) || used() != 1 {
			t.Fatalf("%s, uses %d", a.text, used())
		}
	}
	for what, body := range map[string]string{"release": "", "commit": `{"order":"` + uuid.NewString() + `"}`} {
		if a := s.step(second.ID, what, body); a.status != 409 || used() != 1 {
			t.Errorf("%s of what an order has: %s", what, a.text)
		}
	}
	if a := s.send("GET", second.at, "", "Authorization", s.checkout); a.status != 200 || a.Order == "" {
		t.Errorf("%s", a.text)
	}
}

func TestCouponsAreListedInTheirOrder(t *testing.T) {
	s := serve(t)
	s.coupon(`"code":"ONE","percent":"1"`)
	s.coupon(`"code":"TWO","percent":"2"`)
	first := s.send("GET", couponsRoot+"?limit=1", "")
	second := s.send("GET", couponsRoot+"?limit=1&cursor="+first.Next, "")
	if len(first.Items) != 1 || first.Items[0].Code != "ONE" || len(second.Items) != 1 || second.Items[0].Code != "TWO" || second.Next != "" {
		t.Errorf("%s, then %s", first.text, second.text)
	}
}

func TestWhatIsRefusedChangesNothing(t *testing.T) {
	s := serve(t)
	s.coupon(`"code":"TEN","percent":"10"`)
	s.coupon(`"code":"EACH","perCustomer":1,` + tenEuros)
	key := []string{"Idempotency-Key", uuid.NewString()}
	as := func(token string) []string { return append([]string{"Authorization", token}, key...) }
	redeem := func(coupons string) string { return `{"saga":"` + uuid.NewString() + `","coupons":[` + coupons + `]}` }
	const ten = `{"code":"TEN","amount":{"amount":"1.00","currency":"EUR"}}`
	none := redemptions + "/0198c9a5-0000-7000-8000-000000000000"
	for name, c := range map[string]struct {
		status             int
		kind, at           string
		method, path, body string
		header             []string
	}{
		"nobody asks":            {401, "unauthenticated", "", "POST", "/internal/promotions/quotes", `{}`, as("")},
		"another service asks":   {403, "forbidden", "", "POST", "/internal/promotions/quotes", `{}`, as(accesstest.Service(t, "cart"))},
		"no key":                 {400, "malformed", "header.Idempotency-Key", "POST", redemptions, redeem(ten), []string{"Authorization", s.checkout}},
		"another currency":       {422, "invalid", "#/lines/0/amount/currency", "POST", "/internal/promotions/quotes", `{"currency":"SEK","lines":[{"id":"1","sku":"A","quantity":1,"amount":{"amount":"1.00","currency":"EUR"}}]}`, as(s.checkout)},
		"less than nothing":      {422, "invalid", "#/lines/0/amount/amount", "POST", "/internal/promotions/quotes", `{"currency":"EUR","lines":[{"id":"1","sku":"A","quantity":1,"amount":{"amount":"-1.00","currency":"EUR"}}]}`, as(s.checkout)},
		"half a piece":           {422, "invalid", "#/lines/0/quantity", "POST", "/internal/promotions/quotes", `{"currency":"EUR","lines":[{"id":"1","sku":"A","quantity":1.5,"amount":{"amount":"1.00","currency":"EUR"}}]}`, as(s.checkout)},
		"more than can be":       {422, "invalid", "#/lines", "POST", "/internal/promotions/quotes", `{"currency":"EUR","lines":[{"id":"1","sku":"A","quantity":1,"amount":{"amount":"9999999999999.99","currency":"EUR"}},{"id":"2","sku":"B","quantity":1,"amount":{"amount":"0.01","currency":"EUR"}}]}`, as(s.checkout)},
		"a coupon twice":         {422, "invalid", "#/coupons/1/code", "POST", redemptions, redeem(ten + `,{"code":" ten","amount":{"amount":"2.00","currency":"EUR"}}`), as(s.checkout)},
		"a negative share":       {422, "invalid", "#/coupons/0/amount/amount", "POST", redemptions, redeem(`{"code":"TEN","amount":{"amount":"-1.00","currency":"EUR"}}`), as(s.checkout)},
		"no such coupon":         {409, "conflict", "#/coupons/1", "POST", redemptions, redeem(ten + `,{"code":"AAA","amount":{"amount":"1.00","currency":"EUR"}}`), as(s.checkout)},
		"whose is it":            {422, "invalid", "#/email", "POST", redemptions, redeem(`{"code":"EACH","amount":{"amount":"1.00","currency":"EUR"}}`), as(s.checkout)},
		"never redeemed":         {404, "not-found", "", "POST", none + "/release", "", as(s.checkout)},
		"never redeemed, commit": {404, "not-found", "", "POST", none + "/commit", `{"order":"0198c9a5-0000-7000-8000-000000000000"}`, as(s.checkout)},
		"a code that is there":   {409, "conflict", "", "POST", couponsRoot, `{"code":"ten","percent":"10"}`, key},
		"both":                   {422, "invalid", "#", "POST", couponsRoot, `{"code":"X","percent":"10",` + tenEuros + `}`, key},
		"more than all":          {422, "invalid", "#/percent", "POST", couponsRoot, `{"code":"X","percent":"101"}`, key},
		"two words":              {422, "invalid", "#/code", "POST", couponsRoot, `{"code":"X Y","percent":"1"}`, key},
		"no day":                 {422, "invalid", "#/validUntil", "POST", couponsRoot, `{"code":"X","percent":"1","validUntil":"2026-02-30"}`, key},
		"a foreign cursor":       {400, "malformed", "query.cursor", "GET", couponsRoot + "?cursor=x", "", nil},
	} {
		a := s.send(c.method, c.path, c.body, c.header...)
		if a.status != c.status || !strings.Contains(a.text, "urn:emporium:problem:"+c.kind+`"`) || !strings.Contains(a.text, `"`+c.at) {
			t.Errorf("%s: %d %s, want %d %s at %s", name, a.status, a.text, c.status, c.kind, c.at)
		}
	}
	if list := s.send("GET", couponsRoot, ""); len(list.Items) != 2 || strings.Contains(list.text, `"used":1`) {
		t.Errorf("a refusal used something: %s", list.text)
	}
}

// C42: of many at once not one more is let through, over all replicas; and of several in one request each counts.
func TestC42WrongCodesAtOnceAndTogether(t *testing.T) {
	one := serve(t)
	two := serve(t, "DATABASE_URL", one.DatabaseURL())
	var let atomic.Int32
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			if a := []*shop{one, two}[n%2].quote("50.00", fmt.Sprintf(`,"caller":"cart-1","coupons":["GUESS-%d"]`, n)); a.status == 200 {
				let.Add(1)
			} else if a.status != 429 {
				t.Errorf("%d %s", a.status, a.text)
			}
		})
	}
	if all.Wait(); let.Load() != 10 {
		t.Errorf("%d wrong codes in a minute", let.Load())
	}
	for n, want := range []int{200, 429, 429} {
		if a := one.quote("50.00", `,"caller":"cart-2","coupons":["A","B","C","D","E","F","G"]`); a.status != want {
			t.Errorf("request %d of seven wrong codes: %d %s", n, a.status, a.text)
		}
	}
}
