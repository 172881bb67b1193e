package shop

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/smtptest"
)

var accountLink = regexp.MustCompile(`https?://\S+/account/confirm\?token=(\S+)`)

// mailedTokens are those of the links that somebody got.
func mailedTokens(mails *smtptest.Server, to string) (all []string) {
	for _, mail := range mails.Read(to) {
		if found := accountLink.FindStringSubmatch(mail); found != nil {
			all = append(all, found[1])
		}
	}
	return all
}

const readersPassword = "a long password of mine"

func (b *customer) signsIn(email string) *customer {
	b.t.Helper()
	return b.send("/account/signin", url.Values{"email": {email}, "password": {readersPassword}})
}

// In the whole shop: a guest fills a cart, registers by the link of a mail, signs in, finds his cart, orders, and sees order, invoice and
// points in his account, on another device as well; staff never sees the link.
func TestACustomerRegistersSignsInOrdersAndSeesTheOrder(t *testing.T) {
	mails := smtptest.Start(t)
	s := begin(t, Options{Environment: map[string]string{"SMTP_URL": mails.URL()}})
	b := visit(t, s)
	b.send("/cart/items", url.Values{"sku": {"KIT-1001"}, "quantity": {"2"}}).wants(200)
	b.send("/account/register", url.Values{"email": {"Reader@example.org"}}).wants(200, "A mail is on its way")
	eventually(t, "the mail arrives", func() bool { return len(mailedTokens(mails, "reader@example.org")) > 0 })
	token := mailedTokens(mails, "reader@example.org")[0]
	b.open("/account/confirm?token="+token).wants(200, "Choose a password")
	b.send("/account/confirm", url.Values{"token": {token}, "password": {readersPassword}}).wants(200, "Your password is set")
	b.send("/account/confirm", url.Values{"token": {token}, "password": {"another one for me"}}).wants(422, "not good any more")
	visit(t, s).send("/account/signin", url.Values{"email": {"reader@example.org"}, "password": {"a guess"}}).wants(401, "The address or the password is wrong.")
	b.signsIn("reader@EXAMPLE.org").wants(200, "Your account", "Where you are signed in")
	b.open("/cart").wants(200, "/cart/items/KIT-1001", `value="2"`)
	b.send("/checkout", url.Values{"email": {"reader@example.org"}, "name": {"Jane Doe"}, "street": {"1 Market Street"}, "postcode": {"10115"}, "city": {"Berlin"}, "country": {"DE"}}).wants(200, "Order and pay")
	b.pays("tok_visa").wants(200, "Thank you")
	order := strings.TrimPrefix(b.at.Path, "/orders/")
	b.open("/account/orders").wants(200, `href="/account/orders/`+order+`"`)
	eventually(t, "the invoice is there", func() bool {
		return strings.Contains(b.open("/account/orders/"+order).wants(200, "1 Market Street").body, "Invoice 20")
	})
	eventually(t, "the cart is empty", func() bool { return strings.Contains(b.open("/cart").wants(200).body, "Your cart is empty") })

	phone := visit(t, s)
	phone.send("/cart/items", url.Values{"sku": {"KIT-1001"}, "quantity": {"1"}}).wants(200)
	phone.signsIn("reader@example.org").wants(200, "Your account")
	phone.open("/account/orders").wants(200, `href="/account/orders/`+order+`"`)
	b.signsIn("reader@example.org").open("/cart").wants(200, "/cart/items/KIT-1001") // one cart on both (C17)

	if other := visit(t, s).open("/account/orders/" + order); other.at.Path != "/account/signin" {
		t.Errorf("a stranger is led to %s", other.at.Path)
	}
	staff, err := s.Token("staff", "jo", "notifications:read", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	res, text := ask(t, "GET", s.URL()+"/api/notifications/mails?limit=100", "", "Authorization", "Bearer "+staff)
	if res.StatusCode != http.StatusOK || strings.Contains(text, token) || strings.Contains(text, "/account/confirm") || !strings.Contains(text, order) {
		t.Errorf("staff reads %d %s", res.StatusCode, text)
	}
	if all := mailedTokens(mails, "reader@example.org"); len(all) != 1 {
		t.Errorf("%d mails with a link", len(all))
	}
	b.send("/account/signout", nil)
	if b.open("/account"); b.at.Path != "/account/signin" {
		t.Errorf("after signing out: %s", b.at.Path)
	}
}
