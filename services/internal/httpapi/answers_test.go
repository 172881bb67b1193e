package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
)

// C47: 304 carries the ETag; If-None-Match of a write does not count beside its If-Match.
func TestACopyThatIsStillRightStaysCacheable(t *testing.T) {
	w := newWorld(t, Limits{})
	for path, want := range map[string]map[string]string{
		"/api/things/1": {"ETag": `"3-abc"`, "Cache-Control": "public, max-age=5", "Vary": "Accept-Language"},
		"/picture":      {"ETag": `"p"`, "Cache-Control": "public, max-age=3600"},
	} {
		for _, copies := range []string{want["ETag"], "W/" + want["ETag"], `"x", ` + want["ETag"], "*"} {
			for _, method := range []string{"GET", "HEAD"} {
				got := w.send(method, path, "", "If-None-Match", copies)
				if got.Code != 304 || got.Body.Len() != 0 || got.Header().Get("Content-Type") != "" || got.Header().Get("Content-Length") != "" || got.Header().Get("X-Shop-Sources") == "" {
					t.Errorf("%s %s with %s: %d %v %s", method, path, copies, got.Code, got.Header(), got.Body)
				}
				for name, value := range want {
					if got.Header().Get(name) != value {
						t.Errorf("%s: %s is %q, a cache would keep that", path, name, got.Header().Get(name))
					}
				}
			}
		}
		if got := w.send("GET", path, "", "If-None-Match", `"other"`); got.Code != 200 || got.Body.Len() == 0 {
			t.Errorf("%s with another copy: %d", path, got.Code)
		}
	}
	staff := accesstest.Staff(t, "things:write")
	if got := w.send("PATCH", "/api/things/1", "{}", "Authorization", staff, "If-Match", "*", "If-None-Match", "*"); got.Code != 200 {
		t.Errorf("a write is no read: %d", got.Code)
	}
	refused(t, "an error is no copy", w.send("GET", "/api/things/none", "", "If-None-Match", "*"), 404, "not-found")
}

func TestAStoredAnswerIsSentAsItIs(t *testing.T) {
	w := newWorld(t, Limits{})
	first := w.send("POST", "/api/things", ` {"name" : "x"}`, "Idempotency-Key", key)
	again := w.send("POST", "/api/things", `{"name":"x"}`, "Idempotency-Key", key)
	const body = `{"id":"1","price":{"amount":"12.90","currency":"EUR"},"note":"<b>"}`
	for name, got := range map[string]*httptest.ResponseRecorder{"first": first, "again": again} {
		if got.Code != 201 || got.Body.String() != body || got.Header().Get("Location") != "/api/things/1" || got.Header().Get("ETag") != `"1-abc"` || got.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s %v", name, got.Code, got.Body, got.Header())
		}
	}
	if first.Header().Values("Idempotent-Replayed") != nil || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Error("a replay and a first answer are told apart wrongly")
	}
	if w.sent[0] != ` {"name" : "x"}` || w.sent[1] != `{"name":"x"}` {
		t.Errorf("sent %q", w.sent)
	}
}

// C47: what the server hands on as a key names the caller.
func TestAKeyIsOfItsCallerAndRoute(t *testing.T) {
	w := newWorld(t, Limits{})
	w.send("POST", "/api/things", "", "Idempotency-Key", key)
	w.send("POST", "/api/things", "{}", "Idempotency-Key", key, "Authorization", accesstest.Customer(t, "jane"))
	if a := w.keys[0]; a.Caller != "" || a.Route != "POST /api/things" || a.Value != key {
		t.Errorf("%+v", a)
	}
	if b := w.keys[1]; b.Caller != "customer:jane" {
		t.Errorf("%+v", b)
	}
	if w.sent[0] != "{}" || w.sent[1] != "{}" {
		t.Errorf("no body and {} differ: %q", w.sent)
	}
}

func TestAWriteThatIsRepeatedIsDone(t *testing.T) {
	for name, c := range map[string]struct {
		header  string
		version int64
		done    bool
		want    bool
	}{
		"its own change":       {`"3-abc"`, 4, true, true},
		"another one's change": {`"3-abc"`, 4, false, false},
		"two changes":          {`"3-abc"`, 5, true, false},
		"its own version":      {`"3-abc"`, 3, true, false},
		"made for any version": {"*", 4, true, false},
	} {
		if got := (IfMatch{c.header}).Repeated(c.version, c.done); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestHeadHasNoBodyAndTheSameHeader(t *testing.T) {
	front := httptest.NewServer(newWorld(t, Limits{}))
	defer front.Close()
	for _, path := range []string{"/api/things/1", "/api/things/none", "/picture", "/openapi.json", "/nothing", "/livez"} {
		get, head := fetched(t, "GET", front.URL+path), fetched(t, "HEAD", front.URL+path)
		if head.StatusCode != get.StatusCode || head.Header.Get("ETag") != get.Header.Get("ETag") || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") {
			t.Errorf("%s: %v, %v", path, get, head)
		}
	}
}

func fetched(t *testing.T, method, url string) *http.Response {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), method, url, nil)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res
}

func TestProbesTellWhy(t *testing.T) {
	down := errors.New("the index is empty")
	ready := down
	w := newWorld(t, Limits{}, Check{"index", func(context.Context) error { return ready }})
	got := w.send("GET", "/readyz", "")
	if got.Code != 503 || !strings.Contains(got.Body.String(), "[-] index: the index is empty") || !strings.Contains(got.Body.String(), "[+] draining: ok") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	ready = nil
	if got := w.send("GET", "/readyz", ""); got.Code != 200 || got.Body.String() != "ok\n" || got.Header().Get("X-Shop-Sources") == "" {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if got := w.send("GET", "/readyz?verbose", ""); !strings.Contains(got.Body.String(), "[+] index: ok") {
		t.Errorf("verbose: %s", got.Body)
	}
	w.Drain()
	if got := w.send("GET", "/readyz", ""); got.Code != 503 || !strings.Contains(got.Body.String(), "[-] draining") {
		t.Errorf("draining: %d %s", got.Code, got.Body)
	}
	if got := w.send("GET", "/api/things/1", ""); got.Code != 200 || got.Header().Get("Connection") != "close" {
		t.Errorf("while draining: %d %v", got.Code, got.Header())
	}
	for _, path := range []string{"/livez", "/startupz"} {
		if got := w.send("GET", path, ""); got.Code != 200 {
			t.Errorf("draining, %s: %d", path, got.Code)
		}
	}
}

func TestTheContractNamesImageAndShopApart(t *testing.T) {
	var got map[string]any
	w := newWorld(t, Limits{})
	if err := json.Unmarshal(w.send("GET", "/contract", "").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"service": "things", "version": "7", "shopVersion": "2026.11", "release": "acme-1", "shop": "acme", "contract": "v1"} {
		if got[name] != want {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	if got["schema"] != nil || got["consumes"] == nil {
		t.Errorf("%v", got)
	}
	if versions := w.send("GET", "/livez", "").Header().Get("X-Shop-Versions"); versions != "things=7" {
		t.Errorf("versions %q", versions)
	}
}

// As Kubernetes adds pods, clients must find them: a connection does not last.
func TestAConnectionEndsAfterHalfAMinuteToAMinute(t *testing.T) {
	now := time.Now()
	for range 1000 {
		if age := connectionAge(); age < 30*time.Second || age > time.Minute {
			t.Fatalf("a connection of %s", age)
		}
	}
	if first, second := connectionAge(), connectionAge(); first == second {
		t.Errorf("two connections end together, after %s", first)
	}
	w := newWorld(t, Limits{})
	ctx := w.HTTP(t.Context()).ConnContext(t.Context(), nil)
	if ends(ctx, now.Add(29*time.Second)) || !ends(ctx, now.Add(61*time.Second)) || ends(t.Context(), now) {
		t.Error("a connection ends at another time")
	}
	old := context.WithValue(t.Context(), endKey{}, now.Add(-time.Second))
	if got := w.do(old, "GET", "/api/things/1", ""); got.Header().Get("Connection") != "close" {
		t.Errorf("an old connection goes on: %v", got.Header())
	}
	if got := w.send("GET", "/api/things/1", ""); got.Header().Get("Connection") != "" {
		t.Errorf("a young one ends: %v", got.Header())
	}
	if idle := w.HTTP(t.Context()).IdleTimeout; idle < 5*time.Second {
		t.Errorf("idle connections end after %s", idle)
	}
}
