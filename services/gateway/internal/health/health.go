// Package health answers the kubelet: is the process alive, has it begun, and
// may customers be sent to it.
package health

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Health is the state behind /livez, /startupz and /readyz.
type Health struct {
	// TableSynced tells whether the API was asked for the table once. Whether
	// there is one does not matter: without, the front door shows a page, and
	// somebody must show it.
	TableSynced func() bool
	// Routable tells whether there is a release to route to. Nil, where nothing is
	// pinned: a shop without a release shows a page.
	Routable func() bool
	// EndpointsSynced tells whether the pods of the services are known.
	EndpointsSynced func() bool
	// LastContact is when the API last answered; zero before it did.
	LastContact func() time.Time
	// StaleLimit is how long the replica may be without contact and still be
	// sent customers.
	StaleLimit time.Duration
	Now        func() time.Time

	draining atomic.Bool
	started  atomic.Bool
}

// Drain makes the replica not ready for good.
func (h *Health) Drain() { h.draining.Store(true) }

// Draining tells whether Drain was called.
func (h *Health) Draining() bool { return h.draining.Load() }

// check is one condition of being ready.
type check struct {
	name string
	ok   bool
}

func (h *Health) checks() []check {
	contact := h.LastContact()
	return []check{
		{"table asked for", h.TableSynced()},
		{"endpoints known", h.EndpointsSynced()},
		{"report written", !contact.IsZero()},
		{fmt.Sprintf("API seen within %s", h.StaleLimit), h.Now().Sub(contact) <= h.StaleLimit},
		{"not draining", !h.Draining()},
	}
}

// Ready tells whether customers may be sent to this replica. A release that is not in
// the table yet keeps it from being ready, not from having started: a restart of the
// container, which is what a failed start leads to, would bring no release.
func (h *Health) Ready() bool {
	for _, c := range h.checks() {
		if !c.ok {
			return false
		}
	}
	h.started.Store(true)
	return h.Routable == nil || h.Routable()
}

// Register adds the endpoints to a mux.
func (h *Health) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, true, "") })
	mux.HandleFunc("GET /startupz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, h.Ready() || h.started.Load(), "")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		parts := ""
		if r.URL.Query().Has("verbose") {
			parts = h.parts()
		}
		answer(w, h.Ready(), parts)
	})
}

func (h *Health) parts() string {
	var b strings.Builder
	checks := h.checks()
	if h.Routable != nil {
		checks = append(checks, check{"release to route to", h.Routable()})
	}
	for _, c := range checks {
		mark := map[bool]string{true: "+", false: "-"}[c.ok]
		fmt.Fprintf(&b, "[%s] %s\n", mark, c.name)
	}
	return b.String()
}

func answer(w http.ResponseWriter, ok bool, parts string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	verdict := "ok\n"
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
		verdict = "not ok\n"
	}
	_, _ = fmt.Fprint(w, parts, verdict) // the kubelet is gone; there is nobody to tell
}
