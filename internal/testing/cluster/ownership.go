package cluster

import (
	"fmt"
	"maps"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/typed"
)

// identity are the fields that name an object: nobody owns them.
var identity = fieldpath.NewSet(
	fieldpath.MakePathOrDie("apiVersion"), fieldpath.MakePathOrDie("kind"), fieldpath.MakePathOrDie("metadata"),
	fieldpath.MakePathOrDie("metadata", "name"), fieldpath.MakePathOrDie("metadata", "namespace"),
	fieldpath.MakePathOrDie("metadata", "uid"), fieldpath.MakePathOrDie("metadata", "resourceVersion"),
	fieldpath.MakePathOrDie("metadata", "creationTimestamp"), fieldpath.MakePathOrDie("metadata", "generation"),
)

// merge is server-side apply with force: what the manager said before and says no more goes,
// unless somebody else says it too, and what it says is its own from now on.
func merge(manager string, before object, applied runtime.Object, force bool) (merged runtime.Object, managers map[string]*fieldpath.Set, err error) {
	converter := converterOf(applied.GetObjectKind().GroupVersionKind())
	want, err := converter.ObjectToTyped(applied)
	if err != nil {
		return nil, nil, err
	}
	set, err := want.ToFieldSet()
	if err != nil {
		return nil, nil, err
	}
	set = set.Difference(identity)
	managers = maps.Clone(before.managers)
	if managers == nil {
		managers = map[string]*fieldpath.Set{}
	}
	defer func() { managers[manager] = set }()
	if before.Object == nil {
		return applied, managers, nil
	}
	live, err := converter.ObjectToTyped(before.Object)
	if err != nil {
		return nil, nil, err
	}
	result, err := live.Merge(want)
	if err != nil {
		return nil, nil, err
	}
	if gone := dropped(manager, before.managers, set); !gone.Empty() {
		result = result.RemoveItems(gone)
	}
	if err := takeOver(manager, managers, live, result, force); err != nil {
		return nil, nil, err
	}
	merged, err = converter.TypedToObject(result)
	return merged, managers, err
}

// dropped is what the manager alone said and says no more.
func dropped(manager string, managers map[string]*fieldpath.Set, set *fieldpath.Set) *fieldpath.Set {
	was := managers[manager]
	if was == nil {
		return fieldpath.NewSet()
	}
	gone := was.Difference(set)
	for name, owned := range managers {
		if name != manager {
			gone = gone.Difference(owned)
		}
	}
	return gone
}

// takeOver takes changed fields away from their owners.
func takeOver(manager string, managers map[string]*fieldpath.Set, live, result *typed.TypedValue, force bool) error {
	change, err := live.Compare(result)
	if err != nil {
		return err
	}
	changed := change.Modified.Union(change.Removed)
	for name, owned := range managers {
		if name == manager {
			continue
		}
		lost := owned.Intersection(changed)
		if !lost.Empty() && !force {
			return fmt.Errorf("conflict with %q: %s", name, lost)
		}
		if rest := owned.Difference(changed); rest.Empty() {
			delete(managers, name)
		} else {
			managers[name] = rest
		}
	}
	return nil
}

// edited gives the fields that an edit changed to who edited them.
func edited(manager string, before object, after client.Object) (map[string]*fieldpath.Set, error) {
	converter := converterOf(after.GetObjectKind().GroupVersionKind())
	is, err := converter.ObjectToTyped(after)
	if err != nil {
		return nil, err
	}
	managers := maps.Clone(before.managers)
	if managers == nil {
		managers = map[string]*fieldpath.Set{}
	}
	if before.Object == nil {
		set, err := is.ToFieldSet()
		managers[manager] = set.Difference(identity)
		return managers, err
	}
	was, err := converter.ObjectToTyped(before.Object)
	if err != nil {
		return nil, err
	}
	change, err := was.Compare(is)
	if err != nil {
		return nil, err
	}
	taken := change.Modified.Union(change.Added)
	for name, owned := range managers {
		managers[name] = owned.Difference(taken).Difference(change.Removed)
	}
	if own := managers[manager]; own != nil {
		taken = taken.Union(own)
	}
	managers[manager] = taken.Difference(identity)
	return managers, nil
}

// managedFields are what a live read shows of the owners.
func managedFields(o object) []metav1.ManagedFieldsEntry {
	var out []metav1.ManagedFieldsEntry
	gv := o.GetObjectKind().GroupVersionKind().GroupVersion().String()
	for _, name := range sortedKeys(o.managers) {
		raw, err := o.managers[name].ToJSON()
		if err != nil {
			continue
		}
		out = append(out, metav1.ManagedFieldsEntry{
			Manager: name, Operation: metav1.ManagedFieldsOperationApply, APIVersion: gv,
			FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(string(raw)),
		})
	}
	return out
}

// Owned returns the fields of a stored object that a manager owns; nil: none.
func (s *Store) Owned(o client.Object, manager string) *fieldpath.Set {
	key, _, err := keyOf(o)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[key].managers[manager]
}

// Assign makes an object equal to another of its kind.
func Assign(to, from client.Object) {
	reflect.ValueOf(to).Elem().Set(reflect.ValueOf(from.DeepCopyObject()).Elem())
}
