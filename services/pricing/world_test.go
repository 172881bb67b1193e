package pricing

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// shop is the service as it runs in a shop, on a PostgreSQL of its own.
type shop struct {
	*servicetest.Service
	t               *testing.T
	staff, checkout string
}

func serve(t *testing.T, environment ...string) *shop {
	t.Helper()
	staff, checkout := accesstest.Staff(t, "pricing:write pricing:read"), accesstest.Service(t, "checkout")
	return &shop{servicetest.Start(t, Service(), append([]string{"SHOP_JWKS", accesstest.JWKS()}, environment...)...), t, staff, checkout}
}

// answered is an answer with what tests look at.
type answered struct {
	status                       int
	tag, at, text                string
	ID, SKU, List, Percent, Next string
	Price, Prior                 *struct{ Amount, Currency string }
	ValidFrom, ValidUntil        string
	Items                        []struct{ ID, SKU string }
	Prices                       []struct {
		SKU, Percent string
		Price, Prior *struct{ Amount, Currency string }
	}
	Missing []string
}

// send asks as staff; header is pairs of name and value and may say otherwise.
func (s *shop) send(method, path, body string, header ...string) (a answered) {
	s.t.Helper()
	res := s.Send(s.t, method, path, body, append([]string{"Authorization", s.staff}, header...)...)
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := json.Unmarshal(text, &a); err != nil {
		s.t.Fatalf("%d %s: %v", res.StatusCode, text, err)
	}
	a.status, a.tag, a.at, a.text = res.StatusCode, res.Header.Get("ETag"), res.Header.Get("Location"), string(text)
	return a
}

// enter adds a price that must be taken; more is further members.
func (s *shop) enter(sku, list, amount, more string) answered {
	s.t.Helper()
	currency := ParseList(list).Currency
	a := s.send("POST", root, `{"sku":"`+sku+`","list":"`+list+`","price":{"amount":"`+amount+`","currency":"`+currency+`"}`+more+`}`, "Idempotency-Key", uuid.NewString())
	if a.status != http.StatusCreated || a.at != entries+"/"+a.ID || a.tag == "" {
		s.t.Fatalf("entering a price: %+v", a)
	}
	return a
}

// quote asks as the checkout.
func (s *shop) quote(body string) answered {
	s.t.Helper()
	return s.send("POST", "/internal/pricing/quotes", body, "Authorization", s.checkout)
}
