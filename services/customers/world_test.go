package customers

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// shop is the service as it runs in a shop, with its database beside it.
type shop struct {
	*servicetest.Service
	t  *testing.T
	db *postgres.DB
}

func serve(t *testing.T) *shop {
	t.Helper()
	url := pgtest.URL(t, schema())
	db, err := postgres.Open(postgres.Options{URL: url}, schema())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	accesstest.Staff(t, "customers:read")
	return &shop{servicetest.Start(t, Service(), "SHOP_JWKS", accesstest.JWKS(), "DATABASE_URL", url), t, db}
}

// answer is an answer with what tests look at.
type answer struct {
	status        int
	tag, at, text string
	ID, State     string
	Items         []struct{ ID, City, Purpose string }
	Waiting       []string
}

// as asks as a customer; header is pairs of name and value.
func (s *shop) as(who, method, path, body string, header ...string) (a answer) {
	s.t.Helper()
	if method == "POST" {
		header = append(header, "Idempotency-Key", uuid.NewString())
	}
	w := s.Ask(method, path, body, append([]string{"Authorization", accesstest.Customer(s.t, who)}, header...)...)
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		s.t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	a.status, a.tag, a.at, a.text = w.Code, w.Header().Get("ETag"), w.Header().Get("Location"), w.Body.String()
	return a
}

// says writes a profile over the one there is.
func (s *shop) says(who, body string) answer {
	s.t.Helper()
	return s.as(who, "PUT", me, body, "If-Match", s.as(who, "GET", me, "").tag)
}

const berlin = `{"name":"Zoë","street":"Weg 1","postcode":"10115","city":"Berlin","country":"DE","phone":"030 901820"}`

// told counts the events of a type.
func (s *shop) told(what string) (n int) {
	s.t.Helper()
	if err := s.db.QueryRow(s.t.Context(), `SELECT count(*) FROM customers.outbox WHERE event->>'type' = $1`, what).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func has(t *testing.T, a answer, status int, text string) {
	t.Helper()
	if a.status != status || !strings.Contains(a.text, text) {
		t.Errorf("%d %s, want %d with %q", a.status, a.text, status, text)
	}
}
