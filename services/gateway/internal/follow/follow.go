// Package follow keeps a store up with one selection of API objects: the first
// read is consistent, every later change arrives by watch, and a lost
// connection is taken up again within seconds.
package follow

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// Client lists and watches objects of one kind; typed clients are such.
type Client[L runtime.Object] interface {
	List(context.Context, metav1.ListOptions) (L, error)
	Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
}

// Store takes what is seen. Its calls come one at a time.
type Store[T any] interface {
	// Replace takes all objects there are.
	Replace([]T)
	Set(T)
	Delete(T)
}

// Follower feeds a Store.
type Follower struct {
	reflector *cache.Reflector
	synced    *atomic.Bool
	contact   *contact
}

// Selection says which objects are followed: a label or a field selector.
type Selection struct{ Labels, Fields string }

// New returns a Follower of the selected objects; example tells their kind, and now is the
// clock of Broken.
func New[L runtime.Object, T runtime.Object](client Client[L], sel Selection, example T, store Store[T], now func() time.Time) *Follower {
	synced, contact := &atomic.Bool{}, &contact{now: now}
	lw := cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			list, err := client.List(ctx, sel.on(o))
			if err != nil {
				contact.lost(err)
			}
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			stream, err := client.Watch(ctx, sel.on(o))
			if err != nil {
				contact.lost(err)
				return nil, err
			}
			contact.found()
			return stream, nil
		},
	}, client)
	return &Follower{
		reflector: cache.NewReflectorWithOptions(lw, example, &adapter[T]{store, synced}, options(fmt.Sprintf("%T", example))),
		synced:    synced,
		contact:   contact,
	}
}

// Run follows until ctx ends.
func (f *Follower) Run(ctx context.Context) { f.reflector.RunWithContext(ctx) }

// Synced tells whether all objects have been seen once.
func (f *Follower) Synced() bool { return f.synced.Load() }

// Broken tells since when the API is asked in vain, and why; the time is zero while a watch
// stands.
func (f *Follower) Broken() (since time.Time, err error) { return f.contact.broken() }

// on adds the selection. It also asks for a consistent read where the reflector
// would accept any age ("0"): a replica that starts on an old table would send
// customers to a release that everybody else has left.
func (s Selection) on(o metav1.ListOptions) metav1.ListOptions {
	o.LabelSelector, o.FieldSelector = s.Labels, s.Fields
	if o.ResourceVersion == "0" {
		o.ResourceVersion, o.ResourceVersionMatch = "", ""
	}
	return o
}

// options bound the wait between attempts to 2 s, where the default is 30 s: a
// switch waits for every replica, and two objects a replica cost the API little.
func options(name string) cache.ReflectorOptions {
	return cache.ReflectorOptions{
		Name:    name,
		Backoff: &wait.Backoff{Duration: 50 * time.Millisecond, Factor: 2, Jitter: 0.5, Steps: 8, Cap: 2 * time.Second},
	}
}

// adapter gives a Store the reflector's shape.
type adapter[T any] struct {
	store  Store[T]
	synced *atomic.Bool
}

func (a *adapter[T]) Add(obj any) error    { return a.each(obj, a.store.Set) }
func (a *adapter[T]) Update(obj any) error { return a.each(obj, a.store.Set) }
func (a *adapter[T]) Delete(obj any) error { return a.each(obj, a.store.Delete) }
func (a *adapter[T]) Resync() error        { return nil }

func (a *adapter[T]) Replace(objs []any, _ string) error {
	all := make([]T, 0, len(objs))
	for _, obj := range objs {
		if t, ok := obj.(T); ok {
			all = append(all, t)
		}
	}
	a.store.Replace(all)
	a.synced.Store(true)
	return nil
}

func (a *adapter[T]) each(obj any, do func(T)) error {
	t, ok := obj.(T)
	if !ok {
		return fmt.Errorf("taking a watched object: got %T", obj)
	}
	do(t)
	return nil
}
