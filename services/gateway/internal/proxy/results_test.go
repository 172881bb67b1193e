package proxy_test

import (
	"strings"
	"sync"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
	"github.com/emporium-shop/emporium/services/gateway/internal/table"
)

// results is a proxy.Watcher that remembers.
type results struct {
	mu  sync.Mutex
	all []proxy.Result
}

func (r *results) Asked(table.Role, string, string, time.Time) proxy.Waiting { return nil }

func (r *results) Ended(result proxy.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, result)
}

func (r *results) last() proxy.Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) == 0 {
		return proxy.Result{}
	}
	return r.all[len(r.all)-1]
}

// safeBuffer is written by handlers and read by the test.
type safeBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
