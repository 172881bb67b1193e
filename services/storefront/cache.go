// What many pages share and can do without: categories, related products.
package storefront

import (
	"context"
	"sync"
	"time"

	"github.com/emporium-shop/emporium/services/internal/app"
)

const (
	// partFresh is for how long pages share an answer, coverFresh the same for the
	// front page's pictures.
	partFresh  = 5 * time.Second
	coverFresh = time.Minute
	// breather is how long nobody asks again who does not wait for an answer, after there was none.
	breather = time.Second
	// askPatience ends a question that no page waits for any more.
	askPatience = 2 * time.Second
	// mostKept bounds the answers that one cache holds. Keys are categories of
	// catalog's own; the bound is for a catalog that has very many.
	mostKept = 256
)

// partPatience is how long a page waits for a part that it can do without. Tests have machines that do a lot else.
var partPatience = 250 * time.Millisecond

// kept asks at most once at a time for each key, shares the answer for as long as
// it is fresh, and falls back on an old one when the other service is away.
type kept[T any] struct {
	ask      func(ctx context.Context, key string) (T, error)
	fresh    time.Duration
	patience time.Duration

	mu      sync.Mutex
	entries map[string]*entry[T]
}

type entry[T any] struct {
	value T
	at    time.Time
	have  bool
	// failed is when nobody answered last.
	failed time.Time
	// asked is closed when the question under way is answered; nil: none is.
	asked chan struct{}
}

func keep[T any](fresh time.Duration, ask func(context.Context, string) (T, error)) *kept[T] {
	return &kept[T]{ask: ask, fresh: fresh, patience: partPatience, entries: map[string]*entry[T]{}}
}

// get is the answer, and whether there is one.
func (k *kept[T]) get(ctx context.Context, key string) (T, bool) {
	e, asked := k.begin(ctx, key)
	if asked != nil {
		wait, cancel := context.WithTimeout(ctx, k.patience)
		defer cancel()
		select {
		case <-asked:
		case <-wait.Done():
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return e.value, e.have
}

// latest is the last answer, however old, and whether there is one. It waits for nothing: who needs it next has the newer one.
func (k *kept[T]) latest(ctx context.Context, key string) (T, bool) {
	if !k.justFailed(key) {
		k.begin(ctx, key)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if e := k.entries[key]; e != nil {
		return e.value, e.have
	}
	var none T
	return none, false
}

// justFailed tells whether a question failed a moment ago. Who does not wait for an answer need not ask at the rate of pages.
func (k *kept[T]) justFailed(key string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.entries[key]
	return e != nil && time.Since(e.failed) < breather
}

// begin sees that a question is under way unless the answer is fresh, and returns
// what to wait for.
func (k *kept[T]) begin(ctx context.Context, key string) (*entry[T], <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.entries[key]
	if e == nil {
		if len(k.entries) >= mostKept {
			clear(k.entries)
		}
		e = &entry[T]{}
		k.entries[key] = e
	}
	if e.have && time.Since(e.at) < k.fresh {
		return e, nil
	}
	if e.asked == nil {
		e.asked = make(chan struct{})
		// The visitor who asked first may leave: others wait for the same answer.
		app.Go(context.WithoutCancel(ctx), "what pages share", func(ctx context.Context) error { return k.refresh(ctx, key, e) })
	}
	return e, e.asked
}

func (k *kept[T]) refresh(ctx context.Context, key string, e *entry[T]) error {
	ctx, cancel := context.WithTimeout(ctx, max(askPatience, k.patience))
	defer cancel()
	defer func() { // also when the question panics
		k.mu.Lock()
		defer k.mu.Unlock()
		close(e.asked)
		e.asked = nil
	}()
	value, err := k.ask(ctx, key)
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		e.failed = time.Now()
		return err
	}
	e.value, e.at, e.have = value, time.Now(), true
	return nil
}
