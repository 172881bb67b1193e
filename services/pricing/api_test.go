package pricing

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

// C19: Germany, Austria and Sweden.
func TestC19NothingIsConverted(t *testing.T) {
	s := serve(t)
	s.enter("A", "EUR", "3.99", "")
	s.enter("A", "EUR-AT", "4.29", "")
	s.enter("A", "SEK", "39.00", "")
	s.enter("B", "EUR", "10.00", "")
	for body, want := range map[string]string{
		`{"currency":"EUR","country":"DE","skus":["A","B"]}`: "A 3.99 EUR, B 10.00 EUR, missing ",
		`{"currency":"EUR","country":"AT","skus":["B","A"]}`: "B 10.00 EUR, A 4.29 EUR, missing ",
		`{"currency":"SEK","country":"SE","skus":["A","B"]}`: "A 39.00 SEK, missing B",
		`{"currency":"SEK","skus":["B"]}`:                    "missing B",
		`{"currency":"EUR","skus":["A","NONE"]}`:             "A 3.99 EUR, missing NONE",
	} {
		a, got := s.quote(body), ""
		for _, p := range a.Prices {
			got += p.SKU + " " + p.Price.Amount + " " + p.Price.Currency + ", "
		}
		if got += "missing " + strings.Join(a.Missing, " "); a.status != 200 || got != want {
			t.Errorf("%s: %d %s, want %s", body, a.status, got, want)
		}
	}
	if a := s.send("GET", root+"/A?country=AT", "", "Authorization", ""); a.status != 200 || a.Price.Amount != "4.29" || a.ValidFrom == "" {
		t.Errorf("%+v", a)
	}
}

func TestAReductionIsShownWithItsPriorPrice(t *testing.T) {
	s := serve(t)
	s.enter("A", "EUR", "20.00", "")
	sale := s.enter("A", "EUR", "15.00", `,"validUntil":"2099-03-29"`)
	if sale.ValidUntil != "2099-03-29T22:00:00Z" {
		t.Errorf("C03: until all of 29 March is %s", sale.ValidUntil)
	}
	a := s.send("GET", root+"/A", "", "Authorization", "")
	if a.Price.Amount != "15.00" || a.Prior == nil || a.Prior.Amount != "20.00" || a.Percent != "25" || a.ValidUntil != sale.ValidUntil {
		t.Errorf("%s", a.text)
	}
	later := s.quote(`{"currency":"EUR","skus":["A"],"at":"2099-03-29T22:00:00Z"}`)
	if len(later.Prices) != 1 || later.Prices[0].Price.Amount != "20.00" || later.Prices[0].Prior != nil {
		t.Errorf("after the sale: %s", later.text)
	}
	berlin, err := time.LoadLocation("Europe/Berlin") // the shop's days (R11)
	if err != nil {
		t.Fatal(err)
	}
	today := s.enter("B", "EUR", "1.00", `,"validFrom":"`+time.Now().In(berlin).Format(time.DateOnly)+`"`)
	if got := s.send("GET", today.at, ""); got.status != 200 || got.tag != today.tag || got.text != today.text {
		t.Errorf("entered %s, read %s", today.text, got.text)
	}
}

func TestOneKeyEntersOnePrice(t *testing.T) {
	s := serve(t)
	key, body := []string{"Idempotency-Key", uuid.NewString()}, `{"sku":"A","list":"EUR","price":{"amount":"1.00","currency":"EUR"}}`
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if a := s.send("POST", root, body, key...); a.status != 201 && a.status != 409 {
				t.Errorf("%+v", a)
			}
		})
	}
	all.Wait()
	again := s.send("POST", root, body, key...)
	if list := s.send("GET", entries+"?sku=A", ""); again.status != 201 || len(list.Items) != 1 || list.Items[0].ID != again.ID {
		t.Errorf("%+v after %+v", list, again)
	}
}

func TestEntriesAreListedInTheirOrder(t *testing.T) {
	s := serve(t)
	one, two := s.enter("A", "EUR", "1.00", ""), s.enter("B", "EUR", "2.00", "")
	first := s.send("GET", entries+"?limit=1", "")
	second := s.send("GET", entries+"?limit=1&cursor="+first.Next, "")
	if len(first.Items) != 1 || first.Items[0].ID != one.ID || len(second.Items) != 1 || second.Items[0].ID != two.ID || second.Next != "" {
		t.Errorf("%s, then %s", first.text, second.text)
	}
}

func TestWhatIsRefusedChangesNothing(t *testing.T) {
	s := serve(t)
	const price = `"price":{"amount":"1.00","currency":"EUR"}`
	key := []string{"Idempotency-Key", uuid.NewString()}
	as := func(token string) []string { return append([]string{"Authorization", token}, key...) }
	for name, c := range map[string]struct {
		status             int
		kind, at           string
		method, path, body string
		header             []string
	}{
		"nobody enters one":        {401, "unauthenticated", "", "POST", root, `{}`, as("")},
		"a customer enters one":    {403, "forbidden", "", "POST", root, `{}`, as(accesstest.Customer(t, "anna"))},
		"a service enters one":     {403, "forbidden", "", "POST", root, `{}`, as(s.checkout)},
		"staff ask like a service": {403, "forbidden", "", "POST", "/internal/pricing/quotes", `{"currency":"EUR","skus":["A"]}`, nil},
		"no key":                   {400, "malformed", "header.Idempotency-Key", "POST", root, `{"sku":"A","list":"EUR",` + price + `}`, nil},
		"another currency":         {422, "invalid", "#/price/currency", "POST", root, `{"sku":"A","list":"SEK",` + price + `}`, key},
		"C02: a number":            {422, "invalid", "#/price/amount", "POST", root, `{"sku":"A","list":"EUR","price":{"amount":12.9,"currency":"EUR"}}`, key},
		"C02: a digit too many":    {422, "invalid", "#", "POST", root, `{"sku":"A","list":"EUR","price":{"amount":"12.345","currency":"EUR"}}`, key},
		"C02: yen with decimals":   {422, "invalid", "#", "POST", root, `{"sku":"A","list":"JPY","price":{"amount":"80.0","currency":"JPY"}}`, key},
		"C02: a small currency":    {422, "invalid", "#/price/currency", "POST", root, `{"sku":"A","list":"EUR","price":{"amount":"1.00","currency":"eur"}}`, key},
		"less than nothing":        {422, "invalid", "#/price/amount", "POST", root, `{"sku":"A","list":"EUR","price":{"amount":"-1.00","currency":"EUR"}}`, key},
		"for yesterday":            {422, "invalid", "#/validFrom", "POST", root, `{"sku":"A","list":"EUR","validFrom":"2026-01-01",` + price + `}`, key},
		"ended before it began":    {422, "invalid", "#/validUntil", "POST", root, `{"sku":"A","list":"EUR","validUntil":"2026-01-01",` + price + `}`, key},
		"no day":                   {422, "invalid", "#/validUntil", "POST", root, `{"sku":"A","list":"EUR","validUntil":"2026-02-30",` + price + `}`, key},
		"a member too many":        {422, "invalid", "#/prior", "POST", root, `{"sku":"A","list":"EUR","prior":1,` + price + `}`, key},
		"never entered":            {404, "not-found", "", "GET", entries + "/0198c9a5-0000-7000-8000-000000000000", "", nil},
		"no price":                 {404, "not-found", "", "GET", root + "/NONE", "", nil},
		"a foreign cursor":         {400, "malformed", "query.cursor", "GET", entries + "?cursor=x", "", nil},
		"nothing asked for":        {422, "invalid", "#/skus", "POST", "/internal/pricing/quotes", `{"currency":"EUR","skus":[]}`, as(s.checkout)},
		"too much asked for":       {422, "invalid", "#/skus", "POST", "/internal/pricing/quotes", `{"currency":"EUR","skus":["` + strings.Repeat(`A","`, 100) + `B"]}`, as(s.checkout)},
	} {
		a := s.send(c.method, c.path, c.body, c.header...)
		if a.status != c.status || !strings.Contains(a.text, "urn:emporium:problem:"+c.kind+`"`) || !strings.Contains(a.text, `"`+c.at) {
			t.Errorf("%s: %d %s, want %d %s at %s", name, a.status, a.text, c.status, c.kind, c.at)
		}
	}
	if list := s.send("GET", entries, ""); len(list.Items) != 0 {
		t.Errorf("a refusal entered something: %s", list.text)
	}
}
