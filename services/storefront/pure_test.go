package storefront

import (
	"testing"
)

func TestTitle(t *testing.T) {
	for in, want := range map[string]string{"demo": "Demo", "garden-tools": "Garden Tools", "été_2": "Été 2", "": ""} {
		if got := title(in); got != want {
			t.Errorf("title(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestMoneyKeepsItsText(t *testing.T) {
	for m, want := range map[money]string{{"12.90", "EUR"}: "€12.90", {"5.00", "CHF"}: "5.00\u00a0CHF", {}: ""} {
		if got := m.String(); got != want {
			t.Errorf("%v is %q, want %q", m, got, want)
		}
	}
}

func TestRelatedPrefersLikeness(t *testing.T) {
	p := product{SKU: "1", Name: "Brass table lamp", Brand: "Lumen"}
	got := related(p, []product{
		p, {SKU: "2", Name: "Wooden chair"}, {SKU: "3", Name: "Copper table lamp"}, {SKU: "4", Name: "Brass table lamp", Brand: "Lumen"},
	}, 2)
	if len(got) != 2 || got[0].SKU != "4" || got[1].SKU != "3" {
		t.Errorf("related are %v", got)
	}
}
