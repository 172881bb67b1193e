package servicetest

import (
	"testing"

	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// Crash lets a process die at each point of its talk with PostgreSQL: before the
// k-th statement arrives, and after it was done but before the process heard so,
// for k = 1, 2, … until it comes through. Each time it begins on a fresh database,
// do is run by a process that dies, then by one that is started after it and must
// succeed; check then says what must be true. The error of the one that dies is
// nobody's.
func Crash(t testing.TB, s postgres.Schema, do func(*postgres.DB) error, check func(testing.TB, *postgres.DB)) {
	t.Helper()
	for _, heard := range []bool{false, true} {
		for k := 1; ; k++ {
			if k > 1000 {
				t.Fatal("it makes more than 1000 statements")
			}
			if !crash(t, s, k, heard, do, check) {
				break
			}
		}
	}
}

// crash tells whether the process died.
func crash(t testing.TB, s postgres.Schema, k int, heard bool, do func(*postgres.DB) error, check func(testing.TB, *postgres.DB)) bool {
	t.Helper()
	url := pgtest.URL(t, s)
	wire := cutAfter(t, url, k, heard)
	_ = do(open(t, wire.url, s)) // it may die, and knows no more
	died := wire.close()
	after := open(t, url, s)
	when := map[bool]string{false: "before it arrived", true: "after it was done"}[heard]
	if err := do(after); err != nil {
		t.Errorf("died at statement %d, %s: the next process fails: %v", k, when, err)
	}
	failed := t.Failed()
	check(t, after)
	if t.Failed() && !failed {
		t.Errorf("died at statement %d, %s: see above", k, when)
	}
	return died
}

func open(t testing.TB, url string, s postgres.Schema) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(postgres.Options{URL: url, Release: "acme-1a2b3c4d"}, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}
