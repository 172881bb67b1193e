package backoffice

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

func TestTheContractIsKept(t *testing.T) { open(t).office.Contract(t) }

func TestWhatIsReadOfOthersIsPromised(t *testing.T) {
	clienttest.Reads[struct{ Items []summary }](t, "../orders/openapi.json", "GET /api/orders/staff")
	clienttest.Reads[payment](t, "../payments/openapi.json", "GET /api/payments/{id}")
	clienttest.Reads[stocked](t, "../inventory/openapi.json", "GET /api/inventory/products/{sku}")
	clienttest.Reads[struct{ Items []movement }](t, "../inventory/openapi.json", "GET /api/inventory/movements")
}

func TestStaffSeesOrdersStockAndPrices(t *testing.T) {
	f := open(t)
	f.wants("orders", f.send("GET", "/staff?state=paid", nil), 200, `<a href="/staff/orders/`+f.id()+`">ACME-100001</a>`, "30.70 EUR", `aria-current="page">paid`, "state=paid&amp;cursor=abc")
	f.wants("an order", f.send("GET", "/staff/orders/"+f.id(), nil), 200, "Order ACME-100001", "Moka Pot", "Say that it was sent", "Cancel the order", "up to 30.70 EUR can be")
	f.wants("stock", f.send("GET", "/staff/stock?sku=KIT-1001", nil), 200, "<dd>40</dd>", "received")
	f.wants("prices", f.send("GET", "/staff/prices?sku=KIT-1001", nil), 200, "12.90 EUR", "the next one")
	f.wants("no article yet", f.send("GET", "/staff/stock", nil), 200, "Article number")
	f.wants("no such order", f.send("GET", "/staff/orders/"+uuid.NewString(), nil), 404)
	f.wants("no order at all", f.send("GET", "/staff/orders/x", nil), 404)
	if len(f.bearers) != 1 || !f.bearers["Bearer "+f.token] {
		t.Errorf("it asks in the name of %v, not of who is signed in", f.bearers)
	}
}

func TestWhoIsNotSignedInSeesNothingAndDoesNothing(t *testing.T) {
	f := open(t)
	for name, c := range map[string]struct {
		token string
		code  int
	}{"nobody": {"", 401}, "rubbish": {"x", 401}, "a customer": {accesstest.Customer(t, "ann"), 403}, "staff of something else": {accesstest.Staff(t, "books:read"), 403}} {
		f.token = strings.TrimPrefix(c.token, "Bearer ")
		for _, path := range []string{"/staff", "/staff/orders/" + f.id(), "/staff/stock?sku=KIT-1001", "/staff/prices?sku=KIT-1001"} {
			if got := f.send("GET", path, nil); got.code != c.code || strings.Contains(got.body, "ACME-100001") || strings.Contains(got.body, "KIT-1001") {
				t.Errorf("%s at %s: %d %s", name, path, got.code, got.body)
			}
		}
		if got := f.send("POST", "/staff/stock", url.Values{"sku": {"KIT-1001"}, "quantity": {"5"}, "reason": {"x"}, "key": {uuid.NewString()}}); got.code != c.code {
			t.Errorf("%s books goods: %d", name, got.code)
		}
	}
	if len(f.bearers) != 0 || len(f.done()) != 0 {
		t.Errorf("others were asked: %v, %v", f.bearers, f.done())
	}
}

// forms are one of each kind, with the path that it asks for and what it says there.
func (f *floor) forms(key string) map[string]struct {
	form url.Values
	at   string
	says string
} {
	payment := f.order["payment"].(uuid.UUID).String()
	return map[string]struct {
		form url.Values
		at   string
		says string
	}{
		"/staff/orders/" + f.id() + "/shipment":     {url.Values{"key": {key}, "carrier": {"DHL"}, "tracking": {"1Z"}}, "/api/orders/" + f.id() + "/shipments", "1Z"},
		"/staff/orders/" + f.id() + "/cancellation": {url.Values{"key": {key}, "reason": {"sold by telephone"}}, "/api/orders/staff/" + f.id() + "/cancellations", "sold by telephone"},
		"/staff/orders/" + f.id() + "/refund": {
			url.Values{"key": {key}, "payment": {payment}, "currency": {"EUR"}, "amount": {"12,90"}, "reason": {"broken"}},
			"/api/payments/" + payment + "/refunds", "broken",
		},
		"/staff/stock":  {url.Values{"key": {key}, "sku": {"KIT-1001"}, "quantity": {"12"}, "reason": {"counted"}}, "/api/inventory/movements", "counted"},
		"/staff/prices": {url.Values{"key": {key}, "sku": {"KIT-1001"}, "amount": {"11.90"}, "list": {"EUR"}}, "/api/pricing/prices", "EUR"},
	}
}

func TestAFormIsDoneInTheNameOfWhoSentItUnderItsOwnKey(t *testing.T) {
	f := open(t)
	for path, c := range f.forms("0198c9a5-1111-7000-8000-00000000000f") {
		before := len(f.done())
		if got := f.send("POST", path, c.form); got.code != 303 || !strings.HasPrefix(got.header.Get("Location"), "/staff/") {
			t.Errorf("%s: %d %s", path, got.code, got.body)
			continue
		}
		all := f.done()
		d := all[len(all)-1]
		if len(all) != before+1 || d.path != c.at || d.key != c.form.Get("key") || d.bearer != "Bearer "+f.token || !strings.Contains(text(d.body), c.says) {
			t.Errorf("%s did %+v", path, all[before:])
		}
		if amount, pays := d.body["amount"].(map[string]any); pays && amount["amount"] != "12.90" {
			t.Errorf("it pays back %v", amount)
		}
	}
}

func text(body map[string]any) (all string) {
	for _, v := range body {
		if s, is := v.(string); is {
			all += s + " "
		}
	}
	return all
}

var hiddenKey = regexp.MustCompile(`name="key" value="([^"]+)"`)

// What is refused is said at its form, with what was typed, and under a new key; where nobody knows whether it was done, under the same.
func TestWhatIsRefusedIsSaidAtItsFormWithWhatWasTyped(t *testing.T) {
	f := open(t)
	const key = "0198c9a5-1111-7000-8000-00000000000f"
	for path, c := range f.forms(key) {
		for status, says := range map[int]string{409: "", 403: "Your account may not do this", 401: "You are signed out", 503: "it is not known whether this was done"} {
			f.refuses = status
			got := f.send("POST", path, c.form)
			if got.code != status || !strings.Contains(got.body, `role="alert"`) || !strings.Contains(got.body, says) {
				t.Errorf("%s refused with %d: %d %s", path, status, got.code, got.body)
			}
			if status != 401 && !strings.Contains(got.body, `value="`+c.says+`"`) && !strings.Contains(got.body, "<option selected>"+c.says) {
				t.Errorf("%s refused with %d: what was typed is gone: %s", path, status, got.body)
			}
			same := false
			for _, found := range hiddenKey.FindAllStringSubmatch(got.body, -1) {
				same = same || found[1] == key
			}
			if same != (status == 503) {
				t.Errorf("%s refused with %d: the key stays: %t", path, status, same)
			}
		}
		f.refuses = 0
	}
}

func TestWhatCannotBeMeantIsNotSent(t *testing.T) {
	f := open(t)
	order := "/staff/orders/" + f.id()
	for _, c := range []struct {
		path string
		form url.Values
		says string
	}{
		{order + "/cancellation", url.Values{"reason": {" x "}}, "3 to 200 characters"},
		{order + "/refund", url.Values{"payment": {f.order["payment"].(uuid.UUID).String()}, "currency": {"EUR"}, "amount": {"-1"}}, "as 12.90"},
		{order + "/refund", url.Values{"payment": {"../../books"}, "currency": {"EUR"}, "amount": {"1"}}, "as 12.90"},
		{"/staff/stock", url.Values{"sku": {"KIT-1001"}, "quantity": {"many"}, "reason": {"x"}}, "or go out, as -3"},
		{"/staff/stock", url.Values{"sku": {"KIT-1001"}, "quantity": {"0"}, "reason": {"x"}}, "or go out, as -3"},
		{"/staff/prices", url.Values{"sku": {"KIT-1001"}, "amount": {"cheap"}, "list": {"EUR"}}, "as 12.90"},
		{"/staff/prices", url.Values{"sku": {"KIT-1001"}, "amount": {"0"}, "list": {"EUR"}}, "as 12.90"},
	} {
		f.wants(c.path, f.send("POST", c.path, c.form), 422, c.says)
	}
	f.wants("an order that is none", f.send("POST", "/staff/orders/..%2F..%2Fbooks/shipment", url.Values{}), 404)
	if len(f.done()) != 0 {
		t.Errorf("sent all the same: %+v", f.done())
	}
}

func TestAnotherSitesFormDoesNothing(t *testing.T) {
	f := open(t)
	for path, c := range f.forms(uuid.NewString()) {
		for _, from := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "", "Origin", "https://evil.example"}} {
			if got := f.send("POST", path, c.form, from...); got.code != 403 {
				t.Errorf("%s from %v: %d", path, from, got.code)
			}
		}
	}
	if len(f.done()) != 0 {
		t.Errorf("another site did %+v", f.done())
	}
}

func TestAScriptInDataIsText(t *testing.T) {
	f := open(t)
	got := f.send("GET", "/staff/orders/"+f.id(), nil)
	f.wants("the page", got, 200, "&lt;script&gt;")
	if strings.Contains(got.body, "<script") || !strings.Contains(got.header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("it is part of the page: %s", got.body)
	}
}

// Without payments an order is shown all the same, and says what is missing.
func TestAnOrderIsShownWhilePaymentsIsAway(t *testing.T) {
	f := open(t)
	f.played["payments"].Close()
	got := f.send("GET", "/staff/orders/"+f.id(), nil)
	f.wants("the page", got, 200, "Order ACME-100001", "Say that it was sent", "What was paid cannot be shown")
	if strings.Contains(got.body, "Pay money back") {
		t.Error("it offers to pay back what nobody knows of")
	}
	f.played["orders"].Close()
	f.wants("without orders", f.send("GET", "/staff/orders/"+f.id(), nil), 503, "Try again in a few seconds")
}

// C44: an order that gift cards paid in full has no payment of a checkout. What is paid back of it is asked of the payment of its own id, and
// the page says that gift cards get it.
func TestC44WhatGiftCardsPaidInFullIsPaidBackToThem(t *testing.T) {
	f := open(t)
	f.mu.Lock()
	delete(f.order, "payment")
	f.order["spent"] = map[string]any{"off": euros(0), "cards": euros(3070), "due": euros(0), "back": euros(70)}
	f.paid["id"], f.paid["captured"] = f.order["id"], euros(0)
	f.paid["cards"], f.paid["cardsBack"], f.paid["refundable"] = euros(3070), euros(70), euros(3000)
	f.mu.Unlock()
	page := f.send("GET", "/staff/orders/"+f.id(), nil)
	for _, want := range []string{`name="payment" value="` + f.id() + `"`, "up to 30.00 EUR can be", "Gift cards paid 30.70 EUR beside, and got 0.70 EUR back"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page has no %q:\n%s", want, page.body)
		}
	}
	f.mu.Lock()
	f.paid["id"] = uuid.New()
	f.mu.Unlock()
	f.wants("one of before", f.send("GET", "/staff/orders/"+f.id(), nil), 200, "before payments kept that")
}
