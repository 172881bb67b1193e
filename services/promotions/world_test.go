package promotions

import (
	"encoding/json"
	"io"
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
	database        string
}

// DatabaseURL is where it keeps its data, for a second replica.
func (s *shop) DatabaseURL() string { return s.database }

func serve(t *testing.T, environment ...string) *shop {
	t.Helper()
	accesstest.Service(t, "cart") // its key is one of the shop's
	staff, checkout := accesstest.Staff(t, "promotions:read promotions:write"), accesstest.Service(t, "checkout")
	if len(environment) == 0 {
		environment = []string{"DATABASE_URL", pgtest.URL(t, schema())}
	}
	return &shop{servicetest.Start(t, Service(), append([]string{"SHOP_JWKS", accesstest.JWKS()}, environment...)...), t, staff, checkout, environment[1]}
}

type amount struct{ Amount, Currency string }

// answered is an answer with what tests look at.
type answered struct {
	status                       int
	tag, at, text, after         string
	ID, Saga, State, Order, Next string
	Used                         int64
	Discount, Goods              amount
	Items                        []struct{ ID, Name, Code string }
	Lines                        []struct{ ID string }
	Coupons                      []struct {
		Code, Reason string
		Active       bool
		Amount       amount
	}
}

// send asks as staff; header is pairs of name and value and may say otherwise.
func (s *shop) send(method, path, body string, header ...string) (a answered) {
	s.t.Helper()
	res := s.Send(s.t, method, path, body, append([]string{"Authorization", s.staff}, header...)...)
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Error(err)
	}
	if err := json.Unmarshal(text, &a); err != nil {
		s.t.Errorf("%d %s: %v", res.StatusCode, text, err)
	}
	a.status, a.tag, a.at, a.text, a.after = res.StatusCode, res.Header.Get("ETag"), res.Header.Get("Location"), string(text), res.Header.Get("Retry-After")
	return a
}

// coupon makes one; body is without its braces.
func (s *shop) coupon(body string) (path string) {
	s.t.Helper()
	a := s.send("POST", couponsRoot, "{"+body+"}", "Idempotency-Key", uuid.NewString())
	if a.status != 201 || a.at != couponsRoot+"/"+a.ID || a.tag == "" {
		s.t.Fatalf("making a coupon: %+v", a)
	}
	return a.at
}

// quote asks as the checkout for one line; more is further members.
func (s *shop) quote(goods, more string) answered {
	s.t.Helper()
	return s.send("POST", "/internal/promotions/quotes", `{"currency":"EUR","lines":[{"id":"1","sku":"A","quantity":1,"amount":{"amount":"`+goods+`","currency":"EUR"}}]`+more+`}`,
		"Authorization", s.checkout)
}

// redeem holds a coupon of 10.00 for a saga; more is further members.
func (s *shop) redeem(code, saga, key, more string) answered {
	s.t.Helper()
	return s.send("POST", redemptions, `{"saga":"`+saga+`"`+more+`,"coupons":[{"code":"`+code+`","amount":{"amount":"10.00","currency":"EUR"}}]}`,
		"Authorization", s.checkout, "Idempotency-Key", key)
}

// step commits or releases a redemption, by a key of its own.
func (s *shop) step(id, what, body string) answered {
	s.t.Helper()
	return s.send("POST", redemptions+"/"+id+"/"+what, body, "Authorization", s.checkout, "Idempotency-Key", uuid.NewString())
}
