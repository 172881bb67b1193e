package load

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// runAgainst sends load at a handler until enough was answered.
func runAgainst(t *testing.T, o Options, handler http.HandlerFunc) []Record {
	t.Helper()
	var answered atomic.Int32
	enough := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if answered.Add(1) == 20 {
			defer close(enough)
		}
		w.Header().Set("X-Shop-Release", "a")
		w.Header().Set("X-Shop-Sources", "storefront=a")
		handler(w, req)
	}))
	defer server.Close()
	o.Target, o.Rate = Target{URL: server.URL, SKUs: []string{"one"}}, 200
	g, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	<-enough
	return g.Stop()
}

func TestHealthyShopIsGreen(t *testing.T) {
	records := runAgainst(t, Options{}, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") })
	if res := Analyse(records, nil); res.Failed+res.MixedRequests != 0 || res.Requests < 20 {
		t.Errorf("want at least 20 requests and no failure, got %+v", res)
	}
}

func TestTruncatedBodyFails(t *testing.T) {
	records := runAgainst(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "short")
	})
	if res := Analyse(records, nil); res.Failed != res.Requests {
		t.Errorf("want every request failed, got %+v", res)
	}
}

func TestLatencyCountsFromTheIntendedStart(t *testing.T) {
	r := Record{Intended: at(0), Start: at(40), End: at(50)}
	if got := r.Latency(); got != 50*time.Millisecond {
		t.Errorf("want 50ms, got %s", got)
	}
}

func TestRequestThatFindsNoRoomFails(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	g, err := Start(t.Context(), Options{Target: Target{URL: server.URL, SKUs: []string{"one"}}, Rate: 500, InFlight: 1, Timeout: time.Second, Limit: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	<-g.stopped // by itself: the limit, by which a hundred requests were due
	noRoom := func(r Record) bool { return errors.Is(r.Err, errOverload) }
	if records := g.Records(); !slices.ContainsFunc(records, noRoom) || Analyse(slices.DeleteFunc(records, noRoom), nil).Requests != 1 {
		t.Errorf("want one request that waits, and others that failed, got %+v", records)
	}
}

func TestCartThatWasMadeIsRead(t *testing.T) {
	var read atomic.Bool
	runAgainst(t, Options{}, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/api/cart/7" {
			read.Store(true)
		}
		if req.Method == http.MethodPost {
			w.WriteHeader(http.StatusCreated)
			io.WriteString(w, `{"id":"7"}`)
		}
	})
	if !read.Load() {
		t.Error("no request read the cart that another made")
	}
}
