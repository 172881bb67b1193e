package pgtest_test

import (
	"context"
	"fmt"
	neturl "net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgserver"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// asService makes the test binary one that tests a service on the server that TEST_DATABASE_URL names.
const asService = "PGTEST_AS_SERVICE"

func TestMain(m *testing.M) {
	if os.Getenv(asService) != "" {
		pgtest.Main(m)
	}
	os.Exit(m.Run())
}

// secret is a password that must be quoted in an address, and in SQL.
const secret = `it's a/secret@`

// beside is a server that others run: it listens on an address, knows a password, and nobody gets in without.
func beside(t *testing.T) (server *pgserver.Server, address string) {
	t.Helper()
	rules := filepath.Join("/tmp", fmt.Sprintf("pgtest-hba-%d", os.Getpid()))                                                   // where the server's user may read
	if err := os.WriteFile(rules, []byte("local all all trust\nhost all all 127.0.0.0/8 scram-sha-256\n"), 0o644); err != nil { //nolint:gosec // it holds no secret
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(rules) })
	// An address of loopback that nobody else has, since the port is always the same.
	host := fmt.Sprintf("127.%d.%d.5", 100+os.Getpid()>>8&0x7f, os.Getpid()&0xff)
	server, err := pgserver.Start("listen_addresses="+host, "hba_file="+rules)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	if err := server.Exec("postgres", "ALTER ROLE postgres PASSWORD '"+strings.ReplaceAll(secret, "'", "''")+"'"); err != nil {
		t.Fatal(err)
	}
	return server, (&neturl.URL{Scheme: "postgres", User: neturl.UserPassword("postgres", secret), Host: host, Path: "/postgres", RawQuery: "sslmode=disable"}).String()
}

// service runs the tests of a service as a process of their own.
func service(address string, more ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^TestOfAService$", "-test.v")
	cmd.Env = append(os.Environ(), append(more, asService+"=1", pgtest.Variable+"="+address)...)
	return cmd
}

// TestServicesShareAServerOfOthers: at the same time, and nothing is left but their role.
func TestServicesShareAServerOfOthers(t *testing.T) {
	server, address := beside(t)
	outputs := make(chan error, 3)
	for range cap(outputs) {
		go func() {
			out, err := service(address).CombinedOutput()
			if err != nil || !strings.Contains(string(out), "--- PASS: TestOfAService") {
				err = fmt.Errorf("%w: %s", err, out)
			}
			outputs <- err
		}()
	}
	for range cap(outputs) {
		if err := <-outputs; err != nil {
			t.Error(err)
		}
	}
	admin := connect(t, server.URL("postgres", pgserver.Superuser))
	var left []string
	err := admin.QueryRow(t.Context(), `SELECT coalesce(array_agg(datname::text), '{}') FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1')`).Scan(&left)
	if err != nil || len(left) > 0 {
		t.Errorf("databases are left: %v (%v)", left, err)
	}
}

// TestOfAService is what a service's tests ask of pgtest, on a server of others.
func TestOfAService(t *testing.T) {
	if os.Getenv(asService) == "" {
		t.Skip("TestServicesShareAServerOfOthers runs it, as a process of its own")
	}
	schema := postgres.Schema{Name: "shelf", Files: fstest.MapFS{"00001_boxes.sql": {Data: []byte("-- +goose Up\nCREATE TABLE shelf.boxes (id int PRIMARY KEY);\n")}}, Floor: 1}
	url := pgtest.URL(t, schema)
	db := connect(t, url)
	if _, err := db.Exec(t.Context(), "INSERT INTO shelf.boxes VALUES (1)"); err != nil {
		t.Errorf("using the schema as its role: %v", err)
	}
	if _, err := db.Exec(t.Context(), "CREATE TABLE public.boxes (id int)"); err == nil {
		t.Error("the service may write outside its schema")
	}
	var sorted string
	if err := db.QueryRow(t.Context(), "SELECT string_agg(x, '' ORDER BY x) FROM unnest('{b,B,a}'::text[]) x").Scan(&sorted); err != nil || sorted != "Bab" {
		t.Errorf("it sorts as %q, not as the shop's: %v", sorted, err)
	}
	if conn, err := pgx.Connect(t.Context(), strings.Replace(url, neturl.UserPassword("shelf", secret).String(), "shelf", 1)); err == nil {
		conn.Close(context.Background())
		t.Error("the role gets in without its password: the server is not of others")
	}
	var super string
	if err := pgtest.Admin(t, url).QueryRow(t.Context(), "SHOW is_superuser").Scan(&super); err != nil || super != "on" {
		t.Errorf("the superuser is one: %q (%v)", super, err)
	}
	other := connect(t, pgtest.Empty(t, schema))
	if _, err := other.Exec(t.Context(), "CREATE TABLE shelf.boxes (id int)"); err != nil {
		t.Errorf("an empty schema is its own: %v", err)
	}
	counted, statements := servicetest.Counted(t, url)
	connect(t, counted)
	if conn := connect(t, counted); conn.Ping(t.Context()) != nil || statements() == 0 {
		t.Error("a wire does not lead there")
	}
	own := pgtest.Own(t)
	if ownURL, err := own.Schema(schema); err != nil || pgtest.Admin(t, ownURL).Ping(t.Context()) != nil {
		t.Errorf("a server of its own beside: %v", err)
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// TestAServerThatCannotBeUsedIsSaidWithoutItsPassword: with the way out, and not after half a minute where waiting does not help.
func TestAServerThatCannotBeUsedIsSaidWithoutItsPassword(t *testing.T) {
	_, address := beside(t)
	for name, c := range map[string]struct{ address, want string }{
		"no address":     {"127.0.0.1:5432", "write postgres://"},
		"no URL":         {"postgres://postgres:hidden%@x/", "write postgres://"},
		"another server": {"mysql://root:hidden@127.0.0.1/x", "mysql://root:xxxxx@127.0.0.1/x lacks scheme, superuser or host; write postgres://"},
		"no superuser":   {"postgres://127.0.0.1/postgres", "lacks scheme, superuser or host"},
		"no password":    {strings.Replace(address, neturl.UserPassword("postgres", secret).String(), "postgres:hidden", 1), "password authentication failed"},
	} {
		_, err := pgserver.At(c.address)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}
