package tax

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

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
	accesstest.Service(t, "cart") // its key is one of the shop's
	staff, checkout := accesstest.Staff(t, "tax:read tax:write"), accesstest.Service(t, "checkout")
	return &shop{servicetest.Start(t, Service(), append([]string{"SHOP_JWKS", accesstest.JWKS()}, environment...)...), t, staff, checkout}
}

type amount struct{ Amount, Currency string }

// answered is an answer with what tests look at.
type answered struct {
	status                  int
	tag, at, text           string
	ID, Class, Next, Reason string
	VATNumber               string
	VATChecked              *bool
	Gross, Net, Tax         amount
	Items                   []struct{ ID, Country, Class, Percent, From string }
	Lines, Shipping, Rates  []struct {
		ID, Rate        string
		Gross, Net, Tax amount
	}
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

// quote asks as the checkout for one line of a product without a class, of 119.00 with tax or 100.00 without.
func (s *shop) quote(country string, inside bool, more string) answered {
	s.t.Helper()
	line, include := `"100.00"`, "false"
	if inside {
		line, include = `"119.00"`, "true"
	}
	return s.ask(`{"country":"` + country + `","currency":"EUR","pricesIncludeTax":` + include + more + `,"lines":[{"id":"1","sku":"A","amount":{"amount":` + line + `,"currency":"EUR"}}]}`)
}

func (s *shop) ask(body string) answered {
	s.t.Helper()
	return s.send("POST", "/internal/tax/quotes", body, "Authorization", s.checkout)
}

// vies plays the register: it knows one number, says so of another, is down for a country, and slow for another.
func vies(t *testing.T) (url string, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch country := strings.Split(r.URL.Path, "/")[2]; {
		case r.URL.Path == "/ms/FR/vat/40303265045":
			_, _ = io.WriteString(w, `{"isValid":true,"userError":"VALID"}`)
		case country == "FR":
			_, _ = io.WriteString(w, `{"isValid":false,"userError":"INVALID"}`)
		case country == "AT":
			_, _ = io.WriteString(w, `{"isValid":false,"userError":"MS_UNAVAILABLE"}`)
		case country == "NL":
			select {
			case <-r.Context().Done():
			case <-time.After(10 * time.Second):
			}
		default:
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}
