package shop

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// customer is a browser without scripts.
type customer struct {
	t    *testing.T
	shop string
	http *http.Client
	// at and body are the page that he looks at.
	at   *url.URL
	code int
	body string
}

func visit(t *testing.T, s *Shop) *customer {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &customer{t: t, shop: s.URL(), http: &http.Client{Jar: jar, Timeout: time.Minute}}
}

func (b *customer) take(res *http.Response, err error) *customer {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.at, b.code, b.body = res.Request.URL, res.StatusCode, string(text)
	return b
}

func (b *customer) open(path string) *customer {
	b.t.Helper()
	return b.take(b.http.Get(b.shop + path))
}

func (b *customer) send(path string, fields url.Values) *customer {
	b.t.Helper()
	return b.take(b.http.PostForm(b.shop+path, fields))
}

func (b *customer) wants(code int, texts ...string) *customer {
	b.t.Helper()
	if b.code != code {
		b.t.Fatalf("%s: %d, want %d: %s", b.at.Path, b.code, code, b.body)
	}
	for _, text := range texts {
		if !strings.Contains(b.body, text) {
			b.t.Errorf("%s has no %q:\n%s", b.at.Path, text, b.body)
		}
	}
	return b
}

// fills puts a product into the cart and types an address.
func (b *customer) fills(sku string, quantity int, email string) *customer {
	b.t.Helper()
	b.send("/cart/items", url.Values{"sku": {sku}, "quantity": {fmt.Sprint(quantity)}}).wants(200, `href="/checkout"`)
	b.send("/checkout", url.Values{"email": {email}, "name": {"Jane Doe"}, "street": {"1 Market Street"}, "postcode": {"10115"}, "city": {"Berlin"}, "country": {"DE"}})
	return b.wants(200, "Order and pay", "1 Market Street")
}

var hiddenField = regexp.MustCompile(`type="hidden" name="(quote|hash|attempt|seen)" value="([^"]*)"`)

// form is the order's form as the page has it.
func (b *customer) form(card string) url.Values {
	b.t.Helper()
	fields := url.Values{"card": {card}, "code": {""}}
	for _, found := range hiddenField.FindAllStringSubmatch(b.body, -1) {
		fields.Set(found[1], found[2])
	}
	if len(fields) != 6 {
		b.t.Fatalf("%s has no form of an order:\n%s", b.at.Path, b.body)
	}
	return fields
}

// pays sends the order, and looks at the page that waits as long as there is one.
func (b *customer) pays(card string) *customer {
	b.t.Helper()
	b.send("/checkout/orders", b.form(card))
	for end := time.Now().Add(2 * time.Minute); b.at.Path == "/checkout/order" && time.Now().Before(end) && b.code == 200; {
		time.Sleep(200 * time.Millisecond) // a browser waits as its Refresh says
		b.open("/checkout/order")
	}
	return b
}

// asks is a question of staff.
func asks(t *testing.T, s *Shop, path, scope string, into any) {
	t.Helper()
	token, err := s.Token("staff", "jo", scope, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	res, text := ask(t, "GET", s.URL()+path, "", "Authorization", "Bearer "+token)
	if res.StatusCode != 200 {
		t.Fatalf("%s: %d %s", path, res.StatusCode, text)
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}

type mails struct {
	Items []struct{ Order, Kind, Subject, Text string }
}

// mailsTo are the mails of a kind to an address.
func mailsTo(t *testing.T, s *Shop, email, kind string) (list mails) {
	t.Helper()
	var all mails
	asks(t, s, "/api/notifications/mails?to="+url.QueryEscape(email), "notifications:read", &all)
	for _, m := range all.Items {
		if m.Kind == kind {
			list.Items = append(list.Items, m)
		}
	}
	return list
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// sets changes a price from now on.
func sets(t *testing.T, s *Shop, sku, amount string) {
	t.Helper()
	token, err := s.Token("staff", "jo", "pricing:write", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	res, text := ask(t, "POST", s.URL()+"/api/pricing/prices", fmt.Sprintf(`{"sku":%q,"list":"EUR","price":{"amount":%q,"currency":"EUR"}}`, sku, amount),
		"Authorization", "Bearer "+token, "Idempotency-Key", "price-"+sku+"-"+amount+"-0000000000")
	if res.StatusCode != 201 {
		t.Fatalf("changing a price: %d %s", res.StatusCode, text)
	}
}

// What a customer meets on the way to an order, in the whole shop: every service with its database, NATS, and the provider.
func TestBuyingOnPages(t *testing.T) {
	s := begin(t, Options{})
	t.Run("buys, sees the confirmation, and gets the mail", func(t *testing.T) {
		b := visit(t, s)
		b.fills("KIT-1001", 2, "ann@example.org").wants(200, "2 × ").pays("tok_visa").wants(200, "Thank you for your order", "ann@example.org")
		number := regexp.MustCompile(`ACME-[0-9]+`).FindString(b.body)
		eventually(t, "the mail comes", func() bool { return len(mailsTo(t, s, "ann@example.org", "placed").Items) == 1 })
		if m := mailsTo(t, s, "ann@example.org", "placed").Items[0]; number == "" || !strings.Contains(m.Subject, number) || !strings.Contains(b.at.Path, m.Order) {
			t.Errorf("the mail %q tells of %s, the page %s of %s", m.Subject, m.Order, b.at, number)
		}
		letter := mailsTo(t, s, "ann@example.org", "placed").Items[0].Text
		sent := regexp.MustCompile(`http://\S+`).FindString(letter)
		if !strings.HasPrefix(sent, s.URL()+"/orders/") {
			t.Fatalf("the mail has no link to the order: %s", letter)
		}
		visit(t, s).open(strings.TrimPrefix(sent, s.URL())).wants(200, number, "ann@example.org") // on another device
		link := b.at.RequestURI()
		eventually(t, "the page says that it is paid", func() bool { b.open(link); return strings.Contains(b.body, "<b>Paid</b>") })
		visit(t, s).open(link).wants(200, number) // who has the link
		visit(t, s).open(b.at.Path).wants(404)
		visit(t, s).open(b.at.Path + "?token=other").wants(404)
		eventually(t, "the cart is empty", func() bool { return strings.Contains(b.open("/cart").body, "Your cart is empty") })
		b.open("/checkout/review").wants(200, number) // the back button
		visit(t, s).send("/orders", url.Values{"number": {number}, "email": {"ann@example.org"}}).wants(200, number)
		visit(t, s).send("/orders", url.Values{"number": {number}, "email": {"bob@example.org"}}).wants(422, "We find no order")
	})
	t.Run("a second order of the same customer", func(t *testing.T) {
		b := visit(t, s)
		for range 2 { // the same cart, or another one: as fast as cart hears of orders
			b.fills("KIT-1002", 1, "twice@example.org").pays("tok_mastercard").wants(200, "Thank you")
		}
		eventually(t, "two mails come", func() bool { return len(mailsTo(t, s, "twice@example.org", "placed").Items) == 2 })
	})
	t.Run("a declined card is told at its field, and another one pays", func(t *testing.T) {
		b := visit(t, s)
		b.fills("KIT-1001", 1, "bea@example.org").pays("tok_insufficient").wants(409, `id="wrong-card">There is not enough money`, `value="tok_insufficient" required checked`)
		b.pays("tok_visa").wants(200, "Thank you")
	})
	t.Run("a line that is sold out is told there", func(t *testing.T) {
		b := visit(t, s)
		b.send("/cart/items", url.Values{"sku": {"KIT-1001"}, "quantity": {"1"}})
		b.fills("TOY-1300", 1, "cem@example.org").pays("tok_visa").wants(409, "Nothing was charged", "There are 0 left.", "#n-TOY-1300", `value="tok_visa" required checked`)
		b.send("/cart/items/TOY-1300", url.Values{"quantity": {"0"}}).open("/checkout/review").wants(200, "Order and pay").pays("tok_visa").wants(200, "Thank you")
	})
	t.Run("a price that changed is shown beside the old one", func(t *testing.T) {
		b := visit(t, s)
		b.fills("KIT-1003", 1, "dan@example.org")
		sets(t, s, "KIT-1003", "77.70")
		b.pays("tok_visa").wants(409, "Nothing was charged", "<s>€", "<b>€77.70</b>")
		b.pays("tok_visa").wants(200, "Thank you", "€77.70")
	})
	t.Run("clicking twice places one order", func(t *testing.T) { clicksTwice(t, s) })
	t.Run("a voucher is used once", func(t *testing.T) {
		b, late := visit(t, s), visit(t, s)
		for _, one := range []*customer{b, late} {
			one.fills("KIT-1004", 2, "eve@example.org").send("/checkout/vouchers", url.Values{"code": {"ONCE"}}).wants(200, "takes off €10.00")
		}
		b.pays("tok_visa").wants(200, "Thank you")
		late.pays("tok_visa").wants(409, `id="wrong-code"`, "takes nothing off", "<s>€10.00</s>", "Remove")
		late.send("/checkout/vouchers", url.Values{"code": {"NONE"}}).wants(422, "we know no such voucher"[3:], `value="NONE"`)
		late.send("/checkout/vouchers", url.Values{"remove": {"ONCE"}}).wants(200).pays("tok_visa").wants(200, "Thank you")
	})
	t.Run("a bank that takes its time", func(t *testing.T) {
		visit(t, s).fills("KIT-1005", 1, "fay@example.org").pays("tok_slow").wants(200, "Thank you")
		eventually(t, "the mail comes", func() bool { return len(mailsTo(t, s, "fay@example.org", "placed").Items) == 1 })
	})
}

// clicksTwice sends the form six times at once, with the cookies of the page.
func clicksTwice(t *testing.T, s *Shop) {
	b := visit(t, s)
	form := b.fills("KIT-1001", 1, "gil@example.org").form("tok_visa")
	home, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	cookies := b.http.Jar.Cookies(home)
	var clicks sync.WaitGroup
	places := make([]string, 6)
	for n := range places {
		one := visit(t, s)
		one.http.Jar.SetCookies(home, cookies)
		clicks.Go(func() {
			one.send("/checkout/orders", form)
			for one.at.Path == "/checkout/order" {
				one.open("/checkout/order")
			}
			places[n] = one.wants(200, "Thank you").at.Path
		})
	}
	clicks.Wait()
	for _, place := range places {
		if place != places[0] {
			t.Errorf("one click leads to %s, another to %s", places[0], place)
		}
	}
	eventually(t, "the mail comes", func() bool { return len(mailsTo(t, s, "gil@example.org", "placed").Items) > 0 })
	if n := len(mailsTo(t, s, "gil@example.org", "placed").Items); n != 1 {
		t.Errorf("%d mails", n)
	}
}
