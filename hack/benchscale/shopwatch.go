package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// shopWatch follows the statuses of all shops, and remembers when each came to its release.
type shopWatch struct {
	layout

	mu    sync.Mutex
	shops map[place]seen
}

// seen is what a shop says.
type seen struct {
	release string
	since   time.Time
	reason  v1alpha1.Reason
}

func watchShops(ctx context.Context, s *server, y layout) (*shopWatch, error) {
	w := &shopWatch{layout: y, shops: map[place]seen{}}
	shops, err := cache.New(s.config, cache.Options{Scheme: s.scheme})
	if err != nil {
		return nil, fmt.Errorf("watching the shops: %w", err)
	}
	informer, err := shops.GetInformer(ctx, &v1alpha1.Shop{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("watching the shops: %w", err)
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: w.see, UpdateFunc: func(_, o any) { w.see(o) },
	})
	if err != nil {
		return nil, fmt.Errorf("watching the shops: %w", err)
	}
	go func() { _ = shops.Start(ctx) }() // it ends with the context
	if !shops.WaitForCacheSync(ctx) {
		return nil, fmt.Errorf("watching the shops: %w", context.Cause(ctx))
	}
	return w, nil
}

func (w *shopWatch) see(o any) {
	shop, ok := o.(*v1alpha1.Shop)
	if !ok {
		return
	}
	now := seen{since: time.Now()}
	// Confirmed by the front door, not merely written.
	if last := shop.Status.LastSwitch; last != nil && last.ConfirmMillis != nil {
		now.release = last.To
	}
	for _, c := range shop.Status.Conditions {
		if c.Type == string(v1alpha1.ConditionReady) {
			now.reason = v1alpha1.Reason(c.Reason)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	at := place{shop.Namespace, shop.Name}
	if was := w.shops[at]; was.release == now.release {
		now.since = was.since
	}
	w.shops[at] = now
}

// all returns what the shops from..to say.
func (w *shopWatch) all(from, to int) map[place]seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[place]seen{}
	for i := from; i <= to; i++ {
		out[w.place(i)] = w.shops[w.place(i)]
	}
	return out
}

// at returns what one shop says.
func (w *shopWatch) at(p place) seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.shops[p]
}

// await waits until every shop says what is asked for, and tells which do not when the time is over.
func (w *shopWatch) await(ctx context.Context, from, to int, is func(at place, now seen) bool) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		missing, example := 0, ""
		for at, now := range w.all(from, to) {
			if !is(at, now) {
				missing, example = missing+1, fmt.Sprintf("%s/%s is %s with %q", at.namespace, at.shop, now.reason, now.release)
			}
		}
		if missing == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %d shops: %w; %s", missing, context.Cause(ctx), example)
		case <-tick.C:
		}
	}
}
