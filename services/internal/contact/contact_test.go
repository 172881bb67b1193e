package contact

import (
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

func TestC38MailAddressesThatAreOneAccount(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"Ann@Example.com", "ann@example.COM", true}, {"ann+shop@example.com", "ann@example.com", false}, {"ann@münchen.example", "ann@xn--mnchen-3ya.example", true},
		{"o'neil@example.com", " o'neil@example.com ", true},
	} {
		a, errA := ParseMail("", c.a)
		b, errB := ParseMail("", c.b)
		if errA != nil || errB != nil || (a.Key == b.Key) != c.same || a.Spelled != c.a {
			t.Errorf("%+v (%v), %+v (%v)", a, errA, b, errB)
		}
	}
}

func TestC38WhatIsNoMailAddress(t *testing.T) {
	long := func(local, all int) string {
		domain := ""
		for len(domain) < all-local-1-len(".example") {
			domain += strings.Repeat("d", min(50, all-local-1-len(".example")-len(domain)-len("."))) + "."
		}
		return strings.Repeat("a", local) + "@" + strings.TrimSuffix(domain, ".") + ".example"
	}
	for _, ok := range []string{"a@b.example", strings.Repeat("a", 64) + "@example.com"} {
		if _, err := ParseMail("", ok); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for _, bad := range []string{
		"ann@", "@example.com", "a b@example.com", "ann@example..com", ".ann@example.com", "ann.@example.com", "a..b@example.com", "ann@example.com\r\nBcc: x@y.example",
		"\nann@example.com", strings.Repeat("a", 65) + "@example.com", long(64, 300), "ann@localhost", "ann", "",
	} {
		if m, err := ParseMail("#/email", bad); !fault.Is(err, fault.InvalidKind) {
			t.Errorf("%q is taken as %+v (%v)", bad, m, err)
		}
	}
}

func TestC38Names(t *testing.T) {
	for _, name := range []string{"Zoë", "O'Neil", "Nguyễn", "李", "null", "Anne-Marie", strings.Repeat("李", 120)} {
		if got, err := Required("", name, 120); err != nil || got != name {
			t.Errorf("%s: %q (%v)", name, got, err)
		}
	}
	if got, err := Required("", " Zoe\u0308 ", 120); err != nil || got != "Zoë" {
		t.Errorf("%q (%v)", got, err)
	}
	for _, bad := range []string{"", "  ", "a\x00b", "a\nb", "a\u202eb", "a\u200eb", strings.Repeat("李", 121)} {
		if got, err := Required("", bad, 120); !fault.Is(err, fault.InvalidKind) {
			t.Errorf("%q is taken as %q (%v)", bad, got, err)
		}
	}
}

func TestC38Postcodes(t *testing.T) {
	for in, want := range map[string]string{"NL 1012ab": "1012 AB", "GB sw1a1aa": "SW1A 1AA", "HK ": "", "AE ": "", "DE 10115": "10115", "PL 00950": "00-950", "BR 01310-100": "01310-100"} {
		if got, err := Postcode("", in[3:], in[:2]); err != nil || got != want {
			t.Errorf("%s: %q (%v)", in, got, err)
		}
	}
	for _, in := range []string{"DE ", "DE 1011", "NL 12345", "GB 12345", "BR "} {
		if got, err := Postcode("", in[3:], in[:2]); !fault.Is(err, fault.InvalidKind) {
			t.Errorf("%s is taken as %q (%v)", in, got, err)
		}
	}
}
