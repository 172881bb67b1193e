package main

import (
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/outage"
	"github.com/emporium-shop/emporium/services/shop"
)

// seen is an answer that somebody got.
type seen struct {
	owner, method, path string
	status              int
	body                string
}

// usual is what everybody sees while nothing is wrong, but for the parts of a service that something else stands in the place of.
func usual(away string) []seen {
	all := []seen{{"checkout", http.MethodPost, "/api/checkout/orders", 201, ""}, {"orders", http.MethodPost, "/api/orders/1/cancellations", 409, ""}}
	for _, p := range parts {
		text := p.Text
		if p.service == away && !p.Kept {
			text = p.Instead
		}
		all = append(all, seen{"storefront", http.MethodGet, p.Page, 200, text})
	}
	return all
}

// page is somebody who looks at a page of the storefront.
func page(path string, status int, body string) seen {
	return seen{"storefront", http.MethodGet, path, status, body}
}

func rowOf(away string, all ...seen) row {
	r := newRow(away)
	for _, s := range all {
		r.add(s.owner, request{method: s.method, path: s.path}, answer{status: s.status, body: []byte(s.body)})
	}
	return r
}

// taking is a row in which a page took so long.
func taking(away, path string, took ...time.Duration) row {
	r := rowOf(away, usual(away)...)
	r.Took[path] = took
	return r
}

// An outage costs its own part, and nothing else: each way to break that is told by its name.
func TestAnOutageOfAnOptionalServiceIsJudged(t *testing.T) {
	with := func(away string, more ...seen) row { return rowOf(away, append(usual(away), more...)...) }
	const found, start = "/search?q=pan", "/"
	for name, c := range map[string]struct {
		row  row
		want string
	}{
		"all is well":                     {with(""), ""},
		"another is away":                 {with("warehouse", seen{"warehouse", "GET", "/api/warehouse", 502, ""}), ""},
		"search is away":                  {with("search", seen{"search", "GET", "/api/search", 0, ""}), ""},
		"media is away":                   {with("media"), ""},
		"search answers while away":       {with("search", seen{"search", "GET", "/api/search", 200, ""}), "it answered 1 times"},
		"its part stays, from a cache":    {with("search", page(found, 200, parts[len(parts)-2].Text)), "so it is not its part"},
		"nothing stands in its place":     {with("search", page(found, 200, "a list")), "nothing stood in the place of its part on 1 of 2"},
		"a part of another goes":          {with("warehouse", page(found, 200, "a list")), "the part of search was missing on 1 of 2"},
		"a part goes that is kept":        {with("cms", page(start, 200, "no links")), "the part of cms, which stays, was missing on 1 of 2"},
		"a part that is kept goes anyhow": {with("", page(start, 200, "no links")), "the part of cms, which stays, was missing on 1 of 2"},
		"a part does not come back":       {rowOf("", usual("search")...), "the part of search was missing on 1 of 1"},
		"a page is an error":              {with("search", page("/products/KIT-1002", 500, "")), "GET /products/KIT-1002 500, 1 times"},
		"a page is not found":             {with("", page("/", 404, "")), "GET / 404, 1 times"},
		"the API of another is an error":  {with("cms", seen{"cart", "PUT", "/api/cart/17/items/X", 502, ""}), "PUT /api/cart 502, 1 times"},
		"no answer":                       {with("cms", seen{"catalog", "GET", "/api/catalog", 0, ""}), "GET /api/catalog 0, 1 times"},
		"too many":                        {with("cms", seen{"catalog", "GET", "/api/catalog", 429, ""}), "429"},
		"no order":                        {rowOf("cms", usual("cms")[1:]...), "no order was placed"},
		"nobody looked":                   {rowOf("", usual("")[0]), "nobody saw /search?q=pan"},
		"a page waits too long":           {taking("search", found, 5*time.Second), "/search?q=pan took 5s, more than 1.25s"},
		"a page waits for a part":         {taking("search", found, time.Second+outage.Visit), ""},
		"a page waits for another's part": {taking("media", found, time.Second+outage.Visit), "more than 1s"},
	} {
		got := strings.Join(c.row.wrong(), "; ")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	r := rowOf("search", usual("search")...)
	if got := strings.Join(r.missing(), ", "); got != "search's own paths, search on /search/suggestions?q=pa, search on /search?q=pan" {
		t.Error(got)
	}
	if got := rowOf("", usual("")...).missing(); len(got) != 0 {
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
func TestEveryServiceInGoIsStoppedUnlessItIsNeeded(t *testing.T) {
	optional := (&world{members: shop.Members()}).optional()
	if len(optional)+len(outage.Needed) != len(shop.Members()) || len(optional) < 8 {
		t.Errorf("optional are %v", optional)
	}
}

// A part that nobody looks at could not go missing.
func TestVisitorsLookAtEachPageThatHasAPart(t *testing.T) {
	if len(parts) < 5 {
		t.Errorf("%v", parts)
	}
	for _, p := range parts {
		if !slices.Contains(pages, p.Page) {
			t.Errorf("nobody looks at %s, where %s has a part", p.Page, p.service)
		}
	}
}

// A page that nobody has an answer of is waited for: what hangs would be of no window.
func TestAWindowIsOpenUntilEachPageWasSeen(t *testing.T) {
	m := newMeter(&world{})
	m.now.Orders = 1
	for _, p := range parts {
		m.now.Could[p]++
	}
	for n, p := range pages {
		if m.enough() {
			t.Errorf("%d pages of %d are enough", n, len(pages))
		}
		m.now.Took[p] = append(m.now.Took[p], time.Second)
	}
	if !m.enough() {
		t.Error("never enough")
	}
}

// What hangs answers nothing and can still be killed.
func TestAHangingProcessCanBeKilled(t *testing.T) {
	cmd := exec.Command("sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	p := &process{cmd: cmd, done: done}
	if err := p.hang(); err != nil || !p.kill() {
		t.Errorf("%v", err)
	}
	if err := p.hang(); err != nil { // nothing runs
		t.Error(err)
	}
}
