package controllers

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
)

// stuckAfter is how long one pass may take. A pass makes some hundred requests at
// most and each has a time-out, so one that takes longer hangs.
const stuckAfter = 3 * time.Minute

// Progress proves that passes end. Its Check is the operator's liveness.
type Progress struct {
	Now func() time.Time

	mu    sync.Mutex
	begun map[ctrl.Request]time.Time
}

func (p *Progress) begin(req ctrl.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.begun == nil {
		p.begun = map[ctrl.Request]time.Time{}
	}
	p.begun[req] = p.Now()
}

func (p *Progress) end(req ctrl.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.begun, req)
}

// Check fails when a pass has been under way for too long.
func (p *Progress) Check(*http.Request) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for req, since := range p.begun {
		if d := p.Now().Sub(since); d > stuckAfter {
			return fmt.Errorf("the pass for shop %s has been under way for %s", req.NamespacedName, d)
		}
	}
	return nil
}
