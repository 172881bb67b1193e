package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/shop"
)

const filters = "<summary>Filters</summary>"

// seen is an answer that somebody got.
type seen struct {
	owner, method, path string
	status              int
	body                string
}

// usual is what everybody sees while nothing is wrong.
var usual = []seen{
	{"checkout", http.MethodPost, "/api/checkout/orders", 201, ""}, {"storefront", http.MethodGet, "/search?q=pan", 200, filters}, {"storefront", http.MethodGet, "/", 200, ""},
	{"orders", http.MethodPost, "/api/orders/1/cancellations", 409, ""},
}

func rowOf(away string, all ...seen) row {
	r := newRow(away)
	for _, s := range all {
		r.add(s.owner, request{method: s.method, path: s.path}, answer{status: s.status, body: []byte(s.body)})
	}
	return r
}

// An outage costs its own part, and nothing else: each way to break that is told by its name.
func TestAnOutageOfAnOptionalServiceIsJudged(t *testing.T) {
	without := []seen{usual[0], {"storefront", http.MethodGet, "/search?q=pan", 200, "no filters"}}
	for name, c := range map[string]struct {
		row  row
		want string
	}{
		"all is well":                    {rowOf("", usual...), ""},
		"another is away":                {rowOf("cms", append(usual, seen{"cms", "GET", "/api/cms", 502, ""})...), ""},
		"search is away":                 {rowOf("search", append(without, seen{"search", "GET", "/api/search", 0, ""})...), ""},
		"search answers while away":      {rowOf("search", append(without, seen{"search", "GET", "/api/search", 200, ""})...), "it answered 1 times"},
		"its part stays":                 {rowOf("search", usual...), "so it is not its part"},
		"a part of another goes":         {rowOf("cms", without...), "the part of search was missing on 1 of 1"},
		"a page is an error":             {rowOf("search", append(without, seen{"storefront", "GET", "/products/KIT-1002", 503, ""})...), "GET /products/KIT-1002 503, 1 times"},
		"a page is not found":            {rowOf("", append(usual, seen{"storefront", "GET", "/", 404, ""})...), "GET / 404, 1 times"},
		"the API of another is an error": {rowOf("cms", append(usual, seen{"cart", "PUT", "/api/cart/17/items/X", 502, ""})...), "PUT /api/cart 502, 1 times"},
		"no answer":                      {rowOf("cms", append(usual, seen{"catalog", "GET", "/api/catalog", 0, ""})...), "GET /api/catalog 0, 1 times"},
		"too many":                       {rowOf("cms", append(usual, seen{"catalog", "GET", "/api/catalog", 429, ""})...), "429"},
		"no order":                       {rowOf("cms", usual[1:]...), "no order was placed"},
		"nobody looked":                  {rowOf("", usual[0]), "nobody saw /search?q=pan"},
	} {
		got := strings.Join(c.row.wrong(), "; ")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	r := rowOf("search", usual[0], seen{"storefront", "GET", "/search?q=pan", 200, ""})
	if got := strings.Join(r.missing(), ", "); got != "search's own paths, search on /search?q=pan" {
		t.Error(got)
	}
	if got := rowOf("", usual...).missing(); len(got) != 0 {
		t.Error(got)
	}
}

// A request that was under way when the service went down is of no window, nor is one between two.
func TestOnlyWhatWasSentInTheWindowCounts(t *testing.T) {
	f, err := openFront(shop.Members())
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	m := newMeter(&world{front: f})
	ask := func(sent time.Time) {
		m.saw(request{method: "GET", path: "/api/catalog/products?q=1"}, answer{status: 500}, sent)
	}
	ask(time.Now())
	before := time.Now()
	m.window("cms")
	ask(before)
	ask(time.Now())
	if r := m.row(); r.Requests != 1 || r.failed() != 1 {
		t.Errorf("%+v", r)
	}
	ask(time.Now())
	if r := m.row(); r.Requests != 1 {
		t.Errorf("%+v", r)
	}
}

// Whoever adds a service has it stopped by this test, until somebody says that nobody can order without it.
func TestEveryServiceIsNeededOrOptional(t *testing.T) {
	there := map[string]bool{}
	for _, m := range shop.Members() {
		there[m.Name] = true
	}
	for _, name := range needed {
		if !there[name] {
			t.Errorf("%s is needed, and there is no such service", name)
		}
	}
	optional := (&world{members: shop.Members()}).optional()
	if len(optional)+len(needed) != len(there) || len(optional) < 8 {
		t.Errorf("optional are %v", optional)
	}
	for _, p := range parts {
		if !there[p.service] {
			t.Errorf("a page has a part of %s, which is no service", p.service)
		}
	}
}
