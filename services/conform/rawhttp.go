package conform

import (
	"io"
	"net"
	"time"
)

// exchangeAll sends bytes and reads until the service closes, or 5 s.
func exchangeAll(conn net.Conn, sent string) (string, error) {
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, sent); err != nil {
		return "", err
	}
	got, err := io.ReadAll(conn)
	return string(got), err
}
