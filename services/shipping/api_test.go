package shipping

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

const standard = `{"country":"DE","method":"standard","name":"Standard","price":{"amount":"4.90","currency":"EUR"},"freeFrom":{"amount":"50.00","currency":"EUR"}}`

func TestRatesAreMadeReadChangedAndListed(t *testing.T) {
	s := serve(t)
	made := s.post(ratesRoot, standard)
	if got := s.send("GET", made.at, "", "Authorization", ""); made.status != 201 || got.status != 200 || got.text != made.text || got.tag != made.tag {
		t.Fatalf("made %s, read %s", made.text, got.text)
	}
	if a := s.post(ratesRoot, standard); a.status != 409 {
		t.Errorf("the same rate twice: %s", a.text)
	}
	s.post(ratesRoot, strings.Replace(standard, `"DE"`, `"*"`, 1))
	body := `{"name":"Parcel","price":{"amount":"5.90","currency":"EUR"}}`
	changed := s.send("PUT", made.at, body, "If-Match", made.tag)
	again := s.send("PUT", made.at, body, "If-Match", made.tag)
	if changed.status != 200 || changed.Name != "Parcel" || changed.Price.Amount != "5.90" || again.status != 200 || again.tag != changed.tag {
		t.Errorf("%s, then %s", changed.text, again.text)
	}
	if got := s.send("GET", made.at, ""); got.text != changed.text || got.tag != changed.tag {
		t.Errorf("changed %s, read %s", changed.text, got.text)
	}
	first := s.send("GET", ratesRoot+"?limit=1", "")
	second := s.send("GET", ratesRoot+"?limit=1&cursor="+first.Next, "")
	german := s.send("GET", ratesRoot+"?country=DE", "")
	if len(first.Items) != 1 || first.Items[0].ID != made.ID || len(second.Items) != 1 || second.Next != "" || len(german.Items) != 1 {
		t.Errorf("%s, %s, %s", first.text, second.text, german.text)
	}
}

func TestOfManyWritersOfOneRateOneWins(t *testing.T) {
	s := serve(t)
	rate := s.post(ratesRoot, standard)
	servicetest.Writers(t, 8, 5, func() string { return s.send("GET", rate.at, "").tag }, func(writer int, version string) int {
		return s.send("PUT", rate.at, fmt.Sprintf(`{"name":"%d %s","price":{"amount":"5.90","currency":"EUR"}}`, writer, uuid.NewString()), "If-Match", version).status
	})
}

// C35, as checkout asks.
func TestC35CheckoutAsksWhatShippingCosts(t *testing.T) {
	s := serve(t)
	s.post(ratesRoot, standard)
	ask := func(goods, country string) answered {
		return s.send("POST", "/internal/shipping/quotes", `{"country":"`+country+`","goods":{"amount":"`+goods+`","currency":"EUR"},"grams":700}`, "Authorization", s.checkout)
	}
	for goods, want := range map[string]string{"43.00": "4.90", "50.00": "0.00", "48.00": "4.90"} {
		if a := ask(goods, "DE"); a.status != 200 || len(a.Offers) != 1 || a.Offers[0].Method != "standard" || a.Offers[0].Cost.Amount != want {
			t.Errorf("%s: %s, want %s", goods, a.text, want)
		}
	}
	if a := ask("43.00", "FR"); a.status != 200 || len(a.Offers) != 0 || !strings.Contains(a.text, `"offers":[]`) {
		t.Errorf("where nothing is sent: %s", a.text)
	}
}

func TestC35AParcelFromThePackingTableToTheDoor(t *testing.T) {
	s := serve(t)
	order := uuid.New()
	s.store.takes(t, bought(t, order, 2, "25.99"))
	one, two := s.packs(order, "1"), s.packs(order, "1")
	if one.status != 201 || one.at != parcelsRoot+"/"+one.ID || one.tag == "" || one.Goods.Amount != "13.00" || two.Goods.Amount != "12.99" || one.Tracking == two.Tracking || len(one.Tracking) != 13 {
		t.Fatalf("%s, %s", one.text, two.text)
	}
	if a := s.packs(order, "1"); a.status != 409 || !strings.Contains(a.text, `"#/lines/0/quantity"`) {
		t.Errorf("a third of two: %d %s", a.status, a.text)
	}
	rest := s.post(parcelsRoot, `{"order":"`+order.String()+`","carrier":"DHL","tracking":"X1","lines":[{"sku":"B","quantity":1}]}`)
	var sum int64
	for _, p := range []answered{one, two, rest} {
		sum += eur(t, p.Shipping.Amount).Minor()
	}
	if sum != 490 || rest.Tracking != "X1" {
		t.Errorf("shipping of all parcels is %d cents: %s", sum, rest.text)
	}
	if a := s.send("GET", one.at+"/label", ""); a.status != 200 || a.To.Name != "Anna Ü" || a.Tracking != one.Tracking || a.Carrier != "DHL" {
		t.Errorf("%s", a.text)
	}
	if a := s.post(one.at+"/deliveries", ""); a.status != 409 {
		t.Errorf("delivered before it was sent: %s", a.text)
	}
	for range 2 {
		if a := s.post(one.at+"/dispatches", ""); a.status != 200 || a.State != string(Sent) {
			t.Errorf("%s", a.text)
		}
	}
	if a := s.post(one.at+"/deliveries", ""); a.status != 200 || a.State != string(Delivered) {
		t.Errorf("%s", a.text)
	}
	if a := s.send("GET", one.at, ""); a.State != string(Delivered) || a.tag == one.tag {
		t.Errorf("%s", a.text)
	}
	for query, want := range map[string]int{"": 3, "?order=" + order.String(): 3, "?state=packed": 2, "?order=" + uuid.NewString(): 0, "?limit=2": 2} {
		if a := s.send("GET", parcelsRoot+query, ""); len(a.Items) != want {
			t.Errorf("%s: %d parcels, want %d", query, len(a.Items), want)
		}
	}
}

func TestOnlyWhoBoughtItSeesItsParcels(t *testing.T) {
	s := serve(t)
	order := uuid.New()
	s.store.takes(t, bought(t, order, 2, "25.99"))
	parcel := s.packs(order, "2")
	at, token := root+"/orders/"+order.String(), "t-"+order.String()
	for name, header := range map[string][]string{
		"the customer": {"Authorization", accesstest.Customer(t, "anna")}, "who has the token": {"Authorization", "", "X-Order-Token", token},
	} {
		if a := s.send("GET", at, "", header...); a.status != 200 || len(a.Parcels) != 1 || a.Parcels[0].ID != parcel.ID || a.Parcels[0].Tracking != parcel.Tracking || strings.Contains(a.text, "Anna") {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
	if a := s.send("GET", at+"?token="+token, "", "Authorization", ""); a.status != 200 {
		t.Errorf("the link of a mail: %s", a.text)
	}
	for name, c := range map[string]struct {
		path   string
		status int
		header []string
	}{
		"somebody else":     {at, 404, []string{"Authorization", accesstest.Customer(t, "ben")}},
		"a wrong token":     {at, 404, []string{"Authorization", "", "X-Order-Token", "guess"}},
		"nobody":            {at, 401, []string{"Authorization", ""}},
		"an order not told": {root + "/orders/" + uuid.NewString(), 404, []string{"Authorization", "", "X-Order-Token", token}},
	} {
		if a := s.send("GET", c.path, "", c.header...); a.status != c.status {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
}

func TestWhatIsRefusedChangesNothing(t *testing.T) {
	s := serve(t)
	order := uuid.New()
	s.store.takes(t, bought(t, order, 2, "25.99"))
	rate := s.post(ratesRoot, standard)
	key, match := []string{"Idempotency-Key", uuid.NewString()}, []string{"If-Match", rate.tag}
	anna := append([]string{"Authorization", accesstest.Customer(t, "anna")}, key...)
	reader := append([]string{"Authorization", accesstest.Staff(t, "shipping:read")}, key...)
	body := func(quantity, sku string) string {
		return `{"order":"` + order.String() + `","carrier":"DHL","lines":[{"sku":"` + sku + `","quantity":` + quantity + `}]}`
	}
	for name, c := range map[string]struct {
		status             int
		kind               string
		method, path, body string
		header             []string
	}{
		"a customer packs":      {403, "forbidden", "POST", parcelsRoot, body("1", "A"), anna},
		"who may read packs":    {403, "forbidden", "POST", parcelsRoot, body("1", "A"), reader},
		"a customer reads all":  {403, "forbidden", "GET", parcelsRoot, "", anna},
		"staff asks for quotes": {403, "forbidden", "POST", "/internal/shipping/quotes", `{"country":"DE","goods":{"amount":"1.00","currency":"EUR"}}`, nil},
		"no key":                {400, "malformed", "POST", parcelsRoot, body("1", "A"), nil},
		"none of it":            {422, "invalid", "POST", parcelsRoot, body("0", "A"), key},
		"half of it":            {422, "invalid", "POST", parcelsRoot, body("1.5", "A"), key},
		"not bought":            {422, "invalid", "POST", parcelsRoot, body("1", "C"), key},
		"more than was bought":  {409, "conflict", "POST", parcelsRoot, body("3", "A"), key},
		"no such order":         {404, "not-found", "POST", parcelsRoot, strings.Replace(body("1", "A"), order.String(), uuid.NewString(), 1), key},
		"no such parcel":        {404, "not-found", "POST", parcelsRoot + "/" + uuid.NewString() + "/dispatches", "", key},
		"no precondition":       {428, "precondition-required", "PUT", rate.at, `{"name":"x","price":{"amount":"1.00","currency":"EUR"}}`, nil},
		"stale":                 {412, "stale", "PUT", rate.at, `{"name":"x","price":{"amount":"1.00","currency":"EUR"}}`, []string{"If-Match", `"9-x"`}},
		"another currency":      {422, "invalid", "PUT", rate.at, `{"name":"x","price":{"amount":"1.00","currency":"SEK"}}`, match},
		"no country":            {422, "invalid", "POST", ratesRoot, strings.Replace(standard, `"DE"`, `"Germany"`, 1), key},
		"below zero":            {422, "invalid", "POST", ratesRoot, strings.Replace(standard, `"4.90"`, `"-4.90"`, 1), key},
		"a foreign cursor":      {400, "malformed", "GET", ratesRoot + "?cursor=x", "", nil},
	} {
		if a := s.send(c.method, c.path, c.body, c.header...); a.status != c.status || !strings.Contains(a.text, "urn:emporium:problem:"+c.kind+`"`) {
			t.Errorf("%s: %d %s, want %d %s", name, a.status, a.text, c.status, c.kind)
		}
	}
	if a := s.send("GET", parcelsRoot, ""); len(a.Items) != 0 {
		t.Errorf("a refusal packed something: %s", a.text)
	}
	if a := s.send("GET", rate.at, ""); a.text != rate.text {
		t.Errorf("a refusal changed a rate: %s", a.text)
	}
}
