package console

import (
	"context"
	"errors"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Times of a hub.
const (
	coalesce  = 250 * time.Millisecond
	linger    = 30 * time.Second
	firstWait = time.Second
	mostWait  = 30 * time.Second
	// mostReaders of one watch: tabs of one person.
	mostReaders = 256
)

var errTooMany = errors.New("too many pages of yours are open: close some")

// hub shares watches: one of each person and namespace, whatever number of pages is open. It ends a while after the last
// reader, so that a page that is loaded anew finds it.
type hub struct {
	mu     sync.Mutex
	all    map[hubKey]*watching
	closed bool
	done   sync.WaitGroup
}

type hubKey struct {
	who       *identity
	namespace string
}

// watching is one watch with its readers.
type watching struct {
	cancel  context.CancelFunc
	readers map[*reader]struct{}
	pending *time.Timer // until readers are told of a change
	idle    *time.Timer // until it ends
}

// reader is one stream. changed has room for one: more changes before the page is fetched again are the same news.
type reader struct {
	changed chan struct{}
	// out is closed when the API server does not know the person any more.
	out chan struct{}
}

func newHub() *hub { return &hub{all: map[hubKey]*watching{}} }

// join begins to read; leave has to be called once.
func (h *hub) join(who *identity, namespace string) (r *reader, leave func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := hubKey{who, namespace}
	w := h.all[key]
	switch {
	case h.closed:
		return nil, nil, context.Canceled
	case w == nil:
		w = h.begin(key)
	case len(w.readers) >= mostReaders:
		return nil, nil, errTooMany
	}
	if w.idle != nil {
		w.idle.Stop()
		w.idle = nil
	}
	r = &reader{changed: make(chan struct{}, 1), out: make(chan struct{})}
	w.readers[r] = struct{}{}
	return r, func() { h.leave(key, w, r) }, nil
}

func (h *hub) leave(key hubKey, w *watching, r *reader) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(w.readers, r)
	if len(w.readers) == 0 && h.all[key] == w {
		w.idle = time.AfterFunc(linger, func() { h.endIdle(key, w) })
	}
}

func (h *hub) endIdle(key hubKey, w *watching) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(w.readers) == 0 && h.all[key] == w {
		h.end(key, w)
	}
}

// begin starts a watch. h.mu is held, here and in what follows.
func (h *hub) begin(key hubKey) *watching {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watching{cancel: cancel, readers: map[*reader]struct{}{}}
	h.all[key] = w
	h.done.Go(func() { h.run(ctx, key, w) })
	return w
}

func (h *hub) end(key hubKey, w *watching) {
	delete(h.all, key)
	w.cancel()
	for _, t := range []*time.Timer{w.pending, w.idle} {
		if t != nil {
			t.Stop()
		}
	}
}

// run watches until it is ended, again and again: a watch ends by itself after minutes. Who was signed out is told, and
// nothing is asked in their name any more.
func (h *hub) run(ctx context.Context, key hubKey, w *watching) {
	for wait := firstWait; ctx.Err() == nil; wait = min(2*wait, mostWait) {
		err := key.who.person.Watch(ctx, key.namespace, func() { h.changed(w); wait = firstWait })
		if apierrors.IsUnauthorized(err) {
			h.signOut(key, w)
			return
		}
		pause(ctx, wait)
	}
}

func pause(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-ctx.Done()
}

// changed tells the readers a moment later, of all that happens until then.
func (h *hub) changed(w *watching) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w.pending == nil {
		w.pending = time.AfterFunc(coalesce, func() { h.tell(w) })
	}
}

func (h *hub) tell(w *watching) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w.pending = nil
	for r := range w.readers {
		select {
		case r.changed <- struct{}{}:
		default:
		}
	}
}

func (h *hub) signOut(key hubKey, w *watching) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for r := range w.readers {
		close(r.out)
	}
	w.readers = map[*reader]struct{}{}
	h.end(key, w)
}

// close ends all watches, and waits for them.
func (h *hub) close() {
	h.mu.Lock()
	h.closed = true
	for key, w := range h.all {
		h.end(key, w)
	}
	h.mu.Unlock()
	h.done.Wait()
}
