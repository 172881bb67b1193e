package pgserver

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestAServerIsThereUntilItIsStopped(t *testing.T) {
	s, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), s.URL("postgres", Superuser))
	if err != nil {
		t.Fatal(err)
	}
	var one int
	if err := conn.QueryRow(t.Context(), "SELECT 1").Scan(&one); err != nil || one != 1 {
		t.Errorf("%d: %v", one, err)
	}
	s.Stop()
	if _, err := os.Stat(s.dir); err == nil {
		t.Errorf("%s is left", s.dir)
	}
	if _, err := pgx.Connect(t.Context(), s.URL("postgres", Superuser)); err == nil {
		t.Error("it still takes sessions")
	}
}

func TestWhatAKilledProcessLeftIsRemoved(t *testing.T) {
	gone := "/tmp/pgserver-4194304-left" // above the largest process id of Linux
	if err := os.MkdirAll(filepath.Join(gone, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	own, err := os.MkdirTemp("/tmp", "pgserver-1-") // of a process that runs
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(own)
	sweep()
	if _, err := os.Stat(gone); err == nil {
		t.Errorf("%s is left", gone)
	}
	if _, err := os.Stat(own); err != nil {
		t.Error("what belongs to a process that runs is removed")
	}
}

func TestTheNewestPostgreSQLIsTaken(t *testing.T) {
	at := func(v string) string { return "/usr/lib/postgresql/" + v + "/bin/postgres" }
	if older(at("9.6"), at("15")) >= 0 || older(at("17"), at("15")) <= 0 || older(at("15"), at("15")) != 0 {
		t.Error("versions are compared as texts")
	}
}
