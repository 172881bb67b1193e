package samples

import (
	"bufio"
	"context"
	"fmt"
	neturl "net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const script = "../../../config/samples/roles/roles.sh"

// place is a PostgreSQL, the Secrets of services, and the script between them.
type place struct {
	t        *testing.T
	admin    *pgx.Conn
	secrets  string
	host     string
	database string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	admin := pgtest.Admin(t, pgtest.Database(t))
	// Roles are the cluster's, so tests meet those of each other: so does whoever runs the script again.
	p := &place{t: t, admin: admin, secrets: t.TempDir(), host: admin.Config().Host, database: "roles_" + strings.ToLower(t.Name())}
	return p
}

func (p *place) secret(name, url string) {
	p.t.Helper()
	folder := filepath.Join(p.secrets, name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "DATABASE_URL"), []byte(url), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) url(role, password string) string {
	return fmt.Sprintf("postgres://%s:%s@postgres:5432/%s?sslmode=disable", role, neturl.QueryEscape(password), p.database)
}

func (p *place) command(ctx context.Context, how string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "bash", script, how)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "PGHOST=" + p.host, "PGUSER=postgres", "SECRETS=" + p.secrets, "DATABASE=" + p.database, "CONNECTIONS=7"}
	return cmd
}

func (p *place) run() (string, error) {
	out, err := p.command(p.t.Context(), "once").CombinedOutput()
	return string(out), err
}

// as connects to the shop's database as a service does.
func (p *place) as(role string) (*pgx.Conn, error) {
	url := (&neturl.URL{Scheme: "postgres", User: neturl.User(role), Path: "/" + p.database, RawQuery: neturl.Values{"host": {p.host}}.Encode()}).String()
	conn, err := pgx.Connect(p.t.Context(), url)
	if err == nil {
		p.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	}
	return conn, err
}

func (p *place) ask(sql string, args ...any) (answer string) {
	p.t.Helper()
	if err := p.admin.QueryRow(p.t.Context(), sql, args...).Scan(&answer); err != nil {
		p.t.Fatal(err)
	}
	return answer
}

func TestEachServiceGetsItsRoleAndItsSchemaAndNoOthers(t *testing.T) {
	p := newPlace(t)
	p.secret("alpha-db", p.url("alpha", `p@ss w%rd'"$(id)\`))
	p.secret("gamma-ray-db", p.url("gamma_ray", "x"))
	for range 3 { // again changes nothing
		if out, err := p.run(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	alpha, err := p.as("alpha")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alpha.Exec(t.Context(), `CREATE TABLE boxes (id int); INSERT INTO alpha.boxes VALUES (1)`); err != nil {
		t.Errorf("its own schema: %v", err)
	}
	for what, sql := range map[string]string{
		"another's schema": `CREATE TABLE gamma_ray.boxes (id int)`, "a schema": `CREATE SCHEMA more`, "the public one": `CREATE TABLE public.boxes (id int)`,
		"a database": `CREATE DATABASE more`, "a role": `CREATE ROLE more`,
	} {
		if _, err := alpha.Exec(t.Context(), sql); err == nil {
			t.Errorf("it may write %s", what)
		}
	}
	if got := p.ask(`SELECT rolconnlimit::text FROM pg_roles WHERE rolname = 'alpha'`); got != "7" {
		t.Errorf("it may have %s connections", got)
	}
	// The password is what the Secret holds, decoded.
	if got := p.ask(`SELECT (rolpassword IS NOT NULL)::text FROM pg_authid WHERE rolname = 'alpha'`); got != "true" {
		t.Error("it has no password")
	}
	if got := p.ask(`SELECT has_database_privilege('alpha', 'postgres', 'CONNECT')::text`); got != "false" {
		t.Error("it may connect to the database postgres")
	}
}

// Rule F15: a service's Secret can name its own role, and nobody else's.
func TestASecretCannotTakeAnothersRole(t *testing.T) {
	p := newPlace(t)
	p.secret("beta-db", p.url("beta", "right"))
	if out, err := p.run(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	before := p.ask(`SELECT rolpassword FROM pg_authid WHERE rolname = 'beta'`)
	p.secret("alpha-db", p.url("beta", "stolen"))
	p.secret("postgres-db", p.url("postgres", "stolen"))
	p.secret("other-db", strings.Replace(p.url("other", "x"), p.database, "postgres", 1))
	p.secret("broken-db", "mysql://broken:x@db/shop")
	p.secret("quote-db", p.url(`quote";DROP ROLE beta;--`, "x"))
	p.secret("gamma-ray-db", p.url("gamma_ray", "x"))
	out, err := p.run()
	if err == nil {
		t.Errorf("all was well: %s", out)
	}
	for _, name := range []string{"alpha: ", "postgres: ", "other: ", "broken: ", "quote: "} {
		if !strings.Contains(out, name) {
			t.Errorf("nothing is said of %sin %s", name, out)
		}
	}
	if after := p.ask(`SELECT rolpassword FROM pg_authid WHERE rolname = 'beta'`); after != before {
		t.Error("the password of beta was changed")
	}
	if got := p.ask(`SELECT count(*)::text FROM pg_roles WHERE rolname IN ('other', 'broken') OR rolname LIKE 'quote%'`); got != "0" {
		t.Errorf("%s roles were made", got)
	}
	if got := p.ask(`SELECT rolsuper::text FROM pg_roles WHERE rolname = 'postgres'`); got != "true" {
		t.Error("the superuser is none any more")
	}
	if _, err := p.as("gamma_ray"); err != nil {
		t.Errorf("the others do not get theirs: %v", err)
	}
	if strings.Contains(out, "stolen") {
		t.Errorf("a password is told: %s", out)
	}
}

// A release that runs holds the old password: it would be locked out.
func TestThePasswordOfARoleThatIsThereStays(t *testing.T) {
	p := newPlace(t)
	p.secret("beta-db", p.url("beta", "first"))
	if out, err := p.run(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	before := p.ask(`SELECT rolpassword FROM pg_authid WHERE rolname = 'beta'`)
	p.secret("beta-db", p.url("beta", "second"))
	if out, err := p.run(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if after := p.ask(`SELECT rolpassword FROM pg_authid WHERE rolname = 'beta'`); after != before {
		t.Error("it was changed")
	}
}

// Everything is applied at once: roles come when Secrets do, and migrations wait for them.
func TestRolesAndMigrationsConvergeByThemselves(t *testing.T) {
	p := newPlace(t)
	s := postgres.Schema{Name: "alpha", Floor: 1, Files: fstest.MapFS{"00001_a.sql": {Data: []byte("-- +goose Up\nCREATE TABLE alpha.a (id int);\n")}}}
	url := (&neturl.URL{Scheme: "postgres", User: neturl.User("alpha"), Path: "/" + p.database, RawQuery: neturl.Values{"host": {p.host}}.Encode()}).String()
	db, err := postgres.Open(postgres.Options{URL: url, Release: "acme-1"}, s)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	migrated := make(chan error, 1)
	go func() { migrated <- db.MigrateWhenThere(t.Context()) }()

	ctx, stop := context.WithCancel(t.Context())
	cmd := p.command(ctx, "follow")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			t.Log(lines.Text())
		}
	})
	time.Sleep(500 * time.Millisecond) // it runs, and there is no Secret yet
	p.secret("alpha-db", p.url("alpha", "x"))
	select {
	case err := <-migrated:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(60 * time.Second):
		t.Error("the migration still waits")
	}
	stop()
	reading.Wait()
	_ = cmd.Wait() // it was interrupted
	if err := db.Check(context.Background()); err != nil {
		t.Error(err)
	}
}
