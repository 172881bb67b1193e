package invoicing

import (
	"errors"
	"maps"
	"strings"
	"testing"
)

func TestTheEnvironmentSaysWhoSells(t *testing.T) {
	good := map[string]string{
		"SELLER_NAME": "Acme GmbH", "SELLER_STREET": "Weg 1", "SELLER_POSTCODE": "10115", "SELLER_CITY": "Berlin", "SELLER_COUNTRY": "DE", "SELLER_VAT_NUMBER": "DE136695976",
		"SELLER_REGISTRATION": "HRB 1", "SELLER_EMAIL": "shop@acme.example",
	}
	get := func(m map[string]string) func(string) string { return func(name string) string { return m[name] } }
	want := Party{"Acme GmbH", "Weg 1", "10115", "Berlin", "DE", "DE136695976", "HRB 1", "shop@acme.example"}
	if s, err := sellerOf(get(good)); err != nil || *s != want {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := sellerOf(get(nil)); err != nil || s != nil {
		t.Errorf("nothing is said: %+v, %v", s, err)
	}
	for name, value := range map[string]string{
		"SELLER_NAME": "", "SELLER_STREET": "", "SELLER_CITY": "", "SELLER_COUNTRY": "Germany", "SELLER_VAT_NUMBER": "136695976",
	} {
		one := maps.Clone(good)
		one[name] = value
		if _, err := sellerOf(get(one)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%q: %v", name, value, err)
		}
	}
}

// Who does not say who sells loses no order: events are left where they are.
func TestWithoutASellerNoEventIsTaken(t *testing.T) {
	d := atNoon(t)
	d.seller = nil
	if err := d.working(nil)(t.Context()); !errors.Is(err, errSeller) {
		t.Errorf("%v", err)
	}
}
