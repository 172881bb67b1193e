package browser

import (
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// root is the folder of this repository.
const root = "../../.."

// hasJava tells whether this machine can compile and run the service in Java.
func hasJava(t *testing.T) bool {
	t.Helper()
	missing, err := exec.CommandContext(t.Context(), root+"/hack/javatest.sh", "missing").Output()
	if why := strings.TrimSpace(string(missing)); err != nil || why != "" {
		t.Logf("LEFT OUT: %s (%v), so the pages are looked at without wish lists", why, err)
		return false
	}
	return true
}

// wishlists is the service in Java, compiled from this repository.
func wishlists(t *testing.T, told ...string) foreign {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), root+"/hack/javatest.sh", "build", "wishlists").CombinedOutput(); err != nil {
		t.Fatalf("compiling wishlists: %v\n%s", err, out)
	}
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	folder := top + "/services/wishlists"
	command := []string{"java", "@" + folder + "/java.options", "-Dshop.folder=" + folder, "-cp", top + "/bin/java/wishlists:/usr/share/java/postgresql.jar", "wishlists.Main"}
	return foreign{"wishlists", command, folder, has(append(told, "DATABASE_URL="+byTCP(t, pgtest.Empty(t, postgres.Schema{Name: "wishlists"})))...)}
}

// byTCP is the address of a database for who knows no Unix sockets: Java.
func byTCP(t *testing.T, database string) string {
	t.Helper()
	dial := pgtest.Dialer(t, database)
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed below
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			one, err := listener.Accept()
			if err != nil {
				return // the test ended
			}
			go passOn(one, dial)
		}
	}()
	before, _, _ := strings.Cut(database, "?")
	user, name, _ := strings.Cut(before, "@")
	return user + "@" + listener.Addr().String() + name[strings.IndexByte(name, '/'):] + "?sslmode=disable"
}

// passOn connects two sides until one of them ends.
func passOn(one net.Conn, dial func() (net.Conn, error)) {
	defer one.Close()
	other, err := dial()
	if err != nil {
		return
	}
	defer other.Close()
	go func() {
		defer other.Close()
		_, _ = io.Copy(other, one) // ends with the connection
	}()
	_, _ = io.Copy(one, other)
}
