// Package health answers the kubelet: is the process alive, has it begun, and
// may customers be sent to it.
package health

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Health is the state behind /livez, /startupz and /readyz.
type Health struct {
	// TableSynced tells whether the API was asked for the table once.
	TableSynced func() bool
	// HasTable tells whether there is a table to route by. One without a release is one: the
	// front door shows a page then, and somebody must show it. A replica without any must
	// not take the place of one that has the last good one.
	HasTable func() bool
	// Routable tells whether there is a release to route to. Nil, where nothing is
	// pinned: a shop without a release shows a page.
	Routable func() bool
	// Watches are what the replica must hear of.
	Watches []Watch
	// AccountUnknown tells whether the API said so when the report was last written.
	AccountUnknown func() bool
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

// Watch is one kind of object that is watched.
type Watch struct {
	Name string
	// Broken tells since when the API is asked in vain, and why; see follow.Follower.
	Broken func() (time.Time, error)
}

// accountLimit replaces StaleLimit where the API does not know the replica's account: its
// ServiceAccount was deleted and made anew. Then all replicas are refused at the same time,
// and none is cut off: the operator retires nothing before they have confirmed. The kubelet
// brings new credentials within the hour for which they are made out.
const accountLimit = time.Hour

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
	contact, limit := h.LastContact(), h.StaleLimit
	if h.AccountUnknown() {
		limit = accountLimit
	}
	checks := []check{
		{"table asked for", h.TableSynced()},
		{"endpoints known", h.EndpointsSynced()},
		{"report written", !contact.IsZero()},
		{fmt.Sprintf("API seen within %s", limit), h.Now().Sub(contact) <= limit},
		{"not draining", !h.Draining()},
	}
	for _, w := range h.Watches {
		checks = append(checks, check{w.Name + " watched", h.isWatched(w)})
	}
	return checks
}

// isWatched tells whether the replica hears of changes, or is deaf for a short time only.
func (h *Health) isWatched(w Watch) bool {
	since, err := w.Broken()
	limit := h.StaleLimit
	if apierrors.IsUnauthorized(err) {
		limit = accountLimit
	}
	return since.IsZero() || h.Now().Sub(since) <= limit
}

// lacking are the conditions that a restart would not bring about.
func (h *Health) lacking() []check {
	checks := []check{{"table to route by", h.HasTable()}}
	if h.Routable != nil {
		checks = append(checks, check{"release to route to", h.Routable()})
	}
	return checks
}

func all(checks []check) bool {
	for _, c := range checks {
		if !c.ok {
			return false
		}
	}
	return true
}

// Ready tells whether customers may be sent to this replica. A table or a release that is
// not there yet keeps it from being ready, not from having started: a restart of the
// container, which is what a failed start leads to, would not bring it.
func (h *Health) Ready() bool {
	if !all(h.checks()) {
		return false
	}
	h.started.Store(true)
	return all(h.lacking())
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
	for _, c := range append(h.checks(), h.lacking()...) {
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
