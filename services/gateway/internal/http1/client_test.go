package http1_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/gateway/internal/http1"
)

func TestARealServerAnswers(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, r.Method+" "+r.Host+r.RequestURI+" "+r.Header.Get("X-A")+" "+string(b))
	}))
	defer s.Close()
	c := newClient(t)
	for range 3 {
		r := httptest.NewRequest(http.MethodPost, "http://shop.example/a%2Fb?x=y", strings.NewReader("body"))
		r.Header.Set("X-A", "1")
		w, err := ask(c, s.Listener.Addr().String(), r)
		if err != nil || w.Code != 200 || w.Body.String() != "POST shop.example/a%2Fb?x=y 1 body" {
			t.Fatalf("%v %v", w, err)
		}
	}
	if n := c.Idle(s.Listener.Addr().String()); n != 1 {
		t.Errorf("%d connections are kept, want 1", n)
	}
}

func BenchmarkDo(b *testing.B) {
	body := strings.Repeat("x", 1024)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
	defer s.Close()
	c := newClient(b)
	r := get("http://shop.example/a")
	b.ReportAllocs()
	for b.Loop() {
		q := http1.Begin(r, nil)
		q.Field("Accept", "*/*")
		q.End(nil)
		res, err := c.Do(b.Context(), s.Listener.Addr().String(), q)
		if err != nil {
			b.Fatal(err)
		}
		h := http.Header{}
		res.CopyHeader(h)
		res.Close()
		q.Free()
	}
}
