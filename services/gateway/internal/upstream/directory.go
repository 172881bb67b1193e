package upstream

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
)

// Directory knows the pods of every service. It takes EndpointSlices and is
// read on every request, so reading takes no lock.
type Directory struct {
	now     func() time.Time
	changed func()
	pools   atomic.Pointer[map[string]*Pool]

	writing sync.Mutex
	// slices holds what is read of each EndpointSlice, by Service, then by name.
	slices map[string]map[string]slice
}

// NewDirectory returns an empty Directory. now is the clock of ejections. It calls the
// watchers after every change.
func NewDirectory(now func() time.Time, watchers ...func()) *Directory {
	changed := func() {
		for _, watcher := range watchers {
			watcher()
		}
	}
	d := &Directory{now: now, changed: changed, slices: map[string]map[string]slice{}}
	d.pools.Store(&map[string]*Pool{})
	return d
}

// Pool returns the pods of a Service; nil, which has none, when it is unknown.
func (d *Directory) Pool(service string) *Pool { return (*d.pools.Load())[service] }

// Pods returns how many pods of a Service may be asked, and whether the Service is known:
// Kubernetes keeps an EndpointSlice for it even while it has no pod.
func (d *Directory) Pods(service string) (pods int, known bool) {
	pool := d.Pool(service)
	return pool.Len(), pool != nil
}

// Replace takes all EndpointSlices that there are.
func (d *Directory) Replace(all []*discoveryv1.EndpointSlice) {
	d.writing.Lock()
	defer d.writing.Unlock()
	before := d.slices
	d.slices = map[string]map[string]slice{}
	for _, s := range all {
		d.put(s)
	}
	services := maps.Clone(d.slices)
	maps.Copy(services, before)
	d.publish(slices.Collect(maps.Keys(services))...)
}

// Set takes a new or changed EndpointSlice.
func (d *Directory) Set(s *discoveryv1.EndpointSlice) {
	d.writing.Lock()
	defer d.writing.Unlock()
	d.put(s)
	d.publish(serviceOf(s))
}

// Delete forgets an EndpointSlice.
func (d *Directory) Delete(s *discoveryv1.EndpointSlice) {
	d.writing.Lock()
	defer d.writing.Unlock()
	delete(d.slices[serviceOf(s)], s.Name)
	d.publish(serviceOf(s))
}

func (d *Directory) put(s *discoveryv1.EndpointSlice) {
	service := serviceOf(s)
	if d.slices[service] == nil {
		d.slices[service] = map[string]slice{}
	}
	d.slices[service][s.Name] = read(s)
}

// publish makes the pools of the named services anew. The map itself is copied
// only when a service comes or goes.
func (d *Directory) publish(services ...string) {
	pools := maps.Clone(*d.pools.Load())
	for _, service := range services {
		if len(d.slices[service]) == 0 {
			delete(d.slices, service)
			delete(pools, service)
			continue
		}
		if pools[service] == nil {
			pools[service] = newPool(d.now)
		}
		pools[service].set(addressesOf(d.slices[service]))
	}
	d.pools.Store(&pools)
	d.changed()
}
