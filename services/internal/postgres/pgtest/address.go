package pgtest

import (
	"net"
	neturl "net/url"
	"path/filepath"
	"testing"
)

const socket = ".s.PGSQL.5432"

// Dialer returns what connects to the server of an address, for a test that stands between a process and PostgreSQL.
func Dialer(t testing.TB, url string) func() (net.Conn, error) {
	t.Helper()
	u := parse(t, url)
	if dir := u.Query().Get("host"); dir != "" {
		return func() (net.Conn, error) { return net.Dial("unix", filepath.Join(dir, socket)) }
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), "5432")
	}
	return func() (net.Conn, error) { return net.Dial("tcp", host) }
}

// Through returns the same address, but by way of a Unix socket in a folder, and listens there.
func Through(t testing.TB, url, dir string) (string, net.Listener) {
	t.Helper()
	u := parse(t, url)
	query := u.Query()
	query.Set("host", dir)
	u.Host, u.RawQuery = "", query.Encode()
	listener, err := net.Listen("unix", filepath.Join(dir, socket))
	if err != nil {
		t.Fatal(err)
	}
	return u.String(), listener
}

func parse(t testing.TB, url string) *neturl.URL {
	t.Helper()
	u, err := neturl.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
