package report

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

const (
	// mostRarely is how long nothing is written while nothing changes: at a thousand shops the renewals are most of what the API
	// server has to do, and nobody but the limit of renewal asks for them.
	mostRarely = 30 * time.Second
	// writeLimit bounds one write: a lost connection must not hold up the next attempt.
	writeLimit = 3 * time.Second
	// firstPause and longestPause bound the wait after a failed write. It stays
	// short: a switch waits for this report.
	firstPause   = 50 * time.Millisecond
	longestPause = 2 * time.Second
)

// Reporter keeps the Lease true.
type Reporter struct {
	// RenewEvery is the time between two reports while nothing changes. 30 seconds
	// unless it is set before Run.
	RenewEvery time.Duration

	leases  Leases
	id      Identity
	current func() frontdoor.Report
	now     func() time.Time
	log     *slog.Logger

	changed chan struct{}
	contact atomic.Pointer[time.Time]
	// unknown: the API did not know this replica's account when it was last asked.
	unknown atomic.Bool
}

// New returns a Reporter of what current returns; now is the clock of renewTime
// and of LastContact.
func New(leases Leases, id Identity, current func() frontdoor.Report, now func() time.Time, log *slog.Logger) *Reporter {
	return &Reporter{RenewEvery: mostRarely, leases: leases, id: id, current: current, now: now, log: log, changed: make(chan struct{}, 1)}
}

// Changed asks for a report at once. It never waits; several calls while one
// report is being written make one more.
func (r *Reporter) Changed() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// LastContact returns when the API last took a report; zero before the first.
func (r *Reporter) LastContact() time.Time {
	if at := r.contact.Load(); at != nil {
		return *at
	}
	return time.Time{}
}

// RenewEvery is how often a replica reports that may be without the API for a time: often enough for two failed
// renewals within it, and every 30 seconds at the least.
func RenewEvery(staleLimit time.Duration) time.Duration { return min(staleLimit/3, mostRarely) }

// Run reports until ctx ends: at once, on every change, and each RenewEvery.
func (r *Reporter) Run(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		wait := r.RenewEvery
		if r.report(ctx) {
			pause = firstPause
		} else {
			wait, pause = pause, min(2*pause, longestPause)
		}
		r.rest(ctx, wait)
	}
}

func (r *Reporter) rest(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-r.changed:
	case <-timer.C:
	}
}

func (r *Reporter) report(ctx context.Context) bool {
	limited, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	began := r.now()
	if err := write(limited, r.leases, r.id.lease(r.current(), began, r.RenewEvery)); err != nil {
		r.notice(err)
		if ctx.Err() == nil {
			r.log.Warn("Reporting the routing table failed, trying again", "lease", r.id.Pod, "error", err)
		}
		return false
	}
	// The contact is as old as the question: what the API knew when it was asked.
	r.contact.Store(&began)
	r.unknown.Store(false)
	return true
}

// AccountUnknown tells whether the API answered the last report that it does not know who
// this is: the account was deleted, or made anew.
func (r *Reporter) AccountUnknown() bool { return r.unknown.Load() }

func (r *Reporter) notice(err error) {
	unknown := apierrors.IsUnauthorized(err)
	if unknown && !r.unknown.Load() {
		r.log.Error("The API does not know this replica's account any more: it was deleted, or made anew. Routing goes on by the last table; "+
			"new pods of the front door get a new account", "error", err)
	}
	r.unknown.Store(unknown)
}
