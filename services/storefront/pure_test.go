package storefront

import (
	"fmt"
	"net/http/httptest"
	"testing"
)

func TestTitle(t *testing.T) {
	for in, want := range map[string]string{"demo": "Demo", "garden-tools": "Garden Tools", "été_2": "Été 2", "": ""} {
		if got := title(in); got != want {
			t.Errorf("title(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestMoneyIsTheFigureThatIsCharged(t *testing.T) {
	for m, want := range map[money]string{
		{"12.90", "EUR"}: "€12.90", {"1234.5", "EUR"}: "€1,234.50", {"1290", "JPY"}: "¥1,290", {"5.00", "CHF"}: "CHF\u00a05.00",
		{}: "", {"12.905", "EUR"}: "12.905\u00a0EUR", {"5", "ZZZ"}: "5\u00a0ZZZ", {"much", "EUR"}: "much\u00a0EUR",
	} {
		if got := m.in("en"); got != want {
			t.Errorf("%v is %q, want %q", m, got, want)
		}
	}
	if got := (money{"1234.50", "EUR"}).in("de"); got != "1.234,50\u00a0€" {
		t.Errorf("in German %q", got)
	}
}

func TestTheWayBackThroughAListIsTheWayThatWasGone(t *testing.T) {
	l := listing{Query: "lamp", Category: "lighting"}
	var gone []string
	for n := range mostBack + 5 {
		gone = append(gone, l.Path())
		l = pathOf(t, l.After(fmt.Sprint("c", n)))
	}
	for range mostBack {
		before := l.Previous()
		if want := gone[len(gone)-1]; pathOf(t, before).Cursor != pathOf(t, want).Cursor {
			t.Fatalf("back to %s, want %s", before, want)
		}
		l, gone = pathOf(t, before), gone[:len(gone)-1]
	}
	if l.First() != "/?category=lighting&q=lamp" || l.Previous() != l.First() {
		t.Errorf("what is further back is the first page: %s, %s", l.Previous(), l.First())
	}
	if first := pathOf(t, l.First()); first.Previous() != "" || first.After("") != "" {
		t.Errorf("%+v has a page before or after it", first)
	}
}

// pathOf is the listing of a path, as the next request has it.
func pathOf(t *testing.T, path string) listing {
	t.Helper()
	return listingOf(httptest.NewRequest("GET", path, nil))
}

func TestWhoTakesGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "gzip": true, "br, GZIP": true, "gzip;q=0": false, "gzip; q=0.5": true, "*": true, "*;q=0": false, "identity": false,
		"gzip;q=0, *": false, "gzip;q=much": false,
	} {
		if got := takesGzip(header); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

func TestTheOriginIsWhatTheFrontDoorTells(t *testing.T) {
	for host, want := range map[string]string{
		"shop.example": "https://shop.example", "shop.example:8443": "https://shop.example:8443", "[::1]:8443": "https://[::1]:8443",
		"shop.example/x": "", `"><b>`: "", "a b": "",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("X-Forwarded-Host", host)
		r.Header.Set("X-Forwarded-Proto", "https")
		if got := origin(r); got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
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
