// Package pgtest gives tests a real PostgreSQL: a throw-away cluster for each
// test binary and a database of its own for each test.
//
// Call Main from TestMain. The cluster speaks on a Unix socket only, so it needs
// no port; it keeps nothing on disk safe, so it is fast; and it dies with the
// test binary, however that ends.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

var (
	server   = sync.OnceValues(start)
	started  atomic.Pointer[cluster]
	numbered atomic.Int64
	// templates holds the names of template databases that are made already.
	templates sync.Map
)

// Main runs the tests and removes the cluster, if a test asked for one.
func Main(m *testing.M) {
	code := m.Run()
	if c := started.Load(); c != nil {
		c.stop()
	}
	os.Exit(code)
}

// Database returns the URL of an empty database.
func Database(t testing.TB) string {
	t.Helper()
	return database(t, "template1")
}

// Migrated returns the URL of a database that prepare was run on. It is run once
// for each name, on a template that the tests' databases are copied from.
func Migrated(t testing.TB, name string, prepare func(url string) error) string {
	t.Helper()
	made, _ := templates.LoadOrStore(name, sync.OnceValue(func() error {
		if err := create("template_"+name, "template1"); err != nil {
			return err
		}
		return prepare(url("template_" + name))
	}))
	if err := made.(func() error)(); err != nil {
		t.Fatalf("preparing the database %s: %v", name, err)
	}
	return database(t, "template_"+name)
}

func database(t testing.TB, template string) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", numbered.Add(1))
	if err := create(name, template); err != nil {
		t.Fatalf("making a database for the test: %v", err)
	}
	return url(name)
}

func create(name, template string) error {
	ctx := context.Background()
	if _, err := server(); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, url("postgres"))
	if err != nil {
		return fmt.Errorf("connecting to the test's PostgreSQL: %w", err)
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing was left to be written
	_, err = conn.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, template))
	return err
}

func url(database string) string { return address(started.Load().dir, database) }

func address(dir, database string) string {
	return fmt.Sprintf("postgres://postgres@/%s?host=%s&sslmode=disable", database, strings.ReplaceAll(dir, "/", "%2F"))
}
