package tax

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

func TestC11AnotherAddressIsAnotherTax(t *testing.T) {
	s := serve(t)
	for _, c := range []struct{ country, net, tax string }{{"DE", "100.00", "19.00"}, {"NL", "98.35", "20.65"}, {"DK", "95.20", "23.80"}, {"DE", "100.00", "19.00"}} {
		if a := s.quote(c.country, true, ""); a.status != 200 || a.Net.Amount != c.net || a.Tax.Amount != c.tax || a.Gross.Amount != "119.00" {
			t.Errorf("%+v: %s", c, a.text)
		}
	}
}

func TestC11AValidVATNumberFreesOfTaxButNotAtHome(t *testing.T) {
	register, asked := vies(t)
	s := serve(t, "VAT_REGISTER_URL", register)
	for _, c := range []struct {
		number, country, tax, stored, reason string
		checked                              bool
	}{
		{"FR40303265045", "FR", "0.00", "FR40303265045", IntraCommunity, true},
		{"fr 40 303 265 045", "FR", "0.00", "FR40303265045", IntraCommunity, true},
		{"DE136695976", "DE", "19.00", "DE136695976", domestic, false},
		{"FR40303265045", "DE", "19.00", "FR40303265045", domestic, false},
		{"FR83404833048", "FR", "20.00", "FR83404833048", notRegistered, true},
		{"ATU12345678", "AT", "20.00", "ATU12345678", unchecked, false},       // the member state is down
		{"NL123456789B01", "NL", "21.00", "NL123456789B01", unchecked, false}, // slow
		{"EL094259216", "GR", "24.00", "EL094259216", unchecked, false},       // the register breaks
	} {
		a := s.quote(c.country, false, `,"vatNumber":"`+c.number+`"`)
		if a.status != 200 || a.Tax.Amount != c.tax || a.VATNumber != c.stored || a.Reason != c.reason || a.VATChecked == nil || *a.VATChecked != c.checked {
			t.Errorf("%+v: %s", c, a.text)
		}
	}
	if n := asked.Load(); n != 5 {
		t.Errorf("the register was asked %d times: once for a number that it knows or does not, and never for one that frees of nothing", n)
	}
	for _, number := range []string{"GR094259216", "DE136695978"} {
		if a := s.quote("AT", false, `,"vatNumber":"`+number+`"`); a.status != 422 || !strings.Contains(a.text, `"#/vatNumber"`) {
			t.Errorf("%s: %s", number, a.text)
		}
	}
	if n := asked.Load(); n != 5 {
		t.Error("the register was asked for a number whose check digit is wrong")
	}
}

func TestC11WithoutARegisterTaxIsTaken(t *testing.T) {
	if a := serve(t).quote("FR", false, `,"vatNumber":"FR40303265045"`); a.Tax.Amount != "20.00" || a.Reason != unchecked || *a.VATChecked {
		t.Errorf("%s", a.text)
	}
}

// C10 b, by the classes of the products.
func TestC10ABasketOfTwoClasses(t *testing.T) {
	s := serve(t)
	for _, sku := range []string{"BOOK", "TEA"} {
		none := s.send("GET", "/api/tax/classes/"+sku, "")
		if a := s.send("PUT", "/api/tax/classes/"+sku, `{"class":"reduced"}`, "If-Match", none.tag); none.Class != Standard || a.status != 200 || a.tag == none.tag {
			t.Fatalf("%s, then %s", none.text, a.text)
		}
	}
	line := func(sku, amount string) string {
		return fmt.Sprintf(`{"id":"of %s","sku":%q,"amount":{"amount":%q,"currency":"EUR"}}`, sku, sku, amount)
	}
	a := s.ask(`{"country":"DE","currency":"EUR","pricesIncludeTax":true,"shipping":{"amount":{"amount":"4.95","currency":"EUR"}},"lines":[` +
		line("BOOK", "12.99") + `,` + line("TEA", "4.49") + `,` + line("PAN", "39.90") + `]}`)
	if a.status != 200 || a.Gross.Amount != "62.33" || a.Net.Amount != "54.18" || len(a.Rates) != 2 || a.Rates[0].Tax.Amount != "1.25" || a.Rates[1].Tax.Amount != "6.90" ||
		a.Shipping[0].Gross.Amount != "1.62" || a.Lines[0].ID != "of BOOK" || a.Lines[0].Rate != "7" {
		t.Errorf("%s", a.text)
	}
	// d of C09: shipping without tax.
	d := s.ask(`{"country":"NL","currency":"EUR","pricesIncludeTax":true,"rounding":"line","shipping":{"amount":{"amount":"4.96","currency":"EUR"},"includesTax":false},"lines":[` +
		line("A", "45.00") + `,` + line("B", "49.00") + `]}`)
	if d.status != 200 || d.Gross.Amount != "100.00" {
		t.Errorf("%s", d.text)
	}
}

func TestAShopChoosesItsUnitOfRounding(t *testing.T) {
	body := `{"country":"DE","currency":"EUR","pricesIncludeTax":true%s,"lines":[{"id":"1","sku":"A","amount":{"amount":"4.99","currency":"EUR"}},{"id":"2","sku":"A","amount":{"amount":"4.99","currency":"EUR"}}]}`
	s := serve(t, "TAX_ROUNDING", "line")
	if a := s.ask(fmt.Sprintf(body, "")); a.Tax.Amount != "1.60" || !strings.Contains(a.text, `"rounding":"line"`) {
		t.Errorf("%s", a.text)
	}
	if a := s.ask(fmt.Sprintf(body, `,"rounding":"rate"`)); a.Tax.Amount != "1.59" || !strings.Contains(a.text, `"rounding":"rate"`) {
		t.Errorf("%s", a.text)
	}
}

func TestARateIsEnteredOnceAndListed(t *testing.T) {
	s := serve(t)
	key, body := []string{"Idempotency-Key", uuid.NewString()}, `{"country":"DE","class":"standard","percent":"20","from":"2099-01-01"}`
	one, again := s.send("POST", root, body, key...), s.send("POST", root, body, key...)
	if one.status != 201 || one.at != root+"/"+one.ID || again.text != one.text {
		t.Fatalf("%+v, then %+v", one, again)
	}
	if got := s.send("GET", one.at, ""); got.text != one.text || got.tag != one.tag {
		t.Errorf("entered %s, read %s", one.text, got.text)
	}
	first := s.send("GET", root+"?country=DE&limit=2", "")
	second := s.send("GET", root+"?country=DE&limit=2&cursor="+first.Next, "")
	if len(first.Items) != 2 || len(second.Items) != 1 || second.Items[0].ID != one.ID || second.Next != "" {
		t.Errorf("%s, then %s", first.text, second.text)
	}
	if a := s.ask(`{"country":"DE","at":"2099-01-01T00:00:00Z","currency":"EUR","pricesIncludeTax":false,"lines":[{"id":"1","sku":"A","amount":{"amount":"100.00","currency":"EUR"}}]}`); a.Tax.Amount != "20.00" {
		t.Errorf("from its day on: %s", a.text)
	}
}

func TestWhatIsRefusedChangesNothing(t *testing.T) {
	s := serve(t)
	key := []string{"Idempotency-Key", uuid.NewString()}
	as := func(token string) []string { return append([]string{"Authorization", token}, key...) }
	quote := func(more, amount, currency string) string {
		return `{"country":"DE","currency":"EUR","pricesIncludeTax":true` + more + `,"lines":[{"id":"1","sku":"A","amount":{"amount":` + amount + `,"currency":"` + currency + `"}}]}`
	}
	for name, c := range map[string]struct {
		status             int
		kind, at           string
		method, path, body string
		header             []string
	}{
		"nobody asks":            {401, "unauthenticated", "", "POST", "/internal/tax/quotes", quote("", `"1.00"`, "EUR"), as("")},
		"another service asks":   {403, "forbidden", "", "POST", "/internal/tax/quotes", quote("", `"1.00"`, "EUR"), as(accesstest.Service(t, "cart"))},
		"another currency":       {422, "invalid", "#/lines/0/amount/currency", "POST", "/internal/tax/quotes", quote("", `"1.00"`, "SEK"), as(s.checkout)},
		"less than nothing":      {422, "invalid", "#/lines/0/amount/amount", "POST", "/internal/tax/quotes", quote("", `"-1.00"`, "EUR"), as(s.checkout)},
		"a number":               {422, "invalid", "#/lines/0/amount/amount", "POST", "/internal/tax/quotes", quote("", `1.00`, "EUR"), as(s.checkout)},
		"shipping of dollars":    {422, "invalid", "#/shipping/amount/currency", "POST", "/internal/tax/quotes", quote(`,"shipping":{"amount":{"amount":"1.00","currency":"USD"}}`, `"1.00"`, "EUR"), as(s.checkout)},
		"too much":               {422, "invalid", "#/lines", "POST", "/internal/tax/quotes", quote(`,"shipping":{"amount":{"amount":"0.01","currency":"EUR"}}`, `"9999999999999.99"`, "EUR"), as(s.checkout)},
		"a country without tax":  {422, "invalid", "#/country", "POST", "/internal/tax/quotes", strings.Replace(quote("", `"1.00"`, "EUR"), "DE", "US", 1), as(s.checkout)},
		"no such rounding":       {422, "invalid", "#/rounding", "POST", "/internal/tax/quotes", quote(`,"rounding":"up"`, `"1.00"`, "EUR"), as(s.checkout)},
		"a rate of yesterday":    {422, "invalid", "#/from", "POST", root, `{"country":"DE","class":"standard","percent":"20","from":"2026-01-01"}`, key},
		"no such class":          {422, "invalid", "#/class", "POST", root, `{"country":"DE","class":"luxury","percent":"20","from":"2099-01-01"}`, key},
		"a class without a tag":  {428, "precondition-required", "", "PUT", "/api/tax/classes/A", `{"class":"reduced"}`, nil},
		"a class of another tag": {412, "stale", "", "PUT", "/api/tax/classes/A", `{"class":"reduced"}`, []string{"If-Match", `"7-x"`}},
		"never entered":          {404, "not-found", "", "GET", root + "/0198c9a5-0000-7000-8000-000000000000", "", nil},
		"a foreign cursor":       {400, "malformed", "query.cursor", "GET", root + "?cursor=x", "", nil},
	} {
		a := s.send(c.method, c.path, c.body, c.header...)
		if a.status != c.status || !strings.Contains(a.text, "urn:emporium:problem:"+c.kind+`"`) || !strings.Contains(a.text, `"`+c.at) {
			t.Errorf("%s: %d %s, want %d %s at %s", name, a.status, a.text, c.status, c.kind, c.at)
		}
	}
}
