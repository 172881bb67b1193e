package pspfake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

// Whatever is done to an authorisation, the sums of its entries are its facts, and no limit is passed.
func TestTheLedgerSaysWhatWasDone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Authorize(uuid.New(), "r", rapid.Int64Range(1, 1000).Draw(t, "minor"), "EUR", "tok_visa")
		sum := map[string]int64{}
		book := func(before, after Authorization) {
			var all int64
			for _, e := range entries(before, after) {
				sum[e.Account] += e.Minor
				all += e.Minor
			}
			if all != 0 {
				t.Fatalf("a movement makes %d", all)
			}
		}
		book(Authorization{}, a)
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			kind := rapid.SampledFrom([]Kind{Capture, Refund, Void}).Draw(t, "kind")
			after, _, err := Operate(uuid.New(), a, kind, "o", rapid.Int64Range(1, 1200).Draw(t, "amount"), rapid.Bool().Draw(t, "final"))
			if err == nil {
				book(a, after)
				a = after
			}
		}
		if sum[accountHeld] != a.Left() || sum[accountMerchant] != a.Captured-a.Refunded || a.Left() < 0 || a.Refunded > a.Captured {
			t.Fatalf("%+v, the ledger %v", a, sum)
		}
	})
}

func TestC27TheSignatureOfAWebhook(t *testing.T) {
	body := `{"id":"evt_1","type":"payment.captured","payment":"pay_1","amount":{"amount":"59.90","currency":"EUR"}}`
	want := "t=1782907200,v1=5ac3671c5d6336bdea019c3ad57e795d1b875694442a64e3d1e4ebaa8fe3fef1"
	if got := Sign("whsec_example_27", time.Unix(1782907200, 0), []byte(body)); got != want {
		t.Errorf("%s", got)
	}
}

func TestAMoodIsDrawn(t *testing.T) {
	never, always := func() float64 { return 1 }, func() float64 { return 0 }
	m := Mood{Lose: 0.5, Late: 0.5, LateMillis: 10, Repeat: 0.5, WrongAmount: 0.5, WrongCurrency: 0.5}
	if got := m.manners(never, "tok_visa"); got != (manners{}) || len(m.deliveries(never)) != 1 {
		t.Errorf("%+v", got)
	}
	if got := m.manners(always, "tok_visa"); !got.lose || got.before != 10*time.Millisecond || len(m.deliveries(always)) != 3 {
		t.Errorf("%+v", got)
	}
	if minor, currency := m.promise(always, 5990, "EUR"); minor != 5890 || currency != "USD" {
		t.Errorf("%d %s", minor, currency)
	}
	if got := (Mood{}).manners(never, "tok_slow"); got.after != slow {
		t.Errorf("%+v", got)
	}
	if _, err := parseMood(`{"away":1}`); err == nil {
		t.Error("a mood that is none is taken")
	}
}

// shop is the provider with a merchant who takes its webhooks.
type shop struct {
	*servicetest.Service
	t *testing.T
}

func serve(t *testing.T, more ...string) *shop {
	t.Helper()
	accesstest.Service(t, "payments")
	return &shop{servicetest.Start(t, Service(), append([]string{"SHOP_JWKS", accesstest.JWKS()}, more...)...), t}
}

type reply struct {
	status                       int
	ID, State, DeclineCode       string
	Minor                        int64
	Captured, Refunded, Released int64
	Items                        []struct {
		Reference                            string
		Authorized, Held, Captured, Refunded int64
	}
}

func (s *shop) send(method, path, body, key string) (r reply) {
	s.t.Helper()
	res, text := s.Whole(s.t, method, root+path, body, "Authorization", accesstest.Service(s.t, "payments"), "Idempotency-Key", key)
	if err := json.Unmarshal(text, &r); err != nil {
		s.t.Errorf("%s: %v", text, err)
	}
	r.status = res.StatusCode
	return r
}

func (s *shop) authorize(reference, card, key string) reply {
	s.t.Helper()
	return s.send("POST", "/authorizations", fmt.Sprintf(`{"reference":%q,"minor":5000,"currency":"EUR","card":%q}`, reference, card), key)
}

func TestTheContractIsKept(t *testing.T) { serve(t).Contract(t) }

// Two keys are two charges, and the ledger shows them: it is the oracle of double charges.
func TestAKeyIsAChargeAndAnotherKeyAnotherOne(t *testing.T) {
	s := serve(t)
	key := uuid.NewString()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { s.authorize("order-1", "tok_visa", key) })
	}
	all.Wait()
	if got := s.send("GET", "/ledger", "", ""); len(got.Items) != 1 || got.Items[0].Held != 5000 {
		t.Errorf("%+v", got)
	}
	s.authorize("order-1", "tok_visa", uuid.NewString())
	if got := s.send("GET", "/ledger", "", ""); len(got.Items) != 2 {
		t.Errorf("%+v", got)
	}
}

func TestCardsBehaveAsTheyAreCalled(t *testing.T) {
	s := serve(t)
	for card, code := range map[string]string{"tok_visa": "", "tok_declined": "do_not_honor", "tok_insufficient": "insufficient_funds", "tok_expired": "expired_card", "4111": unknownCard} {
		if got := s.authorize(card, card, uuid.NewString()); got.status != 201 || got.DeclineCode != code || (got.State == "declined") != (code != "") {
			t.Errorf("%s: %+v", card, got)
		}
	}
}

// At once, captures, refunds and a void never pass what was promised.
func TestOperationsAtOnceKeepTheLimits(t *testing.T) {
	s := serve(t)
	for range 20 {
		a := s.authorize("r", "tok_visa", uuid.NewString())
		var all sync.WaitGroup
		var done atomic.Int32
		for _, what := range []string{"/captures", "/captures", "/voids"} {
			all.Go(func() {
				body := `{"reference":"o","minor":5000,"final":false}`
				if what == "/voids" {
					body = `{"reference":"o"}`
				}
				if r := s.send("POST", "/authorizations/"+a.ID+what, body, uuid.NewString()); r.status == 201 {
					done.Add(1)
				} else if r.status != 409 {
					t.Errorf("%d", r.status)
				}
			})
		}
		all.Wait()
		if got := s.send("GET", "/authorizations/"+a.ID, "", ""); done.Load() != 1 || got.Captured+got.Released != 5000 {
			t.Errorf("%d succeeded: %+v", done.Load(), got)
		}
	}
}

// A webhook that is not acknowledged comes again; one that is does not.
func TestAWebhookComesUntilItIsAcknowledged(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	merchant := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e event
		_ = json.NewDecoder(r.Body).Decode(&e)
		mu.Lock()
		defer mu.Unlock()
		if seen[e.Reference]++; seen[e.Reference] == 1 || r.Header.Get(header) == "" {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(merchant.Close)
	s := serve(t, "PAYMENTS_WEBHOOK_URL", merchant.URL)
	s.authorize("order-1", "tok_visa", uuid.NewString())
	servicetest.Eventually(t, "the merchant acknowledged it", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return seen["order-1"] == 2
	})
	servicetest.Eventually(t, "nothing is left to be told", func() bool {
		var left int
		err := s.Kit().DB.QueryRow(t.Context(), `SELECT count(*) FROM psp_fake.webhooks`).Scan(&left)
		return err == nil && left == 0
	})
}

func TestMoodsAreForStaffAndHaveVersions(t *testing.T) {
	s := serve(t)
	staff := accesstest.Staff(t, "psp:write")
	got, _ := s.Whole(t, "GET", root+"/mood", "", "Authorization", staff)
	tag := got.Header.Get("ETag")
	for n, want := range []int{200, 412} {
		if res, text := s.Whole(t, "PUT", root+"/mood", fmt.Sprintf(`{"away":true,"lose":0.%d}`, n+1), "Authorization", staff, "If-Match", tag); res.StatusCode != want {
			t.Errorf("%d %s", res.StatusCode, text)
		}
	}
	if r := s.authorize("r", "tok_visa", uuid.NewString()); r.status != 503 {
		t.Errorf("away: %d", r.status)
	}
	if res, _ := s.Whole(t, "PUT", root+"/mood", `{}`, "Authorization", accesstest.Service(t, "payments"), "If-Match", "*"); res.StatusCode != 403 {
		t.Errorf("a merchant: %d", res.StatusCode)
	}
}
