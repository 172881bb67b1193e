package storefront

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func TestAFieldThatIsWrongIsToldThereAndAllIsKept(t *testing.T) {
	for name, row := range map[string]struct{ old, new, id, text string }{
		"a postcode of elsewhere": {"10115", "1011+AB", "postcode", "A postcode of Germany looks like 10115."},
		"no postcode":             {"10115", "+", "postcode", "Enter the postcode."},
		"no address":              {"jane%40example.org", "jane", "email", "This is no email address"},
		"a name in it":            {"jane%40example.org", "Jane+%3Cjane%40example.org%3E", "email", "This is no email address"},
		"no domain":               {"jane%40example.org", "jane%40localhost", "email", "This is no email address"},
		"nobody":                  {"Jane+Doe", "", "name", "Enter the name"},
		"a long street":           {"1+Market+Street", strings.Repeat("x", 101), "street", "It is too long: at most 100 characters."},
		"a line break":            {"Berlin", "Ber%0Alin", "city", "It holds characters that cannot be printed."},
		"no country":              {"=DE", "=", "country", "Choose a country."},
		"another country":         {"=DE", "=US", "country", "We do not send there yet."},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTill(t)
			page := c.post(t, "/checkout", strings.Replace(jane, row.old, row.new, 1))
			page.want(t, 422, `id="wrong-`+row.id+`">`+row.text, `href="#`+row.id+`"`, `aria-invalid="true"`, "autofocus", "<title>Error: ")
			for id, value := range map[string]string{"email": "jane@example.org", "name": "Jane Doe", "street": "1 Market Street", "postcode": "10115", "city": "Berlin"} {
				if id != row.id && !strings.Contains(page.body, `value="`+value+`"`) {
					t.Errorf("%s is lost", id)
				}
			}
			if got := c.get(t, "/checkout/review"); got.path != "/checkout" {
				t.Errorf("nevertheless it goes on to %s", got.path)
			}
			if strings.Count(page.body, "autofocus") != 1 {
				t.Error("the focus is wanted twice")
			}
		})
	}
}

func TestPostcodesOfTheEU(t *testing.T) {
	if len(countries) != 27 {
		t.Errorf("%d countries", len(countries))
	}
	for _, c := range countries {
		for _, text := range []string{c.Example, strings.ToLower(c.Example), strings.ReplaceAll(c.Example, " ", ""), " " + c.Example} {
			if wrong := c.misfit(text); wrong != "" {
				t.Errorf("%s: %q: %s", c.Name, text, wrong)
			}
		}
		for _, text := range []string{"", "1", c.Example + "1234567", "-----", "ABCDEFGHI"} {
			if c.misfit(text) == "" {
				t.Errorf("%s takes %q", c.Name, text)
			}
		}
	}
	some, err := shipsTo("de, at")
	if err != nil || len(some) != 2 || some[1].Name != "Austria" {
		t.Errorf("%v %v", some, err)
	}
	if _, err := shipsTo("DE,XX"); err == nil {
		t.Error("a country that is none is taken")
	}
}

func TestAShopMaySendToSomeCountriesOnly(t *testing.T) {
	c := newTill(t, "SHIP_TO", "AT")
	c.get(t, "/checkout").want(t, 200, "Austria").lacks(t, "Germany")
	c.post(t, "/checkout", jane).want(t, 422, "We do not send there yet.")
}

// Whatever is typed, the cookie is one that browsers keep, and what was typed comes back out of it.
func TestTheCookieHoldsWhatEverFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string, most int) string { return rapid.StringN(0, most, -1).Draw(t, name) }
		a := address{rapid.StringMatching(`[a-z<&"]{0,254}`).Draw(t, "email"), text("name", 120), text("street", 140), text("postcode", 30), text("city", 90), "DE"}.cut()
		d := draft{Address: a, Coupons: []string{strings.Repeat("<", longestCode)}, Card: "tok_visa"}.anew()
		d.Quote, d.Was, d.Hash, d.Saga = uuid.NewString(), uuid.NewString(), strings.Repeat("f", 32), uuid.NewString()
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		draft{}.keep(w, r)
		d.keep(w, r)
		set := w.Result().Cookies()
		if len(set) != 1 {
			t.Fatalf("%d cookies", len(set))
		}
		if len(set[0].String()) > 4096 {
			t.Fatalf("a cookie of %d bytes", len(set[0].String()))
		}
		r.AddCookie(set[0])
		if back := draftOf(r); back.Address != a || back.Attempt != d.Attempt {
			t.Fatalf("%+v became %+v", d, back)
		}
	})
}

func TestOverTLSOnlyTheCookieOfThisHostCounts(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	w := httptest.NewRecorder()
	draft{Number: "PLANTED"}.keep(w, r)
	r.AddCookie(w.Result().Cookies()[0])
	if draftOf(r).Number != "PLANTED" {
		t.Fatal("over plain HTTP it does not count either")
	}
	r.Header.Set("X-Forwarded-Proto", "https")
	if draftOf(r).Number != "" {
		t.Error("a cookie that another host of the domain planted counts")
	}
	w = httptest.NewRecorder()
	draft{Number: "OWN"}.keep(w, r)
	own := w.Result().Cookies()[0]
	if own.Name != "__Host-shop_checkout" || !own.Secure || !own.HttpOnly || own.SameSite != http.SameSiteLaxMode || own.Path != "/" || own.Domain != "" {
		t.Errorf("%+v", own)
	}
	r.AddCookie(own)
	if draftOf(r).Number != "OWN" {
		t.Error("our own does not count")
	}
}

func TestACookieThatIsNoneOfOursIsNoDraft(t *testing.T) {
	for name, d := range map[string]draft{
		"a path for an id":   {Quote: "../../x"},
		"another saga":       {Saga: "x"},
		"a card of nobody's": {Card: "tok_other"},
		"a long address":     {Address: address{City: strings.Repeat("x", 62)}},
		"many vouchers":      {Coupons: strings.Split("a,b,c,d,e,f", ",")},
		"an empty voucher":   {Coupons: []string{""}},
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		d.Number = "N"
		d.keep(w, r)
		r.AddCookie(w.Result().Cookies()[0])
		if draftOf(r).Number != "" {
			t.Errorf("%s is taken", name)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Cookie", plainDraft+"=%%%")
	if d := draftOf(r); d.Under() || d.Attempt != "" {
		t.Errorf("%+v", d)
	}
}
