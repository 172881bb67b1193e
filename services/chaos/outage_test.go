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

// all is what is looked at where every service runs.
func all() sight { return sightOf(outage.Optional, append(shop.Members(), shop.Foreign()...)) }

// signedIn is an order of a customer who is signed in.
var signedIn = seen{"checkout", http.MethodPost, "/api/checkout/orders", 201, "Bearer"}

// usual is what everybody sees while nothing is wrong, but for the parts of services that something else stands in the place of.
func usual(away ...string) []seen {
	list := []seen{signedIn, {"orders", http.MethodPost, "/api/orders/1/cancellations", 409, ""}}
	for _, name := range all().pages {
		body, status := "", http.StatusOK
		for _, p := range all().of(name) {
			text := p.Text
			if slices.Contains(away, p.service) && !p.Kept {
				text = p.Instead
				if p.Whole {
					status = http.StatusServiceUnavailable
				}
			}
			body += text + "\n"
		}
		list = append(list, page(name, status, body))
	}
	return list
}

// but is what is usual with another body of one page.
func but(away, name, body string) (list []seen) {
	for _, s := range usual(away) {
		if s.path == name {
			s.body = body
		}
		list = append(list, s)
	}
	return list
}

// page is somebody who looks at a page of the storefront.
func page(path string, status int, body string) seen {
	return seen{"storefront", http.MethodGet, path, status, body}
}

func rowOf(away string, list ...seen) row {
	r := newRow(all(), strings.Fields(away))
	for _, s := range list {
		q := request{method: s.method, path: s.path, page: s.path}
		if s == signedIn {
			q.header = map[string]string{"Authorization": s.body}
		}
		r.add(s.owner, q, answer{status: s.status, body: []byte(s.body)})
	}
	return r
}

// taking is a row in which a page took so long.
func taking(away, path string, took ...time.Duration) row {
	r := rowOf(away, usual(strings.Fields(away)...)...)
	r.Took[path] = took
	return r
}

// An outage costs its own part, and nothing else: each way to break that is told by its name.
func TestAnOutageOfAnOptionalServiceIsJudged(t *testing.T) {
	with := func(away string, more ...seen) row {
		return rowOf(away, append(usual(strings.Fields(away)...), more...)...)
	}
	const found, start, goods = "/search?q=pan", "/", "/products/{sku}"
	for name, c := range map[string]struct {
		row  row
		want string
	}{
		"all is well":                     {with(""), ""},
		"another is away":                 {with("warehouse", seen{"warehouse", "GET", "/api/warehouse", 502, ""}), ""},
		"search is away":                  {with("search", seen{"search", "GET", "/api/search", 0, ""}), ""},
		"media is away":                   {with("media"), ""},
		"search answers while away":       {with("search", seen{"search", "GET", "/api/search", 200, ""}), "it answered 1 times"},
		"two are away":                    {with("search reviews"), ""},
		"its part stays, from a cache":    {with("search", page(found, 200, textOf("search", found))), "so it is not its part"},
		"nothing stands in its place":     {with("search", page(found, 200, "a list")), "nothing stood in the place of the part of search on 1 of 2"},
		"a part of another goes":          {with("warehouse", page(found, 200, "a list")), "the part of search was missing on 1 of 2"},
		"a part of both of a page goes":   {rowOf("reviews", but("reviews", goods, "a product")...), "the part of recommendations was missing on 1 of 1"},
		"a customer's part of another":    {rowOf("loyalty", but("loyalty", "/account", "your account")...), "the part of customers was missing on 1 of 1 pages /account"},
		"its page is an error":            {with("loyalty"), ""},
		"its page is there":               {rowOf("loyalty", append(usual(), seen{"storefront", "GET", "/account/points", 200, "points to spend"})...), "GET /account/points 200, 2 times"},
		"the page of another is an error": {with("wishlists", page("/account/points", 503, "")), "GET /account/points 503, 1 times"},
		"a part goes that is kept":        {with("cms", page(start, 200, "no links")), "the part of cms, which stays, was missing on 1 of 2"},
		"a part that is kept goes anyhow": {with("", page(start, 200, "no links")), "the part of cms, which stays, was missing on 1 of 2"},
		"a part does not come back":       {rowOf("", usual("search")...), "the part of search was missing on 1 of 1"},
		"a page is an error":              {with("search", page("/products/KIT-1001", 500, "")), "GET /products/KIT-1001 500, 1 times"},
		"a page is not found":             {with("", page("/", 404, "")), "GET / 404, 1 times"},
		"the API of another is an error":  {with("cms", seen{"cart", "PUT", "/api/cart/17/items/X", 502, ""}), "PUT /api/cart 502, 1 times"},
		"no answer":                       {with("cms", seen{"catalog", "GET", "/api/catalog", 0, ""}), "GET /api/catalog 0, 1 times"},
		"too many":                        {with("cms", seen{"catalog", "GET", "/api/catalog", 429, ""}), "429"},
		"no order":                        {rowOf("cms", usual("cms")[1:]...), "no order was placed"},
		"nobody signed in orders":         {rowOf("cms", append(usual("cms")[1:], seen{"checkout", "POST", "/api/checkout/orders", 201, ""})...), "no order of a customer who is signed in"},
		"nobody looked":                   {rowOf("", usual()[0]), "nobody saw /search?q=pan"},
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

// textOf is what a service has on a page.
func textOf(service, page string) string {
	for _, p := range all().of(page) {
		if p.service == service {
			return p.Text
		}
	}
	return ""
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	r := rowOf("search", usual("search")...)
	if got := strings.Join(r.missing(), ", "); got != "search on /search/suggestions?q=pa, search on /search?q=pan" {
		t.Error(got)
	}
	if got := rowOf("", usual()...).missing(); len(got) != 0 {
		t.Error(got)
	}
}

// What is there again in the next window is an outage's; what a busy machine made is not.
func TestOnlyWhatABusyMachineMayHaveMadeIsLookedAtAgain(t *testing.T) {
	const goods = "/products/{sku}"
	late := but("warehouse", goods, textOf("reviews", goods))
	starved := rowOf("warehouse", append(usual(), page("/", 500, ""))...)
	starved.Late = time.Second
	for name, c := range map[string]struct {
		row  row
		want bool
	}{
		"all is well":                          {rowOf("warehouse", usual()...), false},
		"a part did not come in time":          {rowOf("warehouse", late...), true},
		"a page took longer":                   {taking("warehouse", goods, 5*time.Second), true},
		"an error, too":                        {rowOf("warehouse", append(late, page("/", 500, ""))...), false},
		"an error while this had no turn":      {starved, true},
		"its part stays":                       {rowOf("search", usual()...), false},
		"nothing is away, and it is not back":  {rowOf("", usual("search")...), true},
		"nobody saw it, and that is not known": {rowOf("warehouse", usual()[:4]...), false},
	} {
		if got := c.row.busy(); got != c.want {
			t.Errorf("%s: %t, of %v", name, got, c.row.wrong())
		}
	}
}

// A request that was under way when the service went down is of no window, nor is one between two.
func TestOnlyWhatWasSentInTheWindowCounts(t *testing.T) {
	f, err := openFront(shop.Members())
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	m := newMeter(all(), f.owner)
	ask := func(sent time.Time) {
		m.saw(request{method: "GET", path: "/api/catalog/products?q=1"}, answer{status: 500}, sent)
	}
	ask(time.Now())
	before := time.Now()
	m.window([]string{"cms"})
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
func TestEveryServiceIsStoppedUnlessItIsNeeded(t *testing.T) {
	members := append(shop.Members(), shop.Foreign()...)
	optional := (&world{members: members}).optional()
	if len(optional)+len(outage.Needed) != len(members) || len(optional) < 16 {
		t.Errorf("optional are %v", optional)
	}
}

// A part that nobody looks at could not go missing.
func TestVisitorsLookAtEachPageThatHasAPart(t *testing.T) {
	s := all()
	for _, one := range outage.Optional {
		for _, p := range one.Parts {
			if !slices.Contains(s.pages, p.Page) || p.Customer != forCustomers(p.Page) {
				t.Errorf("nobody looks at %s as who sees it, where %s has a part", p.Page, one.Name)
			}
			if got := (&account{order: "o", token: "t"}).look(p.Page).path; strings.ContainsAny(got, "{}") {
				t.Errorf("nobody knows where %s is", got)
			}
		}
	}
}

// A service that this machine cannot start has no parts that could be looked at.
func TestWhatIsLeftOutIsNotLookedAt(t *testing.T) {
	for _, p := range sightOf(outage.Optional, shop.Members()).pages {
		if p == "/account/wishlists" {
			t.Error(p)
		}
	}
}

// In the short form those are away together that have no page in common: what is wrong with one is not another's then. Each is away once.
func TestServicesWithoutAPageInCommonAreAwayTogetherWhereTimeIsShort(t *testing.T) {
	s, names := all(), (&world{members: append(shop.Members(), shop.Foreign()...)}).optional()
	short := s.rounds(names, true)
	for _, round := range short {
		for n, name := range round {
			if s.meet(name, slices.Delete(slices.Clone(round), n, n+1)) {
				t.Errorf("%s has a page in common with others of %v", name, round)
			}
		}
	}
	if len(short) > 4 {
		t.Errorf("%d rounds: %v", len(short), short)
	}
	for _, rounds := range [][][]string{short, s.rounds(names, false)} {
		if away := slices.Sorted(slices.Values(slices.Concat(rounds...))); !slices.Equal(away, slices.Sorted(slices.Values(names))) {
			t.Errorf("away are %v", away)
		}
	}
	if long := s.rounds(names, false); len(long) != len(names) {
		t.Errorf("%v", long)
	}
}

// A page that nobody has an answer of is waited for: what hangs would be of no window.
func TestAWindowIsOpenUntilEachPageWasSeen(t *testing.T) {
	m := newMeter(all(), nil)
	m.now.Orders, m.now.Signed = 1, 1
	for _, p := range m.parts {
		m.now.Could[p]++
	}
	for n, p := range m.pages {
		if m.enough() {
			t.Errorf("%d pages of %d are enough", n, len(m.pages))
		}
		m.now.Took[p] = append(m.now.Took[p], time.Second)
	}
	if !m.enough() {
		t.Error("never enough")
	}
	m.now.Signed = 0
	if m.enough() {
		t.Error("enough without an order of who is signed in")
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
