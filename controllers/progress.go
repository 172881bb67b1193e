package controllers

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
)

// stuckAfter is how long a pass may go without an answer from the API server. A long pass is
// not stuck: with many shops and a slow API server one takes minutes, and killing the
// operator would only make it begin again.
const stuckAfter = 3 * time.Minute

// Progress proves that passes get on. Its Check is the operator's liveness.
type Progress struct {
	Now func() time.Time

	mu    sync.Mutex
	under map[ctrl.Request]*pass
}

// pass is one pass that is under way.
type pass struct {
	begun, answered time.Time
}

type passKey struct{}

// begin remembers a pass. The requests made with the context that it returns count as its own.
func (p *Progress) begin(ctx context.Context, req ctrl.Request) context.Context {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.under == nil {
		p.under = map[ctrl.Request]*pass{}
	}
	now := p.Now()
	p.under[req] = &pass{begun: now, answered: now}
	return context.WithValue(ctx, passKey{}, p.under[req])
}

func (p *Progress) end(req ctrl.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.under, req)
}

// Check fails when a pass has got no answer for too long.
func (p *Progress) Check(*http.Request) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.Now()
	for req, of := range p.under {
		if d := now.Sub(of.answered); d > stuckAfter {
			return fmt.Errorf("the pass for shop %s has been under way for %s, and without an answer from the API server for %s",
				req.NamespacedName, now.Sub(of.begun), d)
		}
	}
	return nil
}

// Transport counts the answers that passes get. An error of the network is none.
func (p *Progress) Transport(next http.RoundTripper) http.RoundTripper {
	return &counting{progress: p, next: next}
}

type counting struct {
	progress *Progress
	next     http.RoundTripper
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := c.next.RoundTrip(r)
	if of, ok := r.Context().Value(passKey{}).(*pass); ok && err == nil {
		c.progress.mu.Lock()
		of.answered = c.progress.Now()
		c.progress.mu.Unlock()
	}
	return res, err
}

// WrappedRoundTripper lets client-go cancel requests of the transport below.
func (c *counting) WrappedRoundTripper() http.RoundTripper { return c.next }
