package client

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// unrouted is an address that refuses connections, as the Service of a stack does before kube-proxy wrote where its pods are.
func unrouted(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestARefusedConnectionIsTriedAgainUntilTheServiceIsRoutedTo(t *testing.T) {
	address := unrouted(t)
	var asked atomic.Int64
	s := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); ok(w) })}
	t.Cleanup(func() { s.Close() })
	go func() {
		time.Sleep(3 * gapUnheard) // how long the rules take
		if l, err := net.Listen("tcp", address); err == nil {
			_ = s.Serve(l)
		}
	}()
	c := New(Options{Service: "catalog", URL: "http://" + address})
	if _, _, err := Call[product](t.Context(), c, Request{Method: http.MethodPost, Path: "/p", Body: product{}}); err != nil {
		t.Fatal(err)
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("a POST without a key was heard %d times", n)
	}
}

func TestAServiceThatIsAwayIsGivenUp(t *testing.T) {
	c := New(Options{Service: "catalog", URL: "http://" + unrouted(t)})
	for name, patience := range map[string]time.Duration{"after a second": timeout, "when its caller has no more time": 2 * gapUnheard} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		begun := time.Now()
		if _, _, err := Call[product](ctx, c, Request{Path: "/p"}); err == nil || ctx.Err() != nil && patience == timeout {
			t.Errorf("%s: %v after %s", name, err, time.Since(begun))
		}
		cancel()
	}
}
