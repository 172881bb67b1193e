package notifications

import (
	"strings"
	"testing"
)

// Every mail leads to its order: by the order's own token, which the page asks for, and which stands in no header.
func TestEveryMailLeadsToItsOrder(t *testing.T) {
	amount := sampleOrder.Shipping
	o := sampleOrder
	o.Token = "tok+of/the=order&x"
	const want = "https://shop.example/orders/0198c9a5-0000-7000-8000-00000000a001?token=tok%2Bof%2Fthe%3Dorder%26x"
	for _, locale := range languages {
		for _, kind := range []Kind{Placed, Paid, Sent, Cancelled, Refunded} {
			o.Locale = locale
			m := written(t, Notice{Kind: kind, Amount: &amount}, o)
			header, subject, body := parsed(t, m)
			if strings.Count(body, want+"\n") != 1 || !strings.HasSuffix(body, want+"\n") {
				t.Errorf("%s %s does not end with its link: %s", locale, kind, body)
			}
			for name, values := range header {
				if strings.Contains(values[0], "tok") || strings.Contains(subject, "tok") {
					t.Errorf("%s %s: the token is in %s", locale, kind, name)
				}
			}
		}
	}
}

// What the event told is what the mail has, in the words of its language.
func TestTheLinkIsMadeOfTheEvent(t *testing.T) {
	b := buy()
	b.locale = "de"
	m := written(t, Notice{Kind: Placed}, b.known(t))
	if want := "https://shop.example/orders/" + b.order.String() + "?token=tok-of-the-order"; !strings.Contains(m.Text, want) || !strings.Contains(m.Text, "Hier sehen Sie Ihre Bestellung.") {
		t.Errorf("no %s in %s", want, m.Text)
	}
}

// An event from before there was a token leads to the form that asks for the mail address; a shop that says not where it is has no links.
func TestWithoutTokenOrShopNothingIsMadeUp(t *testing.T) {
	o := sampleOrder
	o.Number = "A&B 1"
	if got := (Sender{Shop: "https://shop.example"}).link(o); got != "https://shop.example/orders?number=A%26B+1" {
		t.Errorf("%s", got)
	}
	o.Token = "x"
	if got := (Sender{}).link(o); got != "" {
		t.Errorf("%s", got)
	}
	subject, text, err := render("en", Notice{Kind: Paid}, o, "")
	if err != nil || strings.Contains(subject+text, "look at your order") || strings.Contains(text, "http") {
		t.Errorf("%s (%v)", text, err)
	}
}

func TestTheShopsAddressIsAnAddress(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "https://shop.example": "https://shop.example", "https://shop.example/": "https://shop.example", "http://localhost:8080/de/": "http://localhost:8080/de",
	} {
		if got, err := shopAt(text); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"shop.example", "//shop.example", "ftp://shop.example", "https://", "https://u:p@shop.example", "https://shop.example?x=1", "https://shop.example#x", "javascript:alert(1)", "https://a b"} {
		if got, err := shopAt(text); err == nil || !strings.Contains(err.Error(), "PUBLIC_URL") {
			t.Errorf("%q is taken as %q (%v)", text, got, err)
		}
	}
}
