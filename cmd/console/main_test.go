package main

import (
	"context"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// apiServer knows one token, and notes with which credentials it is asked.
func apiServer(t *testing.T, asked chan<- string) (address, ca string) {
	t.Helper()
	api := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("Authorization")
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Header.Get("Authorization") != "Bearer of-ana":
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Unauthorized","code":401}`)
		case strings.HasSuffix(r.URL.Path, "/selfsubjectreviews"):
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview","status":{"userInfo":{"username":"ana@shop"}}}`)
		default:
			_, _ = io.WriteString(w, `{"apiVersion":"shop.emporium.dev/v1alpha1","kind":"ShopList","items":[]}`)
		}
	}))
	t.Cleanup(api.Close)
	ca = filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return api.URL, ca
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func get(t *testing.T, address, token string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// The API server is asked with the token of who asks, and never without one, or with another's.
func TestTheConsoleAsksWithTheTokenOfWhoAsks(t *testing.T) {
	asked := make(chan string, 100)
	address, ca := apiServer(t, asked)
	o, err := parse([]string{"--api-server=" + address, "--api-server-ca=" + ca})
	if err != nil {
		t.Fatal(err)
	}
	pages, health := listen(t), listen(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, o, pages, health, slog.New(slog.DiscardHandler)) }()
	url := "http://" + pages.Addr().String()
	for token, want := range map[string]int{"of-ana": 200, "": 401, "of-bob": 401} {
		if code, text := get(t, url+"/shops", token); code != want {
			t.Errorf("%q: %d %s", token, code, text)
		}
		for len(asked) > 0 {
			if with := <-asked; with != "Bearer "+token {
				t.Errorf("who has the token %q is asked for with %q", token, with)
			}
		}
	}
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ok", "/metrics": "go_goroutines"} {
		if code, text := get(t, "http://"+health.Addr().String()+path, ""); code != 200 || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s", path, code, text)
		}
		if code, _ := get(t, url+path, ""); code == 200 {
			t.Errorf("%s is at the port of the pages", path)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestTheConsoleNeedsAnAPIServerThatItCanTrust(t *testing.T) {
	for _, args := range [][]string{{"--api-server=http://x"}, {"--listen=nonsense"}, {"--listen=127.0.0.1:0", "--health=nonsense"}, {"--nonsense"}} {
		if err := run(t.Context(), args, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%v: it begins", args)
		}
	}
}
