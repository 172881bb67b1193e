package cluster

import (
	"time"

	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// informer is the watch of one kind. It is synced from the start, and calls its handlers in
// the order of the changes, in the goroutine of who made them.
type informer struct {
	cache    *Cache
	kind     string
	metadata bool
	handlers []cache.ResourceEventHandler
}

func (c *Cache) informer(kind string, metadata bool) *informer {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.watches {
		if w.kind == kind && w.metadata == metadata {
			return w
		}
	}
	w := &informer{cache: c, kind: kind, metadata: metadata}
	c.watches = append(c.watches, w)
	return w
}

func (i *informer) shown(o client.Object) client.Object {
	if o == nil || !i.metadata {
		return o
	}
	return metadataOf(o)
}

func (i *informer) add(h cache.ResourceEventHandler) (cache.ResourceEventHandlerRegistration, error) {
	i.cache.mu.Lock()
	defer i.cache.mu.Unlock()
	i.handlers = append(i.handlers, h)
	return i, nil
}

// AddEventHandler implements cache.Informer.
func (i *informer) AddEventHandler(h cache.ResourceEventHandler) (cache.ResourceEventHandlerRegistration, error) {
	return i.add(h)
}

// AddEventHandlerWithResyncPeriod implements cache.Informer.
func (i *informer) AddEventHandlerWithResyncPeriod(h cache.ResourceEventHandler, _ time.Duration) (cache.ResourceEventHandlerRegistration, error) {
	return i.add(h)
}

// AddEventHandlerWithOptions implements cache.Informer.
func (i *informer) AddEventHandlerWithOptions(h cache.ResourceEventHandler, _ cache.HandlerOptions) (cache.ResourceEventHandlerRegistration, error) {
	return i.add(h)
}

// RemoveEventHandler implements cache.Informer.
func (i *informer) RemoveEventHandler(cache.ResourceEventHandlerRegistration) error { return nil }

// AddIndexers implements cache.Informer.
func (i *informer) AddIndexers(cache.Indexers) error { return nil }

// HasSynced implements cache.Informer.
func (i *informer) HasSynced() bool { return true }

// HasSyncedChecker implements cache.Informer.
func (i *informer) HasSyncedChecker() cache.DoneChecker { return i }

// IsStopped implements cache.Informer.
func (i *informer) IsStopped() bool { return false }

// Name implements cache.DoneChecker.
func (i *informer) Name() string { return i.kind }

// Done implements cache.DoneChecker.
func (i *informer) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}
