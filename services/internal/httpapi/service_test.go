package httpapi

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/internal/provenance"
)

var stack = Config{Service: "cart", Shop: "acme", Release: "acme-1a2b3c4d", Version: "2", DrainDelay: 300 * time.Millisecond, DrainLimit: 10 * time.Second}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestDrainFinishesWhatIsInFlight(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(begun)
			<-finish
		}
		w.WriteHeader(http.StatusOK)
	})
	main := listen(t)
	base := "http://" + main.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, newServer(stack, Service{Handler: slow}), main, listen(t)) }()

	answered := make(chan int, 1)
	go func() { answered <- status(base+"/slow", nil) }()
	<-begun
	stop()
	var closing http.Header
	for status(base+"/readyz", nil) != http.StatusServiceUnavailable {
		time.Sleep(time.Millisecond)
	}
	if got := status(base+"/", &closing); got != http.StatusOK || closing.Get("X-Closed") != "true" {
		t.Errorf("while draining: %d, connection closed: %q", got, closing.Get("X-Closed"))
	}
	time.Sleep(2 * stack.DrainDelay)
	close(finish)
	if got := <-answered; got != http.StatusOK {
		t.Errorf("the request in flight got %d", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("draining: %v", err)
	}
}

// status asks for a URL; 0 is no answer. It notes in header whether the
// connection was to be closed, which net/http keeps out of the header.
func status(url string, header *http.Header) int {
	res, err := http.Get(url) //nolint:noctx,gosec // a test's own server
	if err != nil {
		return 0
	}
	defer res.Body.Close() // read to nothing
	if header != nil {
		*header = res.Header
		if res.Close {
			header.Set("X-Closed", "true")
		}
	}
	return res.StatusCode
}

func TestSourcesOfUpstreamsAreMerged(t *testing.T) {
	upstream := http.Header{frontdoor.HeaderSources: {"catalog=acme-1a2b3c4d, pricing=acme-1a2b3c4d"}}
	h := Handler(stack, Service{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		provenance.Add(r.Context(), upstream)
		provenance.Add(r.Context(), upstream)
		http.Error(w, "no", http.StatusNotFound)
	})})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	got := strings.ReplaceAll(w.Header().Get(frontdoor.HeaderSources), " ", "")
	if got != "cart=acme-1a2b3c4d,catalog=acme-1a2b3c4d,pricing=acme-1a2b3c4d" {
		t.Errorf("sources %q", got)
	}
	if w.Code != http.StatusNotFound || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("a plain error became %d %s", w.Code, w.Header().Get("Content-Type"))
	}
}

func TestPanicIsAProblem(t *testing.T) {
	h := Handler(stack, Service{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret") })})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "secret") || w.Header().Get(frontdoor.HeaderSources) == "" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}
