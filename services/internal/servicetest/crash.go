package servicetest

import (
	"context"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// Crash lets a process die at each point of its talk with PostgreSQL: before the
// k-th statement arrives, and after it was done but before the process heard so,
// for k = 1, 2, … until it comes through. Each time it begins on a fresh database,
// do is run by a process that dies, and then by one that is started after it, which
// must succeed; check says what must be true then. The error of the one that dies
// is nobody's.
func Crash(t testing.TB, s postgres.Schema, do func(*postgres.DB) error, check func(testing.TB, *postgres.DB)) {
	t.Helper()
	for _, heard := range []bool{false, true} {
		for k, died := 1, true; died; k++ {
			if k > 1000 {
				t.Fatal("it makes more than 1000 statements")
			}
			died = crash(t, s, k, heard, do, check)
		}
	}
}

// crash tells whether the process died. One that came through is not started again.
func crash(t testing.TB, s postgres.Schema, k int, heard bool, do func(*postgres.DB) error, check func(testing.TB, *postgres.DB)) bool {
	t.Helper()
	url := pgtest.URL(t, s)
	wire := cutAfter(t, url, k, heard)
	first := pool(t, wire.url, s)
	err := do(first)
	died := wire.close()
	first.Close()
	if died {
		buried(t, url)
	}
	// Each death is a database with sessions of its own: they end here, or a server has none left for the later ones.
	after := pool(t, url, s)
	defer after.Close()
	if died {
		err = do(after)
	}
	told := &failures{TB: t}
	if err != nil {
		told.Errorf("it fails: %v", err)
	}
	check(told, after)
	switch {
	case told.any && died && heard:
		t.Errorf("that was after a death at statement %d, when PostgreSQL had done it", k)
	case told.any && died:
		t.Errorf("that was after a death at statement %d, before PostgreSQL had it", k)
	}
	return died
}

// buried waits until PostgreSQL has ended the sessions of the process that died: only then is undone what it did not commit, and
// free what it locked. Who asks meanwhile is told to ask again, and rightly so.
func buried(t testing.TB, url string) {
	t.Helper()
	ctx := context.Background()
	admin := pgtest.Admin(t, url)
	defer admin.Close(ctx) //nolint:errcheck // nothing was left to be written
	for {
		var left int
		err := admin.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`).Scan(&left)
		if err != nil {
			t.Fatalf("looking for the sessions of the process that died: %v", err)
		}
		if left == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond) // there is nothing to wait for but PostgreSQL; the test's own limit bounds it
	}
}

// failures notes whether there was one.
type failures struct {
	testing.TB
	any bool
}

// Errorf implements testing.TB.
func (f *failures) Errorf(format string, args ...any) {
	f.TB.Helper()
	f.any = true
	f.TB.Errorf(format, args...)
}

func open(t testing.TB, url string, s postgres.Schema) *postgres.DB {
	t.Helper()
	db := pool(t, url, s)
	t.Cleanup(db.Close)
	return db
}

// patience is for machines that do a lot else: what is tested is a death, and not how long a connection takes.
const patience = time.Minute

// pool is open for who closes it.
func pool(t testing.TB, url string, s postgres.Schema) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(postgres.Options{URL: url, Release: "acme-1a2b3c4d", ConnectTimeout: patience}, s)
	if err != nil {
		t.Fatal(err)
	}
	return db
}
