package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// shelf is a schema of one table with as many versions as files.
func shelf(floor int64, files ...string) postgres.Schema {
	all := fstest.MapFS{"00001_boxes.sql": {Data: []byte("-- +goose Up\nCREATE TABLE shelf.boxes (id int PRIMARY KEY, n int NOT NULL DEFAULT 0, old text);\n")}}
	for n, text := range files {
		all["0000"+string(rune('2'+n))+"_more.sql"] = &fstest.MapFile{Data: []byte(text)}
	}
	return postgres.Schema{Name: "shelf", Files: all, Floor: floor}
}

const (
	expands   = "-- +goose Up\nALTER TABLE shelf.boxes ADD COLUMN fresh text;\n"
	contracts = "-- contract: floor 2\n-- +goose Up\nALTER TABLE shelf.boxes DROP COLUMN old;\n"
	breaks    = "-- +goose Up\nCREATE TABLE shelf.more (id int);\nSELECT 1/0;\n"
)

// as opens a database as a release does.
func as(t *testing.T, release, url string, s postgres.Schema) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(postgres.Options{URL: url, Release: release}, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

func migrate(t *testing.T, db *postgres.DB) {
	t.Helper()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func number(t *testing.T, db *postgres.DB, sql string, args ...any) (n int64) {
	t.Helper()
	if err := db.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestThreeAtOnceMigrateOnce(t *testing.T) {
	url := pgtest.Empty(t, shelf(1))
	s := shelf(1, expands)
	s.Parts = []postgres.Part{{Name: "counter", Version: 1, SQL: "CREATE TABLE IF NOT EXISTS counted (n int); INSERT INTO counted VALUES (1)"}}
	var all sync.WaitGroup
	for range 3 {
		db := as(t, "acme-1", url, s)
		all.Go(func() {
			if err := db.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	db := as(t, "acme-1", url, s)
	if n := number(t, db, `SELECT count(*) FROM shelf.migrations WHERE version_id > 0`); n != 2 {
		t.Errorf("%d migrations were noted", n)
	}
	if n := number(t, db, `SELECT count(*) FROM shelf.counted`); n != 1 {
		t.Errorf("the tables of a shared package were made %d times", n)
	}
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	url := pgtest.Empty(t, shelf(1))
	newer := shelf(1, expands)
	part := shelf(1)
	part.Parts = []postgres.Part{{Name: "outbox", Version: 3, SQL: "CREATE TABLE IF NOT EXISTS outbox (id int)"}}
	for _, step := range []struct {
		before func()
		s      postgres.Schema
		want   string
	}{
		{func() {}, shelf(1), "is not there"},
		{func() { migrate(t, as(t, "acme-1", url, shelf(1))) }, newer, "version 1, this release needs 2"},
		{func() {}, part, "version 0 of the tables of outbox, this release needs 3"},
		{func() { migrate(t, as(t, "acme-1", url, shelf(2, contracts))) }, shelf(1), "serves releases from version 2 on, this one has 1"},
	} {
		step.before()
		if err := as(t, "acme-1", url, step.s).Check(t.Context()); err == nil || !strings.Contains(err.Error(), step.want) || !postgres.Unfit(err) {
			t.Errorf("%v, want %q", err, step.want)
		}
	}
}

func TestANewerPartIsMadeOverAnOlder(t *testing.T) {
	url := pgtest.Empty(t, shelf(1))
	part := func(version int64, sql string) postgres.Schema {
		s := shelf(1)
		s.Parts = []postgres.Part{{Name: "outbox", Version: version, SQL: sql}}
		return s
	}
	const first = "CREATE TABLE IF NOT EXISTS outbox (id int);"
	migrate(t, as(t, "acme-1", url, part(1, first)))
	newer := as(t, "acme-2", url, part(2, first+"ALTER TABLE outbox ADD COLUMN IF NOT EXISTS sent boolean;"))
	migrate(t, newer)
	if _, err := newer.Exec(t.Context(), `INSERT INTO shelf.outbox (id, sent) VALUES (1, true)`); err != nil {
		t.Error(err)
	}
	older := as(t, "acme-1", url, part(1, "SELECT 1/0")) // comes back after its window
	migrate(t, older)
	if err := older.Check(t.Context()); err != nil {
		t.Errorf("the release before does not fit: %v", err)
	}
}

// Rule F3: a contracting migration refuses while another release needs what it takes away, and has done nothing then.
func TestNothingIsTakenFromAReleaseThatRuns(t *testing.T) {
	url := pgtest.Empty(t, shelf(1))
	old := as(t, "acme-old", url, shelf(1))
	migrate(t, old)
	if err := old.Ping(t.Context()); err != nil { // its session
		t.Fatal(err)
	}
	next := as(t, "acme-new", url, shelf(2, contracts))
	err := next.Migrate(t.Context())
	if !errors.Is(err, postgres.ErrInUse) || !strings.Contains(err.Error(), "acme-old") {
		t.Fatalf("%v", err)
	}
	if err := next.MigrateWhenThere(t.Context()); !errors.Is(err, postgres.ErrInUse) {
		t.Errorf("the command waits for what only a person can do: %v", err)
	}
	if err := old.Check(t.Context()); err != nil {
		t.Errorf("the release that serves: %v", err)
	}
	number(t, old, `SELECT count(old) FROM shelf.boxes`) // is there
	old.Close()
	waitForNobody(t, url, "acme-old")
	migrate(t, next)
	if n := number(t, next, `SELECT floor FROM shelf.floor`); n != 2 {
		t.Errorf("the floor is %d", n)
	}
	if err := as(t, "acme-old", url, shelf(1)).Check(t.Context()); err == nil {
		t.Error("the old release thinks that it fits")
	}
}

// waitForNobody waits until the server has noticed that a pool was closed.
func waitForNobody(t *testing.T, url, release string) {
	t.Helper()
	admin := pgtest.Admin(t, url)
	for range 500 {
		var n int
		if err := admin.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%/' || $1 || '/%' AND datname = current_database()`, release).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("sessions of %s stay", release)
}

func TestAnExpandingMigrationAsksNobody(t *testing.T) {
	url := pgtest.Empty(t, shelf(1))
	old := as(t, "acme-old", url, shelf(1))
	migrate(t, old)
	next := as(t, "acme-new", url, shelf(1, expands))
	migrate(t, next)
	for name, db := range map[string]*postgres.DB{"old": old, "new": next} {
		if err := db.Check(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Die between the migration and its floor: there is no such moment.
func TestAMigrationAndItsFloorAreOneCommit(t *testing.T) {
	url := pgtest.Empty(t, shelf(1))
	s := shelf(2, contracts, breaks) // the third fails after the second
	if err := as(t, "acme-1", url, s).Migrate(t.Context()); err == nil {
		t.Fatal("a division by zero succeeded")
	}
	db := as(t, "acme-1", url, s)
	if v, f := number(t, db, `SELECT max(version_id) FROM shelf.migrations`), number(t, db, `SELECT max(floor) FROM shelf.floor`); v != 2 || f != 2 {
		t.Errorf("version %d, floor %d", v, f)
	}
	if n := number(t, db, `SELECT count(*) FROM pg_tables WHERE tablename = 'more'`); n != 0 {
		t.Error("half a migration stayed")
	}
}

// An image from before the floor was written with its migration may have died in between (F3).
func TestAFloorThatWasLostIsWritten(t *testing.T) {
	url := pgtest.Empty(t, shelf(1))
	db := as(t, "acme-1", url, shelf(2, contracts))
	migrate(t, db)
	if _, err := db.Exec(t.Context(), `DELETE FROM shelf.floor`); err != nil {
		t.Fatal(err)
	}
	migrate(t, db)
	if n := number(t, db, `SELECT coalesce(max(floor), 0) FROM shelf.floor`); n != 2 {
		t.Errorf("the floor is %d", n)
	}
	if _, err := db.Exec(t.Context(), `UPDATE shelf.floor SET floor = 9`); err != nil {
		t.Fatal(err)
	}
	migrate(t, db)
	if n := number(t, db, `SELECT floor FROM shelf.floor`); n != 9 {
		t.Errorf("an older release lowered the floor to %d", n)
	}
}

// The Job of the roles and the Jobs of the migrations come in any order.
func TestAMigrationWaitsForItsRoleAndSchema(t *testing.T) {
	admin := pgtest.Admin(t, pgtest.Database(t))
	if _, err := admin.Exec(t.Context(), `REVOKE CREATE ON DATABASE `+current(t, admin)+` FROM PUBLIC`); err != nil {
		t.Fatal(err)
	}
	late := shelf(1)
	late.Name = "late"
	late.Files = fstest.MapFS{"00001_a.sql": {Data: []byte("-- +goose Up\nCREATE TABLE late.a (id int);\n")}}
	url := strings.Replace(admin.Config().ConnString(), "postgres@", "late@", 1)
	done := make(chan error, 1)
	db := as(t, "acme-1", url, late)
	go func() { done <- db.MigrateWhenThere(t.Context()) }()
	for _, step := range []string{`SELECT pg_sleep(0.5)`, `CREATE ROLE late LOGIN`, `SELECT pg_sleep(0.5)`, `CREATE SCHEMA late`, `SELECT pg_sleep(0.5)`, `ALTER SCHEMA late OWNER TO late`} {
		if _, err := admin.Exec(t.Context(), step); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func current(t *testing.T, conn *pgx.Conn) (name string) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), `SELECT current_database()`).Scan(&name); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestAWrongMigrationFailsAtOnce(t *testing.T) {
	began := time.Now()
	err := as(t, "acme-1", pgtest.Empty(t, shelf(1)), shelf(1, breaks)).MigrateWhenThere(t.Context())
	if err == nil || time.Since(began) > 20*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}

func TestAMigrationDoesNotWaitLongForALock(t *testing.T) {
	url := pgtest.Empty(t, shelf(1))
	old := as(t, "acme-old", url, shelf(1))
	migrate(t, old)
	tx, err := old.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `SELECT * FROM shelf.boxes`); err != nil { // somebody reads, for long
		t.Fatal(err)
	}
	next := as(t, "acme-new", url, shelf(1, expands))
	var sql *pgconn.PgError
	if err := next.Migrate(t.Context()); !errors.As(err, &sql) || sql.Code != "55P03" {
		t.Errorf("%v, want a lock timeout", err)
	}
	done := make(chan error, 1)
	go func() { done <- next.MigrateWhenThere(t.Context()) }()
	time.Sleep(300 * time.Millisecond)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestOneServicesRoleCannotReadAnothers(t *testing.T) {
	url := pgtest.URL(t, shelf(1))
	admin := pgtest.Admin(t, url)
	if _, err := admin.Exec(t.Context(), `CREATE SCHEMA other; CREATE TABLE other.secrets (id int)`); err != nil {
		t.Fatal(err)
	}
	_, err := as(t, "acme-1", url, shelf(1)).Exec(t.Context(), `SELECT * FROM other.secrets`)
	var sql *pgconn.PgError
	if !errors.As(err, &sql) || sql.Code != "42501" {
		t.Errorf("%v, want a refusal", err)
	}
}

func TestThePoolKeepsItsBudget(t *testing.T) {
	url := pgtest.URL(t, shelf(1))
	for most, want := range map[int32]int32{0: 3, 1: 1, 2: 1, 8: 7} {
		db, err := postgres.Open(postgres.Options{URL: url, MaxConns: most}, shelf(1))
		if err != nil {
			t.Fatal(err)
		}
		if got := db.Config().MaxConns; got != want {
			t.Errorf("DB_POOL_MAX=%d: %d connections and the watcher's, want %d", most, got, want)
		}
		db.Close()
	}
	// What the address says does not count: nobody adds it up.
	db, err := postgres.Open(postgres.Options{URL: url + "&pool_max_conns=50&pool_min_conns=50"}, shelf(1))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if cfg := db.Config(); cfg.MaxConns != 3 || cfg.MinConns != 0 || cfg.MinIdleConns != 0 {
		t.Errorf("the address made it %d, %d, %d", cfg.MaxConns, cfg.MinConns, cfg.MinIdleConns)
	}
}

// What many requests at once needed is given back, also where one connection goes on being used. The pool's times are shortened,
// each by the same factor.
func TestConnectionsThatNobodyUsesAreGivenBack(t *testing.T) {
	const faster = 300
	cfg := as(t, "acme-1", pgtest.URL(t, shelf(1)), shelf(1)).Config()
	cfg.MaxConnIdleTime, cfg.HealthCheckPeriod = cfg.MaxConnIdleTime/faster, cfg.HealthCheckPeriod/faster
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	var used []*pgxpool.Conn
	for range cfg.MaxConns {
		conn, err := pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		used = append(used, conn)
	}
	for _, conn := range used {
		conn.Release()
	}
	settles := func(want int32, use func()) {
		t.Helper()
		for range 1000 {
			if use(); pool.Stat().TotalConns() == want {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("%d connections stay, want %d", pool.Stat().TotalConns(), want)
	}
	settles(1, func() {
		if _, err := pool.Exec(t.Context(), `SELECT 1`); err != nil {
			t.Fatal(err)
		}
	})
	settles(0, func() {})
}

func TestTheServerKnowsWhoIsConnected(t *testing.T) {
	db := as(t, "acme-1a2b3c4d", pgtest.URL(t, shelf(1)), shelf(1))
	var name string
	if err := db.QueryRow(t.Context(), `SELECT current_setting('application_name')`).Scan(&name); err != nil || name != "shelf/acme-1a2b3c4d/1" {
		t.Errorf("%q, %v", name, err)
	}
	conn, err := db.Connect(t.Context(), "relay")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(t.Context(), `SELECT current_setting('application_name')`).Scan(&name); err != nil || name != "shelf/acme-1a2b3c4d/1/relay" {
		t.Errorf("%q, %v", name, err)
	}
}

func TestWhatIsNoAddressIsRefused(t *testing.T) {
	if db, err := postgres.Open(postgres.Options{URL: "postgres://shelf:s3cret@db:99999/x"}, shelf(1)); err == nil {
		db.Close()
		t.Error("taken")
	} else if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the password is told: %v", err)
	}
}

// Two transactions that lock two rows in turn: PostgreSQL breaks one off, and both are done in the end.
func TestADeadlockIsDoneAgain(t *testing.T) {
	db := pgtest.Open(t, shelf(1))
	if _, err := db.Exec(t.Context(), `INSERT INTO shelf.boxes (id) VALUES (1), (2)`); err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	tries := make(chan int, 64)
	var met sync.WaitGroup
	met.Add(2)
	for _, order := range [][2]int{{1, 2}, {2, 1}} {
		both.Go(func() {
			first := true
			err := postgres.InTx(t.Context(), db, func(tx pgx.Tx) error {
				tries <- 1
				for n, id := range order {
					if _, err := tx.Exec(t.Context(), `UPDATE shelf.boxes SET n = n + 1 WHERE id = $1`, id); err != nil {
						return err
					}
					if n == 0 && first {
						first = false
						met.Done()
						met.Wait() // each has its first row
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if n := number(t, db, `SELECT sum(n) FROM shelf.boxes`); n != 4 || len(tries) < 3 {
		t.Errorf("the sum is %d after %d tries", n, len(tries))
	}
}

func TestWhatIsBrokenOffAgainAndAgainIsUnavailable(t *testing.T) {
	db := pgtest.Open(t, shelf(1))
	tries := 0
	err := postgres.InTx(t.Context(), db, func(tx pgx.Tx) error {
		tries++
		_, err := tx.Exec(t.Context(), `DO $$ BEGIN RAISE EXCEPTION 'met' USING ERRCODE = '40001'; END $$`)
		return err
	})
	if !fault.Is(err, fault.UnavailableKind) || tries != 4 {
		t.Errorf("%v after %d tries", err, tries)
	}
	tries = 0
	wrong := errors.New("a rule said no")
	if err := postgres.InTx(t.Context(), db, func(pgx.Tx) error { tries++; return wrong }); !errors.Is(err, wrong) || tries != 1 {
		t.Errorf("%v after %d tries", err, tries)
	}
}
