package catalog

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

const firstPage = "/api/catalog/products?limit=20"

// rename changes the name of the moka pot by the API.
func rename(t *testing.T, h *servicetest.Service, name string) {
	t.Helper()
	tag := h.Ask("GET", moka, "").Header().Get("ETag")
	w := h.Ask("PATCH", moka, `{"name":"`+name+`"}`, "If-Match", tag, "Authorization", accesstest.Staff(t, "catalog:write"))
	if w.Code != 200 || !named(w.Body.String(), name) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
}

func named(body, name string) bool { return strings.Contains(body, `"name":"`+name+`"`) }

// Whoever changed something reads it back at once: the product, its ETag, its lists.
func TestWhoChangesAProductReadsItBack(t *testing.T) {
	h, slow := serve(t), 0
	for n := range 30 {
		name, began := "Edited"+strconv.Itoa(n), time.Now()
		rename(t, h, name)
		if time.Since(began) > refreshWithin { // a busy machine: it is answered without waiting any longer
			slow++
			continue
		}
		if w := h.Ask("GET", moka, ""); !named(w.Body.String(), name) {
			t.Fatalf("changed to %s, and read back %s", name, w.Body)
		}
		if w := h.Ask("GET", "/api/catalog/products?q="+name, ""); !named(w.Body.String(), name) {
			t.Fatalf("changed to %s, and listed %s", name, w.Body)
		}
	}
	if slow > 20 {
		t.Errorf("%d of 30 changes took more than %s", slow, refreshWithin)
	}
}

func TestAChangeIsSeenByEveryReplicaWithinASecond(t *testing.T) {
	s := seeded(t)
	one, other := replica(t, s.url()), replica(t, s.url())
	before := other.Ask("GET", moka, "")
	heard := beside(t, s)
	rename(t, one, "Lucky pot")
	heard()
	began := time.Now()
	servicetest.Eventually(t, "the other replica has the new name", func() bool {
		return named(other.Ask("GET", moka, "").Body.String(), "Lucky pot")
	})
	if took := time.Since(began); took > time.Second {
		t.Errorf("the other replica has the new name %s after a listener beside it had loaded it", took)
	}
	for _, path := range []string{moka, moka + "/image.svg", firstPage, "/api/catalog/categories"} {
		a, b := one.Ask("GET", path, ""), other.Ask("GET", path, "")
		if a.Body.String() != b.Body.String() || a.Header().Get("ETag") != b.Header().Get("ETag") {
			t.Errorf("%s: two replicas answer %s %s and %s %s", path, a.Header().Get("ETag"), a.Body, b.Header().Get("ETag"), b.Body)
		}
	}
	if w := other.Ask("GET", moka, "", "If-None-Match", before.Header().Get("ETag")); w.Code != 200 {
		t.Errorf("a cache is told that the old name is right: %d", w.Code)
	}
}

// beside listens to the notices as a replica does. What it returns waits for one and
// loads the range: what a busy machine takes for that is no fault of the replica.
func beside(t *testing.T, s *store) func() {
	t.Helper()
	conn, err := s.db.Connect(t.Context(), "beside")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), "LISTEN "+changed); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		_, err := conn.WaitForNotification(t.Context())
		if err == nil {
			_, err = s.stock(t.Context(), nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// What changes without the service's doing is seen as well: a release from before
// the notices, an import, a person with psql.
func TestAChangeByAnyHandIsSeen(t *testing.T) {
	s := seeded(t)
	h := replica(t, s.url())
	for _, c := range []struct{ sql, path, want string }{
		{`UPDATE catalog.products SET name = 'By hand' WHERE sku = 'KIT-1001'`, moka, `"By hand"`},
		{`INSERT INTO catalog.categories VALUES ('books', 'Books', 99)`, "/api/catalog/categories", `{"slug":"books","name":"Books","count":0}`},
		{`INSERT INTO catalog.products (sku, id, slug, name, description, category, brand, price_minor, currency, position)
			VALUES ('NEW-1', gen_random_uuid(), 'new', 'New', '', 'books', 'Own', 100, 'EUR', 1)`, "/api/catalog/products/NEW-1", `"NEW-1"`},
		{`DELETE FROM catalog.products WHERE sku = 'NEW-1'`, "/api/catalog/products/NEW-1", `no product`},
		{`TRUNCATE catalog.products`, firstPage, `{"items":[]}`},
	} {
		if _, err := s.db.Exec(t.Context(), c.sql); err != nil {
			t.Fatal(err)
		}
		servicetest.Eventually(t, c.sql, func() bool { return strings.Contains(h.Ask("GET", c.path, "").Body.String(), c.want) })
	}
}

// kept is a catalog on a PostgreSQL of its own, with the sample goods.
func kept(t *testing.T) (*pgtest.Server, string) {
	t.Helper()
	server := pgtest.Own(t)
	url, err := server.Schema(schema())
	if err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(postgres.Options{URL: url}, schema())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := seed(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return server, url
}

var reads = []string{moka, moka + "/image.svg", firstPage, "/api/catalog/products?category=toys&limit=5", "/api/catalog/categories"}

// Rule H-08 for what is read from memory: the last known answer, which says how
// old it may be, and no write.
func TestReadsGoOnWhilePostgreSQLIsAway(t *testing.T) {
	server, url := kept(t)
	h := replica(t, url)
	before := map[string]string{}
	for _, path := range reads {
		w := h.Ask("GET", path, "")
		before[path] = w.Body.String()
		if w.Code != 200 || w.Header().Get("Age") != "" {
			t.Fatalf("%s: %d %v", path, w.Code, w.Header())
		}
	}
	tag := h.Ask("GET", moka, "").Header().Get("ETag")
	server.Kill()
	same := func() {
		t.Helper()
		for _, path := range reads {
			if w := h.Ask("GET", path, ""); w.Code != 200 || w.Body.String() != before[path] {
				t.Errorf("PostgreSQL is away, and %s: %d %s", path, w.Code, w.Body)
			}
		}
	}
	same()
	w := h.Ask("PATCH", moka, `{"name":"Lost"}`, "If-Match", tag, "Authorization", accesstest.Staff(t, "catalog:write"))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("a write: %d %v %s", w.Code, w.Header(), w.Body)
	}
	servicetest.Eventually(t, "reads say how old they may be", func() bool { return h.Ask("GET", firstPage, "").Header().Get("Age") != "" })
	same()
	if w := h.Ask("GET", "/readyz", ""); w.Code != 200 {
		t.Errorf("not ready after a few seconds: %s", w.Body)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	servicetest.Eventually(t, "reads are known to be right again", func() bool { return h.Ask("GET", firstPage, "").Header().Get("Age") == "" })
	rename(t, h, "Back again")
	if w := h.Ask("GET", moka, ""); !named(w.Body.String(), "Back again") {
		t.Errorf("PostgreSQL is back, and %s", w.Body)
	}
}

// A change of which a replica was not told is seen once its connection is made anew.
func TestWhoListensAnewLoadsAnew(t *testing.T) {
	s := seeded(t)
	h := replica(t, s.url())
	admin := pgtest.Admin(t, s.url())
	for _, sql := range []string{
		`ALTER TABLE catalog.products DISABLE TRIGGER products_changed`,
		`UPDATE catalog.products SET name = 'Unheard' WHERE sku = 'KIT-1001'`,
		`ALTER TABLE catalog.products ENABLE TRIGGER products_changed`,
		`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name LIKE '%/watch' AND datname = current_database()`,
	} {
		if _, err := admin.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	servicetest.Eventually(t, "the change is read", func() bool { return strings.Contains(h.Ask("GET", moka, "").Body.String(), "Unheard") })
}

// A replica is not asked before it can answer from memory. The database answers
// here, and its schema fits: only the range cannot be read yet.
func TestNotStartedBeforeTheShelfIsThere(t *testing.T) {
	url := seeded(t).url()
	editor, err := pgtest.Admin(t, url).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := editor.Exec(t.Context(), `LOCK TABLE catalog.products`); err != nil {
		t.Fatal(err)
	}
	p := begin(t, url)
	servicetest.Eventually(t, "the database is seen", func() bool {
		return strings.Contains(p.Ask("GET", "/readyz", "").Body.String(), "[+] database: ok")
	})
	for _, path := range []string{"/startupz", "/readyz", firstPage, moka} {
		if w := p.Ask("GET", path, ""); w.Code != 503 {
			t.Errorf("nothing is loaded, and %s answers %d", path, w.Code)
		}
	}
	if w := p.Ask("GET", firstPage, ""); w.Header().Get("Retry-After") == "" {
		t.Errorf("503 without Retry-After: %v", w.Header())
	}
	if err := editor.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.AwaitReady(t)
	if w := p.Ask("GET", firstPage, ""); w.Code != 200 {
		t.Errorf("ready, and answers %d %s", w.Code, w.Body)
	}
}
