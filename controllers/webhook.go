package controllers

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/apply"
)

// mostCalls bounds the calls that are still to be written down. One that is lost costs an interval.
const mostCalls = 1024

// Webhook lets the replica that leads look at a source whose Git host called, whichever replica was called: the call is
// written down in an annotation of the source.
type Webhook struct {
	// Cache holds ShopSources.
	Cache  client.Reader
	Writer *apply.Writer
	Now    func() time.Time

	once  sync.Once
	calls chan types.NamespacedName
}

func (h *Webhook) queue() chan types.NamespacedName {
	h.once.Do(func() { h.calls = make(chan types.NamespacedName, mostCalls) })
	return h.calls
}

// Look notes a call. It never waits.
func (h *Webhook) Look(of types.NamespacedName) {
	select {
	case h.queue() <- of:
	default: // Git is asked at the next interval
	}
}

// Start writes down calls until ctx ends.
func (h *Webhook) Start(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case of := <-h.queue():
			if err := h.note(ctx, of); err != nil {
				log.FromContext(ctx).Error(err, "noting a call of a Git host", "source", of)
			}
		}
	}
}

// NeedLeaderElection is false: each replica takes calls.
func (h *Webhook) NeedLeaderElection() bool { return false }

func (h *Webhook) note(ctx context.Context, of types.NamespacedName) error {
	var s v1alpha1.ShopSource
	if err := h.Cache.Get(ctx, of, &s); err != nil {
		return client.IgnoreNotFound(err)
	}
	return h.Writer.Requested(ctx, &s, h.Now().UTC().Format(time.RFC3339))
}
