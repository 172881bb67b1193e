package proxy_test

import (
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
