package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/deadline"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/provenance"
	"github.com/emporium-shop/emporium/services/internal/trace"
)

type product struct{ SKU string }

// upstream is a service that answers as the test says, and counts.
type upstream struct {
	*Client
	asked atomic.Int64
}

func serve(t *testing.T, o Options, answer func(n int64, w http.ResponseWriter, r *http.Request)) *upstream {
	t.Helper()
	u := &upstream{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(u.asked.Add(1), w, r) }))
	t.Cleanup(s.Close)
	o.Service, o.URL = "catalog", s.URL
	u.Client = New(o)
	return u
}

// broken ends a connection in the middle of an answer's header, as a killed process does.
func broken(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		conn.Close()
	}
}

func ok(w http.ResponseWriter) { fmt.Fprint(w, `{"sku":"KIT-1001","brand":"unknown to the reader"}`) }

const inFlightProblem = `{"type":"urn:emporium:problem:idempotency-in-flight","title":"","status":409}`

// Rule F9: what may be sent twice is sent again when its connection broke, and nothing else is.
func TestWhatMayBeSentTwiceIsSentAgain(t *testing.T) {
	for name, c := range map[string]struct {
		r     Request
		asked int64
	}{
		"a read":                {Request{Path: "/p"}, 2},
		"a POST with a key":     {Request{Method: "POST", Path: "/p", Key: "0f8fad5b-d9cb-469f-a165-70867728950e", Body: product{}}, 2},
		"a POST that only asks": {Request{Method: "POST", Path: "/p", Safe: true, Body: product{}}, 2},
		"a POST without":        {Request{Method: "POST", Path: "/p", Body: product{}}, 1},
		"a PUT with a version":  {Request{Method: "PUT", Path: "/p", IfMatch: `"1-0"`, Body: product{}}, 1},
		"a DELETE with a key":   {Request{Method: "DELETE", Path: "/p", Key: "0f8fad5b-d9cb-469f-a165-70867728950e"}, 2},
		"a PATCH without a key": {Request{Method: "PATCH", Path: "/p", Body: product{}}, 1},
	} {
		var keys sync.Map // all that were sent
		u := serve(t, Options{}, func(n int64, w http.ResponseWriter, r *http.Request) {
			keys.Store(r.Header.Get("Idempotency-Key"), true)
			if n == 1 {
				broken(w)
				return
			}
			ok(w)
		})
		got, _, err := Call[product](t.Context(), u.Client, c.r)
		different := 0
		keys.Range(func(any, any) bool { different++; return true })
		if u.asked.Load() != c.asked || (err == nil) != (c.asked == 2) || different != 1 {
			t.Errorf("%s: asked %d times, want %d; %+v, %v, %d keys", name, u.asked.Load(), c.asked, got, err, different)
		}
		if err != nil && !fault.Is(err, fault.UnavailableKind) {
			t.Errorf("%s: %v is not told as unavailable", name, err)
		}
	}
}

func TestAReplicaThatGoesAwayIsAskedAround(t *testing.T) {
	for _, status := range []int{502, 503, 504} {
		u := serve(t, Options{}, func(n int64, w http.ResponseWriter, _ *http.Request) {
			if n == 1 {
				w.WriteHeader(status)
				return
			}
			ok(w)
		})
		if got, _, err := Call[product](t.Context(), u.Client, Request{Path: "/p"}); err != nil || got.SKU != "KIT-1001" {
			t.Errorf("%d: %+v, %v", status, got, err)
		}
	}
	u := serve(t, Options{}, func(_ int64, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	if _, _, err := Call[product](t.Context(), u.Client, Request{Path: "/p"}); Status(err) != 500 || u.asked.Load() != 1 {
		t.Errorf("a service that failed was asked %d times: %v", u.asked.Load(), err)
	}
}

func TestTheEdgeTriesThriceAndOthersTwice(t *testing.T) {
	for edge, want := range map[bool]int64{true: 3, false: 2} {
		u := serve(t, Options{Edge: edge}, func(_ int64, w http.ResponseWriter, _ *http.Request) { broken(w) })
		if _, _, err := Call[product](t.Context(), u.Client, Request{Path: "/p"}); err == nil || u.asked.Load() < want || u.asked.Load() > want+1 {
			// net/http itself repeats a read once on a connection that it kept.
			t.Errorf("edge %t: asked %d times, %v", edge, u.asked.Load(), err)
		}
	}
}

func TestAnAnswerInFlightIsWaitedFor(t *testing.T) {
	u := serve(t, Options{}, func(n int64, w http.ResponseWriter, _ *http.Request) {
		if n < 3 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(409)
			fmt.Fprint(w, inFlightProblem)
			return
		}
		w.Header().Set("Idempotent-Replayed", "true")
		w.Header().Set("ETag", `"1-0"`)
		w.WriteHeader(201)
		ok(w)
	})
	r := Request{Method: "POST", Path: "/p", Key: "0f8fad5b-d9cb-469f-a165-70867728950e"}
	got, meta, err := Call[product](t.Context(), u.Client, r)
	if err != nil || got.SKU != "KIT-1001" || meta.Status != 201 || !meta.Replayed || meta.ETag != `"1-0"` {
		t.Errorf("%+v, %+v, %v", got, meta, err)
	}
}

func TestNobodyWaitsLongerThanItsCaller(t *testing.T) {
	u := serve(t, Options{}, func(_ int64, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(409)
		fmt.Fprint(w, inFlightProblem)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, _, err := Call[product](ctx, u.Client, Request{Method: "POST", Path: "/p", Key: "0f8fad5b-d9cb-469f-a165-70867728950e"})
	var refused *Error
	if !errors.As(err, &refused) || refused.Problem.Type == "" || u.asked.Load() != 1 || time.Since(began) > 250*time.Millisecond {
		t.Errorf("asked %d times in %s: %v", u.asked.Load(), time.Since(began), err)
	}
}

func TestAnotherConflictIsNotWaitedFor(t *testing.T) {
	u := serve(t, Options{}, func(_ int64, w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(409)
		fmt.Fprint(w, `{"type":"urn:emporium:problem:sold-out","status":409,"detail":"ada@example.org wants the last one","traceId":"7"}`)
	})
	_, _, err := Call[product](t.Context(), u.Client, Request{Method: "POST", Path: "/api/cart/0198/items", Key: "0f8fad5b-d9cb-469f-a165-70867728950e"})
	var refused *Error
	if !errors.As(err, &refused) || refused.Status != 409 || refused.Problem.Type != "urn:emporium:problem:sold-out" || u.asked.Load() != 1 {
		t.Fatalf("%v", err)
	}
	// F33: nothing that a customer sent, and no id, goes into a log.
	if text := err.Error(); strings.Contains(text, "ada") || strings.Contains(text, "0198") || !strings.Contains(text, "sold-out") {
		t.Errorf("the log would say %q", text)
	}
}

// A refusal may bring more than all problems have: what to do instead, for example.
func TestARefusalHasMembersOfItsOwn(t *testing.T) {
	u := serve(t, Options{}, func(n int64, w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(409)
		fmt.Fprint(w, map[bool]string{true: `{"type":"urn:emporium:problem:quote-changed","status":409,"quote":{"id":"7"}}`, false: `<html>`}[n == 1])
	})
	for _, there := range []bool{true, false} {
		_, _, err := Call[product](t.Context(), u.Client, Request{Path: "/p"})
		var refused *Error
		var quote struct{ ID string }
		if !errors.As(err, &refused) || refused.Member("quote", &quote) != there || (quote.ID == "7") != there || refused.Member("saga", &quote) {
			t.Errorf("%v: %+v", err, quote)
		}
	}
}

// Rule F9: a 4xx of an upstream is never a 500 of ours.
func TestARefusalThatNobodyHandledIsUnavailable(t *testing.T) {
	for status, want := range map[int]time.Duration{400: time.Second, 404: time.Second, 422: time.Second, 429: 7 * time.Second, 500: time.Second} {
		u := serve(t, Options{}, func(_ int64, w http.ResponseWriter, _ *http.Request) {
			if status == 429 {
				w.Header().Set("Retry-After", "7")
			}
			w.WriteHeader(status)
			fmt.Fprint(w, "<html>not a problem</html>")
		})
		_, _, err := Call[product](t.Context(), u.Client, Request{Path: "/p"})
		var f *fault.Fault
		if Status(err) != status || !errors.As(err, &f) || f.Kind != fault.UnavailableKind || f.RetryAfter != want {
			t.Errorf("%d: %v, %+v", status, err, f)
		}
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { elsewhere.Add(1); ok(w) }))
	defer other.Close()
	u := serve(t, Options{}, func(_ int64, w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	_, _, err := Call[product](t.Context(), u.Client, Request{Path: "/p"})
	if Status(err) != 307 || elsewhere.Load() != 0 {
		t.Errorf("%v; the other was asked %d times", err, elsewhere.Load())
	}
}

func TestWhatGoesAlong(t *testing.T) {
	var got http.Header
	var path string
	u := serve(t, Options{Token: func(context.Context) (string, error) { return "t0ken", nil }}, func(_ int64, w http.ResponseWriter, r *http.Request) {
		got, path = r.Header, r.URL.RequestURI()
		w.Header().Set("X-Shop-Sources", "catalog=acme-1")
		ok(w)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 800*time.Millisecond)
	defer cancel()
	parent := trace.Continue("", "")
	ctx, _ = provenance.Begin(trace.With(ctx, parent), provenance.Source{Service: "cart", Release: "acme-1"})
	r := Request{Method: "PUT", Path: "/api/x%2Fy", Query: map[string][]string{"q": {"a b"}}, IfMatch: `"3-0"`, Header: http.Header{"accept-language": {"de"}}, Body: map[string]int{"n": 1}}
	if _, _, err := Call[None](ctx, u.Client, r); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"If-Match": `"3-0"`, "Authorization": "Bearer t0ken", "Traceparent": parent.String(), "Content-Type": "application/json", "Accept-Language": "de", "Idempotency-Key": "",
	} {
		if got.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Get(name), want)
		}
	}
	if left, err := strconv.Atoi(got.Get(deadline.Header)); err != nil || left <= 0 || left > 800 {
		t.Errorf("the deadline is %q", got.Get(deadline.Header))
	}
	if path != "/api/x%2Fy?q=a+b" {
		t.Errorf("asked for %s", path)
	}
	if from := provenance.From(ctx); len(from) != 2 || from[1].Service != "catalog" {
		t.Errorf("the sources are %v", from)
	}
}

func TestWithoutATokenNobodyIsAsked(t *testing.T) {
	u := serve(t, Options{Token: func(context.Context) (string, error) { return "", errors.New("no key") }}, func(_ int64, w http.ResponseWriter, _ *http.Request) { ok(w) })
	if _, _, err := Call[product](t.Context(), u.Client, Request{Path: "/p"}); !fault.Is(err, fault.UnavailableKind) || u.asked.Load() != 0 {
		t.Errorf("asked %d times: %v", u.asked.Load(), err)
	}
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		works  bool
	}{
		"a copy that is fresh":  {304, "", true},
		"nothing to say":        {204, "", true},
		"an answer":             {200, `{"sku":"A","more":1}`, true},
		"no JSON":               {200, `<html>`, false},
		"half of it":            {200, `{"sku":"A"`, false},
		"a field of other kind": {200, `{"sku":1}`, false},
		"more than it can be":   {200, `{"sku":"` + strings.Repeat("A", maxBody) + `"}`, false},
	} {
		u := serve(t, Options{}, func(_ int64, w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		got, meta, err := Call[product](t.Context(), u.Client, Request{Path: "/p", IfNoneMatch: `"1-0"`})
		if (err == nil) != c.works || meta.Status != c.status || (err != nil && (got != product{} || !fault.Is(err, fault.UnavailableKind))) {
			t.Errorf("%s: %.40v, %+v, %v", name, got, meta.Status, err)
		}
	}
}

// Node and uvicorn close a connection that nobody used for 5 s.
func TestConnectionsAreClosedBeforeTheOtherSideDoes(t *testing.T) {
	if tr := transport(); tr.IdleConnTimeout >= 5*time.Second || tr.IdleConnTimeout == 0 || tr.MaxConnsPerHost == 0 {
		t.Errorf("idle %s, at most %d connections", tr.IdleConnTimeout, tr.MaxConnsPerHost)
	}
}

func TestLogsHaveNoIds(t *testing.T) {
	for path, want := range map[string]string{
		"/api/catalog/products/KIT-1001":          "/api/catalog/products/…",
		"/api/cart/0198c9a5-0000-7000-8000-00":    "/api/cart/…",
		"/api/cart/0198c9a5/items/KIT":            "/api/cart/…/items/…",
		"/api/catalog/products?q=ada@example.org": "/api/catalog/products",
		"/api/customers/ada@example.org":          "/api/customers/…",
		"/api/cart":                               "/api/cart",
	} {
		if got := pattern(path); got != want {
			t.Errorf("%s is logged as %s, want %s", path, got, want)
		}
	}
}

func TestACallMayHaveMoreTimeThanOthersAndLess(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	began := time.Now()
	_, _, err := Call[None](t.Context(), New(Options{Service: "bank", URL: server.URL}), Request{Timeout: 30 * time.Millisecond})
	if took := time.Since(began); err == nil || took > 4*time.Second {
		t.Errorf("it took %s (%v)", took, err)
	}
	var left string
	tells := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { left = r.Header.Get("X-Shop-Deadline") }))
	defer tells.Close()
	_, _, _ = Call[None](t.Context(), New(Options{Service: "bank", URL: tells.URL}), Request{Timeout: 8 * time.Second})
	if ms, _ := strconv.Atoi(left); ms <= 5000 || ms > 8000 {
		t.Errorf("the bank is told that %s ms are left", left)
	}
}

// Who asks in the name of somebody who is signed in shows that one's token, though it has one of its own.
func TestTheTokenOfWhoIsSignedInGoesBeforeOnesOwn(t *testing.T) {
	var shown []string
	u := serve(t, Options{Token: func(context.Context) (string, error) { return "own", nil }}, func(_ int64, w http.ResponseWriter, r *http.Request) {
		shown = append(shown, r.Header.Get("Authorization"))
		ok(w)
	})
	for _, header := range []http.Header{nil, {"Authorization": {"Bearer of-ann"}}} {
		if _, _, err := Call[product](t.Context(), u.Client, Request{Path: "/p", Header: header}); err != nil {
			t.Fatal(err)
		}
	}
	if len(shown) != 2 || shown[0] != "Bearer own" || shown[1] != "Bearer of-ann" {
		t.Errorf("%q", shown)
	}
}
