package postgres_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// eventually waits for what another goroutine or the server does.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 1000 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

func watched(t *testing.T, db *postgres.DB) {
	t.Helper()
	db.Every(50 * time.Millisecond)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { db.Watch(ctx); close(done) }()
	t.Cleanup(func() { stop(); <-done })
}

func TestReadinessFollowsTheSchema(t *testing.T) {
	url := pgtest.Empty(t, shelf(1))
	db := as(t, "acme-1", url, shelf(1))
	if err := db.Seen().Ready(time.Now()); err == nil {
		t.Error("ready before anybody looked")
	}
	watched(t, db)
	eventually(t, "the watcher says that the schema is not there", func() bool { return postgres.Unfit(db.Seen().Fits) })
	migrate(t, db)
	eventually(t, "the watcher sees the schema", func() bool { return db.Seen().Ready(time.Now()) == nil })
}

// Rule F5: a pool that is busy is no reason to leave the Service.
func TestABusyPoolIsReady(t *testing.T) {
	db := as(t, "acme-1", pgtest.URL(t, shelf(1)), shelf(1))
	for range db.Config().MaxConns {
		conn, err := db.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
	}
	watched(t, db)
	eventually(t, "a look is answered while no connection of the pool is free", func() bool { return db.Seen().Ready(time.Now()) == nil })
}

// Rule F5: a restart of PostgreSQL leaves readiness alone, and is got over.
func TestReadinessOutlivesALostConnection(t *testing.T) {
	url := pgtest.URL(t, shelf(1))
	db := as(t, "acme-1", url, shelf(1))
	watched(t, db)
	eventually(t, "it is ready", func() bool { return db.Seen().Ready(time.Now()) == nil })
	name := current(t, pgtest.Admin(t, url))
	admin := pgtest.Admin(t, strings.Replace(url, "/"+name, "/postgres", 1)) // nobody shuts himself out
	allow := func(connections string) {
		t.Helper()
		if _, err := admin.Exec(t.Context(), `ALTER DATABASE `+name+` ALLOW_CONNECTIONS `+connections); err != nil {
			t.Fatal(err)
		}
	}
	allow("false")
	if _, err := admin.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, name); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the watcher notices", func() bool { return db.Seen().Err != nil })
	if err := db.Seen().Ready(time.Now()); err != nil {
		t.Errorf("a moment of silence: %v", err)
	}
	if err := db.Seen().Ready(time.Now().Add(time.Minute)); err == nil {
		t.Error("a minute of silence, and ready")
	}
	allow("true")
	before := time.Now()
	eventually(t, "the watcher is back", func() bool { s := db.Seen(); return s.Err == nil && s.At.After(before) })
}

func TestNotificationsComeOnTheWatchersConnection(t *testing.T) {
	url := pgtest.URL(t, shelf(1))
	db := as(t, "acme-1", url, shelf(1))
	var anew, told atomic.Int64
	db.Listen("shelf_changed", func(payload string) {
		switch payload {
		case "":
			anew.Add(1)
		case "box 7":
			told.Add(1)
		}
	})
	watched(t, db)
	eventually(t, "it is told that it may have missed something", func() bool { return anew.Load() == 1 })
	tell := func() {
		if _, err := db.Exec(t.Context(), `SELECT pg_notify('shelf_changed', 'box 7')`); err != nil && !strings.Contains(err.Error(), "terminating") {
			t.Fatal(err)
		}
	}
	tell()
	eventually(t, "a notification comes", func() bool { return told.Load() == 1 })
	admin := pgtest.Admin(t, url)
	if _, err := admin.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%/watch' AND datname = current_database()`); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it connects again and says so", func() bool { return anew.Load() == 2 })
	tell()
	eventually(t, "the next one comes, too", func() bool { return told.Load() == 2 })
}
