package controllers

import (
	"sync"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
)

// rejections remembers what the guard said of releases until their records do: the way back does not wait for a
// write of a record, and without it the release would be switched to again. An operator that dies before it could
// write it forgets it.
type rejections struct {
	mu   sync.Mutex
	kept map[ctrl.Request]map[string]observe.Rejection
}

// see puts what is remembered into what the planner sees, and forgets what records say by now.
func (r *rejections) see(req ctrl.Request, w *observe.World) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, said := range r.kept[req] {
		if rel := w.Releases[name]; rel == nil || rel.Annotations[v1alpha1.AnnotationRejected] != "" {
			delete(r.kept[req], name)
		} else {
			w.Reject(name, said)
		}
	}
}

// note remembers what a pass decided and could not write.
func (r *rejections) note(req ctrl.Request, w *observe.World, d *plan.Decision) {
	r.forgive(req, d.Forgiven)
	rel := w.Releases[d.Rejected]
	if rel == nil || rel.Annotations[v1alpha1.AnnotationRejected] != "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil {
		r.kept = map[ctrl.Request]map[string]observe.Rejection{}
	}
	if r.kept[req] == nil {
		r.kept[req] = map[string]observe.Rejection{}
	}
	r.kept[req][d.Rejected] = observe.Rejection{Verdict: d.Verdict, Services: d.RejectedServices}
}

// forgive forgets what somebody wants to be tried again.
func (r *rejections) forgive(req ctrl.Request, release string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.kept[req], release)
}

func (r *rejections) forget(req ctrl.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.kept, req)
}
