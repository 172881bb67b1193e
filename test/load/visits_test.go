package load

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOrdersAreSpreadEvenly(t *testing.T) {
	wheel := Everyday.wheel()
	count := map[string]int{}
	for _, kind := range wheel {
		count[kind]++
	}
	if diff := cmp.Diff(map[string]int{browse: 70, search: 15, cart: 10, order: 5}, count); diff != "" {
		t.Error(diff)
	}
	last := -1
	for n, kind := range slices.Concat(wheel, wheel) {
		if kind != order {
			continue
		}
		if last >= 0 && (n-last < 15 || n-last > 25) {
			t.Errorf("orders at %d and %d of the wheel, where there is one in twenty", last, n)
		}
		last = n
	}
}

func TestAMixIsRead(t *testing.T) {
	if m, err := ParseMix("browse=70, search=15,cart=10,order=5"); err != nil || m != Everyday {
		t.Errorf("%+v (%v)", m, err)
	}
	for text, want := range map[string]string{"": "not of", "buy=1": "not of", "order": "no share", "order=-1": "no share", "order=0": "1 to 1000", "order=1001": "1 to 1000"} {
		if m, err := ParseMix(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v", text, m, err)
		}
	}
}

// counter is a shop of one product: it remembers requests, and answers orders as it is told.
type counter struct {
	mu     sync.Mutex
	asked  []string
	keys   map[string][]string
	orders []func(http.ResponseWriter)
	// release serves now.
	release string
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	c.asked = append(c.asked, r.Method+" "+r.URL.Path)
	key := r.Header.Get("Idempotency-Key")
	w.Header().Set("X-Shop-Release", c.release)
	w.Header().Set("X-Shop-Sources", "x="+c.release)
	switch path := r.URL.Path; {
	case path == "/api/cart":
		w.Header().Set("ETag", `"1-x"`)
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"id":"c1"}`)
	case r.Method == http.MethodPut && r.Header.Get("If-Match") != `"1-x"`:
		w.WriteHeader(http.StatusPreconditionFailed)
	case path == "/api/checkout/quotes" && strings.Contains(string(body), `"c1"`):
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"id":"q1","hash":"h1"}`)
	case path == "/api/checkout/orders":
		c.keys[key] = append(c.keys[key], string(body))
		next := c.orders[0]
		c.orders = c.orders[min(1, len(c.orders)-1):]
		next(w)
	}
}

func answers(status int, body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func breaks(http.ResponseWriter) { panic(http.ErrAbortHandler) }

// customers are of a mix, against a shop.
func customers(t *testing.T, v Visits, orders ...func(http.ResponseWriter)) (*Generator, *counter) {
	t.Helper()
	c := &counter{keys: map[string][]string{}, orders: orders, release: "a"}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	g, err := Start(t.Context(), Options{Target: Target{URL: server.URL, SKUs: []string{"KIT-1001"}, Categories: []string{"kitchen"}}, Rate: 100, Limit: 15 * time.Millisecond, Visits: &v})
	if err != nil {
		t.Fatal(err)
	}
	return g, c
}

const made = `{"order":"o1"}`

func TestAWholePurchase(t *testing.T) {
	g, c := customers(t, Visits{Mix: Mix{Order: 1}}, answers(201, made))
	g.Wait()
	bought := g.Purchases()
	if len(bought) == 0 || !slices.Equal(c.asked[:1], []string{"POST /api/cart"}) || !slices.Contains(c.asked, "PUT /api/cart/c1/items/KIT-1001") {
		t.Fatalf("%v, after %v", bought, c.asked)
	}
	p := bought[0]
	if p.Outcome != Confirmed || p.Order != "o1" || p.Tries != 1 || p.SKU != "KIT-1001" || p.QuotedBy != "a" || p.OrderedBy != "a" || p.Across() {
		t.Errorf("%+v", p)
	}
	sent := c.keys[p.Key]
	if len(sent) != 1 || !strings.Contains(sent[0], `"quote":"q1","hash":"h1"`) || !strings.Contains(sent[0], p.Email) || keyOf(p.Email) != p.Key {
		t.Errorf("sent %v", sent)
	}
}

// An answer that decides nothing is asked for by the same key with the same body.
func TestInDoubtTheSameIsSentAgain(t *testing.T) {
	g, c := customers(t, Visits{Mix: Mix{Order: 1}},
		answers(503, `{}`), answers(409, `{"type":"urn:emporium:problem:idempotency-in-flight"}`), answers(429, `{}`), answers(201, made))
	g.Wait()
	tries := 0
	for _, p := range g.Purchases() {
		if p.Outcome != Confirmed || len(c.keys[p.Key]) != p.Tries || len(slices.Compact(slices.Clone(c.keys[p.Key]))) != 1 {
			t.Errorf("%+v, sent %v", p, c.keys[p.Key])
		}
		tries += p.Tries - 1
	}
	if tries != 3 {
		t.Errorf("%d were sent again, want 3", tries)
	}
}

func TestPatienceEndsInDoubt(t *testing.T) {
	g, _ := customers(t, Visits{Mix: Mix{Order: 1}, Patience: time.Millisecond}, breaks)
	g.Wait()
	for _, p := range g.Purchases() {
		if p.Outcome != InDoubt || p.Tries != 1 {
			t.Errorf("%+v", p)
		}
	}
}

func TestWhatAnAnswerToAnOrderMeans(t *testing.T) {
	const urn = `{"type":"urn:emporium:problem:%s"}`
	cases := map[string]struct {
		status int
		body   string
		want   Outcome
	}{
		"created":            {201, made, Confirmed},
		"created without id": {201, "{}", Failed},
		"unreadable":         {201, "<html>", Failed},
		"sold out":           {409, fmt.Sprintf(urn, "sold-out"), Refused},
		"declined":           {409, fmt.Sprintf(urn, "payment-declined"), Refused},
		"price changed":      {409, fmt.Sprintf(urn, "quote-changed"), Refused},
		"in flight":          {409, fmt.Sprintf(urn, "idempotency-in-flight"), InDoubt},
		"not valid":          {422, fmt.Sprintf(urn, "invalid"), Failed},
		"too many":           {429, fmt.Sprintf(urn, "too-many-requests"), InDoubt},
		"broken":             {500, "", InDoubt},
		"nobody knows":       {503, fmt.Sprintf(urn, "unavailable"), InDoubt},
	}
	for name, c := range cases {
		if got := verdict(answer{c.status, http.Header{}, []byte(c.body)}, nil); got.outcome != c.want {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
	}
	if got := verdict(answer{}, io.EOF); got.outcome != InDoubt || got.again != time.Second {
		t.Errorf("no answer: %+v", got)
	}
	if got := verdict(answer{503, http.Header{"Retry-After": {"3"}}, nil}, nil); got.again != 3*time.Second {
		t.Errorf("Retry-After: %+v", got)
	}
}

// A basket is offered by one release and ordered from the next.
func TestAnOrderAcrossASwitch(t *testing.T) {
	g, c := customers(t, Visits{Mix: Mix{Browse: 1}}, answers(201, made))
	baskets, err := g.Offered(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	c.release = "b"
	c.mu.Unlock()
	g.Order(t.Context(), baskets)
	g.Wait()
	if bought := g.Purchases(); len(bought) != 2 || !bought[0].Across() || bought[0].OrderedBy != "b" {
		t.Errorf("%+v", bought)
	}
}

func TestEveryKindOfVisitIsRecorded(t *testing.T) {
	for name, want := range map[string][]string{"browse": {"home"}, "search": {"search"}, "list": {"list"}, "find": {"find"}, "cart": {"makeCart", "fillCart", "readCart"}, "order": {"makeCart", "fillCart", "quote", "order"}} {
		m, err := ParseMix(name + "=1")
		if err != nil {
			t.Fatal(err)
		}
		g, _ := customers(t, Visits{Mix: m}, answers(201, made))
		g.visit(t.Context(), 0, time.Now())
		g.Wait()
		var kinds []string
		for _, r := range g.Records() {
			kinds = append(kinds, r.Kind)
		}
		for _, kind := range want {
			if !slices.Contains(kinds, kind) {
				t.Errorf("%s: %v, want %v", name, kinds, want)
			}
		}
	}
}

func TestCustomersNeedProducts(t *testing.T) {
	for _, o := range []Options{
		{Target: Target{URL: "http://x", Paths: []string{"/"}}, Visits: &Visits{Mix: Everyday}},
		{Target: Target{URL: "http://x", SKUs: []string{"one"}}, Visits: &Visits{}},
	} {
		if _, err := Start(t.Context(), o); err == nil {
			t.Errorf("%+v: it starts", o)
		}
	}
}
