package controllers

import (
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

// Mere progress ("7 of 20 ready") is written after firstProgress, and from then on ever
// more rarely, down to once in slowestProgress: each time it costs a write of the Shop and
// one of the ShopRelease. Every transition is written at once.
const (
	firstProgress   = 5 * time.Second
	slowestProgress = 20 * time.Second
)

// releasingTold is how long a service whose spec changed goes on being what it was: a release that
// switches within it costs each of its services one write, not two. Its status.observedGeneration
// says all the while that its conditions are of the spec before, so `kubectl wait` waits.
const releasingTold = 15 * time.Second

// pace keeps the number of status writes of a release small: a stack of 20 services
// gets ready in dozens of steps, each of which wakes the operator.
type pace struct {
	mu   sync.Mutex
	last map[client.ObjectKey]told
}

// told is when a status was written, and for how long progress is not written after it.
type told struct {
	at    time.Time
	quiet time.Duration
}

// tooSoon tells whether only progress would be written, and it was a moment ago. It
// then shortens the time to the next pass, so that the last step is never left out.
func (p *pace) tooSoon(shop *v1alpha1.Shop, after *v1alpha1.ShopStatus, d *plan.Decision, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		p.last = map[client.ObjectKey]told{}
	}
	key := client.ObjectKeyFromObject(shop)
	last, quiet := p.last[key], firstProgress
	if d.Cut && (d.Reason == v1alpha1.ReasonStarting || d.Reason == v1alpha1.ReasonInstalling) { // the release that was just written wakes the operator, which then has more to say
		d.Wake = sooner(d.Wake, firstProgress)
		return sameStates(shop.Status.Conditions, after.Conditions)
	}
	if onlyProgress(shop, d) && sameStates(shop.Status.Conditions, after.Conditions) {
		if wait := last.at.Add(last.quiet).Sub(now); wait > 0 {
			d.Wake = sooner(d.Wake, wait)
			return true
		}
		quiet = min(max(2*last.quiet, firstProgress), slowestProgress)
	}
	p.last[key] = told{now, quiet}
	return false
}

// early tells whether all that would be written of a service is that a release with its change is on
// its way, and that began a moment ago. It then shortens the time to the next pass.
func early(svc *v1alpha1.ShopService, after []metav1.Condition, unserved, now time.Time, d *plan.Decision) bool {
	was := meta.FindStatusCondition(svc.Status.Conditions, string(v1alpha1.ConditionReady))
	is := meta.FindStatusCondition(after, string(v1alpha1.ConditionReady))
	if was == nil || was.Status != metav1.ConditionTrue || is == nil || is.Reason != string(v1alpha1.ReasonReleasing) ||
		svc.Status.ObservedGeneration == svc.Generation {
		return false
	}
	wait := unserved.Add(releasingTold).Sub(now)
	if wait > 0 {
		d.Wake = sooner(d.Wake, wait)
	}
	return wait > 0
}

func (p *pace) forget(key client.ObjectKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.last, key)
}

// onlyProgress: what was reported last is the same but for how far it got.
func onlyProgress(shop *v1alpha1.Shop, d *plan.Decision) bool {
	s := shop.Status
	c := meta.FindStatusCondition(s.Conditions, string(v1alpha1.ConditionReady))
	switch d.Reason {
	case v1alpha1.ReasonSettling, v1alpha1.ReasonInstalling, v1alpha1.ReasonStarting, v1alpha1.ReasonMigrating, v1alpha1.ReasonChecking,
		v1alpha1.ReasonSwitching, v1alpha1.ReasonDegraded:
	default:
		return false
	}
	return c != nil && c.Reason == string(d.Reason) && s.ObservedGeneration == shop.Generation &&
		name(s.Candidate) == d.Candidate && name(s.Active) == d.Table.Active
}

// sameStates tells whether no condition changes between true and false, comes or goes.
func sameStates(a, b []metav1.Condition) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(c metav1.Condition) bool {
		now := meta.FindStatusCondition(b, c.Type)
		return now == nil || now.Status != c.Status
	})
}

func name(r *v1alpha1.ReleaseRef) string {
	if r == nil {
		return ""
	}
	return r.Release
}
