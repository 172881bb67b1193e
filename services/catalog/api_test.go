package catalog

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

const moka = "/api/catalog/products/KIT-1001"

func TestPagesHoldEveryProductOnce(t *testing.T) {
	h, seen, cursor := serve(t), map[string]bool{}, ""
	for {
		w := h.Ask("GET", "/api/catalog/products?limit=70&cursor="+cursor, "")
		var list struct {
			Items []struct{ SKU, Image string }
			Next  string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != 200 {
			t.Fatalf("%d %s: %v", w.Code, w.Body, err)
		}
		for _, p := range list.Items {
			if seen[p.SKU] || p.Image != "/api/catalog/products/"+p.SKU+"/image.svg" {
				t.Errorf("%s is listed twice, or has the picture %s", p.SKU, p.Image)
			}
			seen[p.SKU] = true
		}
		if cursor = list.Next; cursor == "" {
			break
		}
	}
	if len(seen) != 300 {
		t.Errorf("listed %d products, want 300", len(seen))
	}
}

func TestListsAreNarrowed(t *testing.T) {
	h := serve(t)
	for query, want := range map[string]string{"q=moka+pot": "Moka Pot", "category=toys": `"category":"toys"`, "q=100%25_": `"items":[]`, "category=none": `"items":[]`} {
		if w := h.Ask("GET", "/api/catalog/products?limit=3&"+query, ""); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s, want %s", query, w.Code, w.Body, want)
		}
	}
	if w := h.Ask("GET", "/api/catalog/categories", ""); !strings.Contains(w.Body.String(), `{"slug":"kitchen","name":"Kitchen","count":30}`) {
		t.Errorf("categories: %s", w.Body)
	}
}

func TestNobodyButStaffChangesAProduct(t *testing.T) {
	h := serve(t)
	tag := h.Ask("GET", moka, "").Header().Get("ETag")
	const mine = `{"name":"Mine"}`
	for name, c := range map[string]struct {
		token string
		code  int
	}{
		"the public":         {"", 401},
		"a customer":         {accesstest.Customer(t, "jane"), 403},
		"staff who may read": {accesstest.Staff(t, "catalog:read"), 403},
		"an unknown key":     {accesstest.Service(t, "cart"), 401}, // it was made after the process read its keys
		"no signature":       {"Bearer eyJhbGciOiJub25lIn0.e30.", 401},
	} {
		if w := h.Ask("PATCH", moka, mine, "If-Match", tag, "Authorization", c.token); w.Code != c.code {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if now := h.Ask("GET", moka, ""); strings.Contains(now.Body.String(), "Mine") || now.Header().Get("ETag") != tag {
		t.Errorf("the name is changed: %s", now.Body)
	}
	if w := h.Ask("PATCH", moka, mine, "If-Match", tag, "Authorization", accesstest.Staff(t, "catalog:write")); w.Code != 200 || !strings.Contains(w.Body.String(), `"Mine"`) {
		t.Errorf("staff: %d %s", w.Code, w.Body)
	}
}

// Rule F26: pricing owns prices. Whatever a price that is sent here looks like, and whatever is sent with it: nothing is changed, and the
// answer says where prices are changed.
func TestAPriceIsChangedAtPricingAlone(t *testing.T) {
	h := serve(t)
	before := h.Ask("GET", moka, "")
	staff := []string{"If-Match", before.Header().Get("ETag"), "Authorization", accesstest.Staff(t, "catalog:write")}
	for _, body := range []string{
		`{"price":{"amount":"0.01","currency":"EUR"}}`, `{"name":"Cheap pot","price":{"amount":"0.01","currency":"EUR"}}`,
		`{"price":{"amount":"-1","currency":"USD"}}`, `{"price":1.5}`, `{"price":[]}`,
	} {
		w := h.Ask("PATCH", moka, body, staff...)
		servicetest.Refused(t, body, w, 422, "invalid")
		for _, part := range []string{`"#/price"`, "POST /api/pricing/prices", "pricing:write"} {
			if !strings.Contains(w.Body.String(), part) {
				t.Errorf("%s: nobody is told %s: %s", body, part, w.Body)
			}
		}
	}
	if now := h.Ask("GET", moka, ""); now.Body.String() != before.Body.String() || now.Header().Get("ETag") != before.Header().Get("ETag") {
		t.Errorf("%s became %s", before.Body, now.Body)
	}
	if said := productChangeOf(t, h.Ask("GET", "/openapi.json", "").Body.String()); strings.Contains(said, "price") {
		t.Error("the document promises that a price can be changed here")
	}
}

// productChangeOf is what a document says that a change may hold.
func productChangeOf(t *testing.T, document string) string {
	t.Helper()
	var doc struct {
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal([]byte(document), &doc); err != nil || len(doc.Components.Schemas["ProductChange"]) == 0 {
		t.Fatalf("there is no ProductChange (%v): %s", err, document)
	}
	return string(doc.Components.Schemas["ProductChange"])
}

func TestOfManyWritersOneWinsAndTheOthersAreStale(t *testing.T) {
	h := serve(t)
	staff := accesstest.Staff(t, "catalog:write")
	read := func() string { return h.Ask("GET", moka, "").Header().Get("ETag") }
	servicetest.Writers(t, 4, 5, read, func(writer int, tag string) int {
		body := fmt.Sprintf(`{"name":"Pot of writer %d"}`, writer)
		return h.Ask("PATCH", moka, body, "If-Match", tag, "Authorization", staff).Code
	})
}

// The front door repeats a PATCH whose connection broke: the second one must not
// be refused for what the first one did.
func TestAChangeThatIsRepeatedIsDone(t *testing.T) {
	h := serve(t)
	staff := accesstest.Staff(t, "catalog:write")
	tag := h.Ask("GET", moka, "").Header().Get("ETag")
	first := h.Ask("PATCH", moka, `{"name":"Pot"}`, "If-Match", tag, "Authorization", staff)
	again := h.Ask("PATCH", moka, `{"name":"Pot"}`, "If-Match", tag, "Authorization", staff)
	if first.Code != 200 || again.Code != 200 || first.Body.String() != again.Body.String() || first.Header().Get("ETag") != again.Header().Get("ETag") {
		t.Errorf("%d %s, then %d %s", first.Code, first.Body, again.Code, again.Body)
	}
	if other := h.Ask("PATCH", moka, `{"name":"Another"}`, "If-Match", tag, "Authorization", staff); other.Code != 412 {
		t.Errorf("another change for the same version: %d", other.Code)
	}
}

func TestCopiesStayRight(t *testing.T) {
	h := serve(t)
	for _, path := range []string{moka, moka + "/image.svg", "/api/catalog/products?category=toys", "/api/catalog/categories"} {
		first := h.Ask("GET", path, "")
		tag := first.Header().Get("ETag")
		if w := h.Ask("GET", path, "", "If-None-Match", tag); w.Code != 304 || w.Body.Len() != 0 || w.Header().Get("ETag") != tag || w.Header().Get("Cache-Control") != first.Header().Get("Cache-Control") {
			t.Errorf("%s: %d %s %v", path, w.Code, w.Body, w.Header())
		}
	}
}

func TestPicturesAreDrawnAndRunNothing(t *testing.T) {
	h := serve(t)
	w := h.Ask("GET", "/api/catalog/products/TOY-1271/image.svg", "", "Accept", "image/avif,image/webp,image/*,*/*;q=0.8")
	if w.Code != 200 || w.Header().Get("Content-Type") != "image/svg+xml" || !strings.HasPrefix(w.Body.String(), "<svg") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox;", "Cache-Control": "public, max-age=3600"} {
		if got := w.Header().Get(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s is %q", name, got)
		}
	}
}

func TestErrorsAreProblems(t *testing.T) {
	h := serve(t)
	match := []string{"If-Match", `"1-0"`, "Authorization", accesstest.Staff(t, "catalog:write")}
	next := struct{ Next string }{}
	_ = json.Unmarshal(h.Ask("GET", "/api/catalog/products?limit=1", "").Body.Bytes(), &next)
	for name, c := range map[string]struct {
		code               int
		slug               string
		method, path, body string
		header             []string
	}{
		"no precondition":            {428, "precondition-required", "PATCH", moka, `{"name":"x"}`, match[2:]},
		"unknown field":              {422, "invalid", "PATCH", moka, `{"colour":"x"}`, match},
		"no name":                    {422, "invalid", "PATCH", moka, `{"name":""}`, match},
		"stale":                      {412, "stale", "PATCH", moka, `{"name":"x"}`, append([]string{}, "If-Match", `"9-0"`, match[2], match[3])},
		"too large":                  {413, "", "PATCH", moka, `{"name":"` + strings.Repeat("x", 1<<20) + `"}`, match},
		"no such product":            {404, "not-found", "GET", "/api/catalog/products/NONE", "", nil},
		"no picture of it":           {404, "not-found", "GET", "/api/catalog/products/NONE/image.svg", "", nil},
		"no such path":               {404, "", "GET", "/api/catalog/nothing", "", nil},
		"wrong method":               {405, "", "DELETE", moka, "", nil},
		"wrong cursor":               {400, "malformed", "GET", "/api/catalog/products?cursor=x", "", nil},
		"a cursor of another filter": {400, "malformed", "GET", "/api/catalog/products?category=toys&cursor=" + next.Next, "", nil},
		"limit over bound":           {422, "invalid", "GET", "/api/catalog/products?limit=1000", "", nil},
		"a misspelt parameter":       {422, "invalid", "GET", "/api/catalog/products?catgory=toys", "", nil},
	} {
		w := h.Ask(c.method, c.path, c.body, c.header...)
		servicetest.Refused(t, name, w, c.code, c.slug)
		if got := w.Header().Get("X-Shop-Sources"); got != "catalog=acme-1a2b3c4d" {
			t.Errorf("%s: sources %q", name, got)
		}
	}
}

func TestDescriptionIsCheckedIn(t *testing.T) { servicetest.OpenAPI(t, Service()) }

// Staff name pictures of media; a list and an event tell of them, and what is no picture is refused at its place.
func TestStaffGiveAProductItsPictures(t *testing.T) {
	h := serve(t)
	staff := accesstest.Staff(t, "catalog:write")
	if w := h.Ask("GET", "/api/catalog/products/KIT-1002", ""); strings.Contains(w.Body.String(), `"media"`) {
		t.Errorf("a product without a picture tells of some: %s", w.Body)
	}
	tag := h.Ask("GET", moka, "").Header().Get("ETag")
	hash := strings.Repeat("ab", 32)
	for body, at := range map[string]string{
		`{"media":[{"hash":"../../secret","width":1,"height":1,"alt":""}]}`:                                            "/media/0/hash",
		`{"media":[{"hash":"` + strings.ToUpper(hash) + `","width":1,"height":1,"alt":""}]}`:                           "/media/0/hash",
		`{"media":[{"hash":"` + hash + `","width":0,"height":1,"alt":""}]}`:                                            "/media/0/width",
		`{"media":[` + strings.Repeat(`{"hash":"`+hash+`","width":1,"height":1,"alt":""},`, 4) + `{"hash":"x"}` + `]}`: "/media",
	} {
		if w := h.Ask("PATCH", moka, body, "If-Match", tag, "Authorization", staff); w.Code != 422 || !strings.Contains(w.Body.String(), at) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	w := h.Ask("PATCH", moka, `{"media":[{"hash":"`+hash+`","width":800,"height":600,"alt":"A pot"}]}`, "If-Match", tag, "Authorization", staff)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"media":[{"hash":"`+hash+`","width":800,"height":600,"alt":"A pot"}]`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := h.Ask("PATCH", moka, `{"media":[]}`, "If-Match", w.Header().Get("ETag"), "Authorization", staff); w.Code != 200 || strings.Contains(w.Body.String(), `"media"`) {
		t.Errorf("it keeps a picture that was taken away: %d %s", w.Code, w.Body)
	}
}
