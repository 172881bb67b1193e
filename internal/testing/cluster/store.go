package cluster

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Key names an object. The kinds that a shop uses are unique without their group.
type Key struct{ Kind, Namespace, Name string }

func (k Key) String() string { return k.Kind + " " + k.Namespace + "/" + k.Name }

// object is a stored object and who owns its fields. Neither is changed once it is stored.
type object struct {
	client.Object
	managers map[string]*fieldpath.Set
}

// Write is one request that changes the cluster, as the journal keeps it.
type Write struct {
	// Who made it, and in which of its own writes.
	Who    string
	N      int
	Verb   string
	Key    Key
	DryRun bool
	// Before and After are what is stored; nil: nothing. Both are shared: never change them.
	Before, After client.Object
	Err           error
	At            time.Time
}

// Changed tells whether the write changed anything that is stored.
func (w *Write) Changed() bool { return w.Err == nil && !w.DryRun && w.Before != w.After }

// Store holds the objects.
type Store struct {
	// Now is the clock of creation times.
	Now func() time.Time
	// Admit may refuse a write, as an admission policy or a quota does; nil: nobody does.
	Admit func(*Write) error

	mu       sync.Mutex
	objects  map[Key]object
	revision int64
	uids     int64
	events   []event
	dropped  int // of the events, those that all caches have seen
	journal  []*Write
	watchers []func(*Write)
	changed  []func()
}

// event is a change that caches learn of.
type event struct {
	revision      int64
	key           Key
	before, after client.Object
}

// NewStore returns an empty store.
func NewStore(now func() time.Time) *Store {
	return &Store{Now: now, objects: map[Key]object{}}
}

// OnWrite calls f after each write, also after one that failed.
func (s *Store) OnWrite(f func(*Write)) { s.watchers = append(s.watchers, f) }

// onChange calls f after each write that changed something.
func (s *Store) onChange(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = append(s.changed, f)
}

// Get returns the stored object, which must not be changed; nil: there is none.
func (s *Store) Get(kind, namespace, name string) client.Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[Key{kind, namespace, name}].Object
}

// All returns the stored objects of a kind by name; they must not be changed.
func (s *Store) All(kind string) []client.Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []client.Object
	for key, o := range s.objects {
		if key.Kind == kind {
			out = append(out, o.Object)
		}
	}
	slices.SortFunc(out, byName)
	return out
}

func byName(a, b client.Object) int {
	return cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
}

// Keys returns the keys of all objects, sorted.
func (s *Store) Keys() []Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Keys(s.objects), func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}

// Revision grows with each change.
func (s *Store) Revision() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.revision
}

// Journal returns all writes so far.
func (s *Store) Journal() []*Write {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.journal)
}

// do makes one write: change gets what is stored and returns what shall be (nil: nothing).
func (s *Store) do(w *Write, change func(object) (object, error)) error {
	w.At = s.Now()
	s.mu.Lock()
	before := s.objects[w.Key]
	w.Before, w.After = before.Object, before.Object
	after, err := change(before)
	if err == nil {
		_, err = s.commit(w, before, after)
	}
	w.Err = err
	s.journal = append(s.journal, w)
	watchers, changed := s.watchers, s.changed
	s.mu.Unlock()
	for _, f := range watchers {
		f(w)
	}
	if w.Changed() {
		for _, f := range changed {
			f()
		}
	}
	return err
}

func (s *Store) commit(w *Write, before, after object) (object, error) {
	if released(before, after) {
		after = object{}
	}
	if after.Object != nil {
		s.complete(before, after)
		if before.Object != nil && equality.Semantic.DeepEqual(before.Object, after.Object) {
			if !w.DryRun {
				s.objects[w.Key] = object{before.Object, after.managers}
			}
			return before, nil
		}
		w.After = after.Object
	} else {
		w.After = nil
	}
	if s.Admit != nil {
		if err := s.Admit(w); err != nil {
			w.After = before.Object
			return before, err
		}
	}
	if w.DryRun {
		w.After = before.Object
		return after, nil
	}
	s.revision++
	if after.Object == nil {
		delete(s.objects, w.Key)
	} else {
		after.SetResourceVersion(strconv.FormatInt(s.revision, 10))
		s.objects[w.Key] = after
	}
	s.events = append(s.events, event{s.revision, w.Key, w.Before, w.After})
	return after, nil
}

// complete fills in what the API server does.
func (s *Store) complete(before, after object) {
	after.SetManagedFields(nil)
	if before.Object == nil {
		s.uids++
		after.SetUID(types.UID(fmt.Sprintf("uid-%d", s.uids)))
		after.SetCreationTimestamp(metav1.NewTime(s.Now().Truncate(time.Second)))
		if hasGeneration(after.Object) {
			after.SetGeneration(1)
		}
		return
	}
	after.SetUID(before.GetUID())
	after.SetCreationTimestamp(before.GetCreationTimestamp())
	after.SetResourceVersion(before.GetResourceVersion())
	after.SetGeneration(before.GetGeneration())
	if hasGeneration(after.Object) && !sameSpec(before.Object, after.Object) {
		after.SetGeneration(before.GetGeneration() + 1)
	}
}

// eventsAfter returns the changes of a kind after a position in the log, and the position behind them.
func (s *Store) eventsAfter(from int) ([]event, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events[from-s.dropped : len(s.events) : len(s.events)], s.dropped + len(s.events)
}

// Forget drops the journal and what caches have seen, so that a story of ten thousand releases fits into memory.
func (s *Store) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped += len(s.events)
	s.events, s.journal = nil, nil
}
