package cluster

import (
	"context"
	"fmt"
	"slices"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Cache sees the store as an informer does: kind by kind, what its options select, and
// each kind as late as Delay says. It plays cache.Cache, so that the operator's own watches,
// predicates and mappers hang at it.
type Cache struct {
	Store *Store
	// Delay is in how many steps a change of a kind is seen; nil: at once, also within a pass.
	Delay func(kind string) int
	// Deaf is a kind of which nobody hears; it is read all the same.
	Deaf string
	// Shuffle orders lists, as a real cache orders them by chance; nil: by name.
	Shuffle func([]client.Object)

	options cache.Options
	mu      sync.Mutex
	step    int
	due     []delayed
	read    int // position in the store's events
	objects map[Key]client.Object
	watches []*informer
	indexes map[string]indexes
}

type delayed struct {
	event
	at int
}

var _ cache.Cache = &Cache{}

// NewCache returns a cache that has seen all there is.
func NewCache(s *Store, o cache.Options) *Cache {
	c := &Cache{Store: s, options: o, objects: map[Key]client.Object{}, indexes: map[string]indexes{}}
	s.mu.Lock()
	for key, o := range s.objects {
		if c.holds(o.Object) {
			c.objects[key] = c.transformed(c.transformed(o.Object)) // as client-go does where it begins with a stream
		}
	}
	c.read = s.dropped + len(s.events)
	s.mu.Unlock()
	s.onChange(c.take)
	return c
}

// Step lets a step pass, and shows what is due.
func (c *Cache) Step() {
	c.mu.Lock()
	c.step++
	c.mu.Unlock()
	c.take()
}

// Pending tells whether there are changes that were not seen yet.
func (c *Cache) Pending() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.due) > 0
}

// take reads what is new, and hands on what is due.
func (c *Cache) take() {
	c.mu.Lock()
	var news []event
	news, c.read = c.Store.eventsAfter(c.read)
	for _, e := range news {
		at := c.step
		if c.Delay != nil {
			at += c.Delay(e.key.Kind)
		}
		for _, d := range c.due { // never before an older change of its kind
			if d.key.Kind == e.key.Kind {
				at = max(at, d.at)
			}
		}
		c.due = append(c.due, delayed{e, at})
	}
	var calls []func()
	c.due = slices.DeleteFunc(c.due, func(d delayed) bool {
		if d.at > c.step {
			return false
		}
		calls = append(calls, c.see(d.event)...)
		return true
	})
	c.mu.Unlock()
	for _, call := range calls {
		call()
	}
}

// see takes one change into the cache, and returns the calls of its watchers.
func (c *Cache) see(e event) (calls []func()) {
	before := c.objects[e.key]
	var after client.Object
	if e.after != nil && c.holds(e.after) {
		after = c.transformed(e.after)
		c.objects[e.key] = after
	} else {
		delete(c.objects, e.key)
	}
	for _, w := range c.watches {
		if w.kind != e.key.Kind || w.kind == c.Deaf {
			continue
		}
		for _, h := range w.handlers {
			if call := handle(h, w.shown(before), w.shown(after)); call != nil {
				calls = append(calls, call)
			}
		}
	}
	return calls
}

func handle(h toolscache.ResourceEventHandler, before, after client.Object) func() {
	switch {
	case before == nil && after == nil:
		return nil
	case before == nil:
		return func() { h.OnAdd(after, false) }
	case after == nil:
		return func() { h.OnDelete(before) }
	}
	return func() { h.OnUpdate(before, after) }
}

func (c *Cache) by(o client.Object) (labels.Selector, toolscache.TransformFunc) {
	selector, transform := c.options.DefaultLabelSelector, c.options.DefaultTransform
	for kind, by := range c.options.ByObject {
		gvk, err := kindOf(kind)
		if err != nil || gvk.Kind != o.GetObjectKind().GroupVersionKind().Kind {
			continue
		}
		if by.Label != nil {
			selector = by.Label
		}
		if by.Transform != nil {
			transform = by.Transform
		}
	}
	return selector, transform
}

func (c *Cache) holds(o client.Object) bool {
	selector, _ := c.by(o)
	_, all := c.options.DefaultNamespaces[cache.AllNamespaces]
	_, one := c.options.DefaultNamespaces[o.GetNamespace()]
	return (selector == nil || selector.Matches(labelsOf(o))) && (len(c.options.DefaultNamespaces) == 0 || all || one)
}

func (c *Cache) transformed(o client.Object) client.Object {
	_, transform := c.by(o)
	if transform == nil {
		return o
	}
	out, err := transform(o.DeepCopyObject())
	if err != nil {
		panic(fmt.Sprintf("transforming %T for a cache: %v", o, err))
	}
	return out.(client.Object)
}

// Get implements client.Reader.
func (c *Cache) Get(_ context.Context, key client.ObjectKey, out client.Object, _ ...client.GetOption) error {
	gvk, err := kindOf(out)
	if err != nil {
		return err
	}
	k := Key{gvk.Kind, key.Namespace, key.Name}
	c.mu.Lock()
	o := c.objects[k]
	c.mu.Unlock()
	if o == nil {
		return apierrors.NewNotFound(k.resource(), key.Name)
	}
	return fill(out, o)
}

// List implements client.Reader.
func (c *Cache) List(_ context.Context, list client.ObjectList, opts ...client.ListOption) error {
	gvk, err := kindOf(list)
	if err != nil {
		return err
	}
	c.mu.Lock()
	var all []client.Object
	for key, o := range c.objects {
		if key.Kind == gvk.Kind {
			all = append(all, o)
		}
	}
	index := c.indexes[gvk.Kind]
	c.mu.Unlock()
	slices.SortFunc(all, byName)
	if c.Shuffle != nil {
		c.Shuffle(all)
	}
	return fillList(list, all, index, opts)
}

// IndexField implements client.FieldIndexer.
func (c *Cache) IndexField(_ context.Context, o client.Object, field string, extract client.IndexerFunc) error {
	gvk, err := kindOf(o)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.indexes[gvk.Kind] == nil {
		c.indexes[gvk.Kind] = indexes{}
	}
	c.indexes[gvk.Kind][field] = extract
	return nil
}

// GetInformer implements cache.Informers.
func (c *Cache) GetInformer(_ context.Context, o client.Object, _ ...cache.InformerGetOption) (cache.Informer, error) {
	gvk, err := kindOf(o)
	if err != nil {
		return nil, err
	}
	_, metadata := o.(*metav1.PartialObjectMetadata)
	return c.informer(gvk.Kind, metadata), nil
}

// GetInformerForKind implements cache.Informers.
func (c *Cache) GetInformerForKind(_ context.Context, gvk schema.GroupVersionKind, _ ...cache.InformerGetOption) (cache.Informer, error) {
	return c.informer(gvk.Kind, false), nil
}

// RemoveInformer implements cache.Informers.
func (c *Cache) RemoveInformer(context.Context, client.Object) error { return nil }

// Start implements cache.Informers.
func (c *Cache) Start(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// WaitForCacheSync implements cache.Informers.
func (c *Cache) WaitForCacheSync(context.Context) bool { return true }
