package servicetest

import (
	"io"
	"net/http"
	"testing"
	"time"
)

// Eventually waits until something holds that others do: another goroutine, the
// database, a process. It is looked at every few milliseconds, for half a minute.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

// Whole is Send, with the whole body of the answer.
func (s *Service) Whole(t testing.TB, method, path, body string, header ...string) (*http.Response, []byte) {
	t.Helper()
	res := s.Send(t, method, path, body, header...)
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Errorf("reading the answer of %s %s: %v", method, path, err)
	}
	return res, text
}
