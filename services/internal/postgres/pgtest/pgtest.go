// Package pgtest gives tests a real PostgreSQL: a throw-away cluster for each
// test binary and a database of its own for each test, used as the service uses
// it: by the service's own role, which owns its schema and nothing else. So a
// missing right is found by the first test.
//
// Call Main from TestMain. The cluster speaks on a Unix socket only, so it needs
// no port; it keeps nothing on disk safe, so it is fast; and it dies with the
// test binary, however that ends.
//
// Where TEST_DATABASE_URL is set, tests use that server instead, which others run:
// a container beside the tests, for example. It is the address of its superuser,
// postgres://postgres:secret@127.0.0.1:5432/postgres. Several test binaries may use
// it at once: each has databases of its own there, and drops them when it ends. Give
// it max_connections=300. A test that kills its server starts one of its own all the
// same, and is left out where this machine has none.
package pgtest

import (
	"context"
	"fmt"
	neturl "net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgserver"
)

// Variable names the server to use instead of one of the tests' own.
const Variable = "TEST_DATABASE_URL"

var (
	server  = sync.OnceValue(start)
	started atomic.Pointer[pgserver.Server]
)

// superuser of the test's cluster.
const superuser = pgserver.Superuser

func start() (err error) {
	var s *pgserver.Server
	if outside := os.Getenv(Variable); outside != "" {
		s, err = pgserver.At(outside)
	} else {
		s, err = pgserver.Start()
	}
	if err == nil {
		started.Store(s)
	}
	return err
}

// Main runs the tests and removes the cluster, if a test asked for one.
func Main(m *testing.M) {
	code := m.Run()
	if err := ours.remove(); err != nil {
		fmt.Fprintln(os.Stderr, "removing what the tests made in PostgreSQL:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Open returns a migrated database of the service's, closed when the test ends.
func Open(t testing.TB, s postgres.Schema) *postgres.DB {
	t.Helper()
	return open(t, URL(t, s), s)
}

// patience is for machines that do a lot else: how long a connection takes is no test's question.
const patience = time.Minute

func open(t testing.TB, url string, s postgres.Schema) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(postgres.Options{URL: url, Release: "test-1a2b3c4d", MaxConns: 8, ConnectTimeout: patience}, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// URL returns the address of a migrated database, for the service's role. The
// migrations run once for each schema; tests get copies.
func URL(t testing.TB, s postgres.Schema) string {
	t.Helper()
	template, err := migrated(s)
	if err != nil {
		t.Fatalf("migrating schema %s: %v", s.Name, err)
	}
	return owned(t, s.Name, template)
}

// Empty returns the address of a database in which the service has its role and
// its schema, and no table: as the roles' Job leaves it.
func Empty(t testing.TB, s postgres.Schema) string {
	t.Helper()
	url := owned(t, s.Name, empty)
	if err := started.Load().Own(database(url), s.Name); err != nil {
		t.Fatalf("making schema %s: %v", s.Name, err)
	}
	return url
}

// Database returns the address of an empty database, for the superuser.
func Database(t testing.TB) string {
	t.Helper()
	name, err := create(empty)
	if err != nil {
		t.Fatalf("making a database for the test: %v", err)
	}
	return started.Load().URL(name, superuser)
}

// Admin connects to the same database as the superuser, for what a test does to it.
func Admin(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), asSuperuser(url))
	if err != nil {
		t.Fatalf("connecting as the superuser: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // nothing was left to be written
	return conn
}

// ExpandOnly fails a test whose migrations would break the release before.
func ExpandOnly(t testing.TB, s postgres.Schema) {
	t.Helper()
	for _, found := range postgres.Lint(s) {
		t.Errorf("schema %s: %s", s.Name, found)
	}
}

// owned makes a database in which the role may connect, as in a real shop.
func owned(t testing.TB, role, template string) string {
	t.Helper()
	name, err := create(template)
	if err == nil {
		err = allow(name, role)
	}
	if err != nil {
		t.Fatalf("making a database for the test: %v", err)
	}
	return started.Load().URL(name, role)
}

// database is the name in an address.
func database(url string) string {
	u, err := neturl.Parse(url)
	if err != nil { // ours
		panic(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

func asSuperuser(url string) string {
	u, err := neturl.Parse(url)
	if err != nil { // ours
		panic(err)
	}
	u.User = neturl.User(superuser)
	// Also beside a server of others, a test may have one of its own.
	if s := started.Load(); s != nil && s.Outside() && u.Host != "" {
		return s.URL(database(url), superuser)
	}
	return u.String()
}
