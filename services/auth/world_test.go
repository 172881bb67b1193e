package auth

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var turning = Turning{Every: every, Ahead: ahead, After: after}

// serve starts the service with the account of Jo.
func serve(t *testing.T, more ...string) (*servicetest.Service, *postgres.DB) {
	t.Helper()
	url := pgtest.URL(t, schema())
	db := open(t, url)
	if err := account(t.Context(), db, "Jo", "the password"); err != nil {
		t.Fatal(err)
	}
	s := servicetest.Start(t, Service(), append([]string{"DATABASE_URL", url}, more...)...)
	s.AwaitReady(t)
	servicetest.Eventually(t, "it has started", func() bool { return servicetest.Ask(s.Handler(), "GET", "/startupz", "").Code == http.StatusOK })
	return s, db
}

func open(t testing.TB, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(postgres.Options{URL: url, Release: "acme-1a2b3c4d"}, schema())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

type answered struct {
	status int
	header http.Header
	text   string
	Token  string
	Scopes []string
}

func signIn(t *testing.T, s *servicetest.Service, name, password string) (a answered) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"name": name, "password": password})
	if err != nil {
		t.Fatal(err)
	}
	res, text := s.Whole(t, "POST", root+"/tokens", string(body))
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	a.status, a.header, a.text = res.StatusCode, res.Header, string(text)
	return a
}

// verifier is another service's, which takes its keys from auth.
func verifier(t *testing.T, s *servicetest.Service) (*access.Keys, *access.Verifier) {
	t.Helper()
	keys, err := access.KeysFrom(t.Context(), func(name string) string {
		return map[string]string{"SHOP_JWKS_URL": s.URL + "/.well-known/jwks.json"}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys, access.NewVerifier(keys, "acme", time.Now)
}

func staff(name, hash string) Account {
	return Account{ID: uuid.New(), Name: name, Hash: hash, Scopes: []string{"a:read"}}
}

// work runs the worker.
func work(t *testing.T, url, nats string) {
	t.Helper()
	p, err := app.Start(t.Context(), Service(), app.Options{Host: "127.0.0.1", Log: t.Output(), Work: true, Environment: map[string]string{
		"SHOP": "acme", "SHOP_RELEASE": "acme-1a2b3c4d", "PORT": "0", "METRICS_PORT": "0", "DRAIN_DELAY": "0s", "DATABASE_URL": url, "EVENTS_URL": nats,
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
