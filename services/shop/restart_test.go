package shop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/cart"
	"github.com/emporium-shop/emporium/services/catalog"
	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

const (
	moka = "/api/catalog/products/KIT-1001"
	// poolMax is what each replica may hold, as in the sample shop.
	poolMax = 4
)

// shop is two replicas of the catalog and one of the cart on one PostgreSQL, with
// customers, and an editor who changes a name again and again.
type shop struct {
	server  *pgtest.Server
	catalog []*servicetest.Service
	cart    *servicetest.Service

	away atomic.Bool
	// steps count what was asked and succeeded, by what it was.
	steps sync.Map
	mu    sync.Mutex
	// carts are those that were acknowledged, with how many pots they hold; keys
	// are the keys under which carts were asked for.
	carts map[string]int
	keys  []string
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{server: pgtest.Own(t), carts: map[string]int{}}
	url := s.url(t, catalog.Service())
	for range 2 {
		s.catalog = append(s.catalog, ready(t, servicetest.Start(t, catalog.Service(), "DATABASE_URL", url, "DB_POOL_MAX", fmt.Sprint(poolMax), "SHOP_JWKS", accesstest.JWKS())))
	}
	s.cart = ready(t, servicetest.Start(t, cart.Service(), "DATABASE_URL", s.url(t, cart.Service()), "DB_POOL_MAX", fmt.Sprint(poolMax), "CATALOG_URL", s.catalog[0].URL))
	return s
}

func ready(t *testing.T, s *servicetest.Service) *servicetest.Service {
	t.Helper()
	servicetest.Eventually(t, "a service is ready", func() bool { return s.Ask("GET", "/readyz", "").Code == http.StatusOK })
	return s
}

func (s *shop) url(t *testing.T, service app.Service) string {
	t.Helper()
	url, err := s.server.Schema(service.Schema)
	if err != nil {
		t.Fatal(err)
	}
	if service.Seed == nil {
		return url
	}
	db, err := postgres.Open(postgres.Options{URL: url}, service.Schema)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := service.Seed(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return url
}

func (s *shop) count(step string) *atomic.Int64 {
	n, _ := s.steps.LoadOrStore(step, &atomic.Int64{})
	return n.(*atomic.Int64) //nolint:forcetypeassert // nothing else is stored there
}

// fine judges an answer: what succeeds is counted, what cannot be done is 503 with
// Retry-After and a problem, and nothing else happens.
func (s *shop) fine(t *testing.T, step string, res *http.Response, body []byte, want int) bool {
	t.Helper()
	switch {
	case res.StatusCode == want:
		s.count(step).Add(1)
		return true
	case res.StatusCode != http.StatusServiceUnavailable:
		t.Errorf("%s: %d %s", step, res.StatusCode, body)
	case res.Header.Get("Retry-After") == "" || res.Header.Get("Content-Type") != "application/problem+json":
		t.Errorf("%s: 503 with %v %s", step, res.Header, body)
	default:
		s.count(step + " refused").Add(1)
	}
	return false
}

// lists reads what everybody reads: that never fails.
func (s *shop) lists(t *testing.T, n int) {
	for _, path := range []string{"/api/catalog/products", moka, "/api/catalog/categories"} {
		res, body := s.catalog[n%2].Whole(t, "GET", path, "")
		if !s.fine(t, "read", res, body, http.StatusOK) {
			t.Errorf("%s: %d while it could be answered from memory", path, res.StatusCode)
		}
		if s.away.Load() {
			s.count("read while away").Add(1)
		}
	}
}

// buys makes a cart and puts pots into it. A cart is asked for under one key until
// it is there: a 503 may have been a commit of which nobody heard.
func (s *shop) buys(t *testing.T, n int) {
	key := uuid.NewString()
	s.mu.Lock()
	s.keys = append(s.keys, key)
	s.mu.Unlock()
	var made struct{ ID string }
	tag := ""
	for tag == "" && t.Context().Err() == nil {
		res, body := s.cart.Whole(t, "POST", "/api/cart", "", "Idempotency-Key", key)
		if !s.fine(t, "create", res, body, http.StatusCreated) {
			time.Sleep(20 * time.Millisecond) // as Retry-After asks, in short
			continue
		}
		if err := json.Unmarshal(body, &made); err != nil {
			t.Error(err)
			return
		}
		tag = res.Header.Get("ETag")
	}
	s.mu.Lock()
	s.carts[made.ID] = 0
	s.mu.Unlock()
	pots := 1 + n%5
	res, body := s.cart.Whole(t, "PUT", "/api/cart/"+made.ID+"/items/KIT-1001", fmt.Sprintf(`{"quantity":%d}`, pots), "If-Match", tag)
	if s.fine(t, "put", res, body, http.StatusOK) {
		s.mu.Lock()
		s.carts[made.ID] = pots
		s.mu.Unlock()
	}
}

// edits changes a name. 412 is right where the answer to a change was lost.
func (s *shop) edits(t *testing.T, n int) {
	tag, _ := s.catalog[0].Whole(t, "GET", moka, "")
	res, body := s.catalog[0].Whole(t, "PATCH", moka, fmt.Sprintf(`{"name":"Pot %d"}`, n),
		"If-Match", tag.Header.Get("ETag"), "Authorization", accesstest.Staff(t, "catalog:write"))
	if res.StatusCode != http.StatusPreconditionFailed {
		s.fine(t, "change", res, body, http.StatusOK)
	}
}

// probes looks at readiness, which nobody may lose.
func (s *shop) probes(t *testing.T, _ int) {
	for _, one := range append([]*servicetest.Service{s.cart}, s.catalog...) {
		if res, body := one.Whole(t, "GET", "/readyz", ""); res.StatusCode != http.StatusOK {
			t.Errorf("not ready: %s", body)
		}
		if s.away.Load() {
			s.count("ready while away").Add(1)
		}
	}
}

// sessions looks at how many each service has.
func (s *shop) sessions(t *testing.T, _ int) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.server.Admin())
	if err != nil {
		return // it is away
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `SELECT usename, count(*) FROM pg_stat_activity WHERE usename <> current_user GROUP BY usename`)
	if err != nil {
		return
	}
	var user string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&user, &n}, func() error {
		if most := map[string]int{"catalog": 2 * poolMax, "cart": poolMax}[user]; n > most {
			t.Errorf("%s has %d sessions, of at most %d", user, n, most)
		}
		s.count("sessions looked at").Add(1)
		return nil
	})
	if err != nil && !s.away.Load() {
		t.Logf("looking at sessions: %v", err) // it went away meanwhile
	}
}

// load lets them all go on until the returned function is called.
func (s *shop) load(t *testing.T) (stop func()) {
	done, all := make(chan struct{}), sync.WaitGroup{}
	for _, do := range []func(*testing.T, int){s.lists, s.lists, s.buys, s.buys, s.edits, s.probes, s.sessions} {
		all.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				case <-time.After(5 * time.Millisecond):
					do(t, n)
				}
			}
		})
	}
	return func() { close(done); all.Wait() }
}

// more waits until each of these steps succeeded a few times more.
func (s *shop) more(t *testing.T, steps ...string) {
	t.Helper()
	for _, step := range steps {
		from := s.count(step).Load()
		servicetest.Eventually(t, step+" goes on", func() bool { return s.count(step).Load() >= from+5 })
	}
}

// PostgreSQL dies under load and comes back: no pod leaves its Service for it,
// what is read by all is answered all the time, the rest is 503 with Retry-After,
// nothing that was acknowledged is lost or there twice, and all goes on by itself.
func TestPostgreSQLDiesUnderLoadAndComesBack(t *testing.T) {
	s := newShop(t)
	stop := s.load(t)
	stopped := sync.OnceFunc(stop)
	t.Cleanup(stopped)
	for range 2 { // it is no less true the second time
		s.more(t, "read", "create", "put", "change", "sessions looked at")
		s.away.Store(true)
		s.server.Kill()
		s.more(t, "create refused", "change refused", "read while away", "ready while away")
		servicetest.Eventually(t, "reads tell their age", func() bool {
			res, _ := s.catalog[1].Whole(t, "GET", moka, "")
			return res.Header.Get("Age") != ""
		})
		s.away.Store(false)
		if err := s.server.Restart(); err != nil {
			t.Fatal(err)
		}
		s.more(t, "read", "create", "put", "change", "sessions looked at")
	}
	stopped()
	s.steps.Range(func(step, n any) bool { t.Logf("%s: %d", step, n.(*atomic.Int64).Load()); return true })
	s.nothingIsLost(t)
}

// nothingIsLost compares what was acknowledged with what there is.
func (s *shop) nothingIsLost(t *testing.T) {
	for id, pots := range s.carts {
		res, body := s.cart.Whole(t, "GET", "/api/cart/"+id, "")
		if want := fmt.Sprintf(`"quantity":%d`, pots); res.StatusCode != http.StatusOK || (pots > 0 && !strings.Contains(string(body), want)) {
			t.Errorf("cart %s, of which %d pots were acknowledged: %d %s", id, pots, res.StatusCode, body)
		}
	}
	conn, err := pgx.Connect(t.Context(), s.server.Admin())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var carts int
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM cart.carts`).Scan(&carts); err != nil || carts != len(s.keys) || carts != len(s.carts) {
		t.Errorf("%d carts of %d keys, %d acknowledged (%v)", carts, len(s.keys), len(s.carts), err)
	}
}
