package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// part says what of an object a write may change.
type part int

const (
	exceptStatus part = iota // everything but the status
	onlyStatus               // the status alone
	whole                    // both, as only an actor of the harness may
)

// confine puts back what the write may not change.
func (p part) confine(before, after client.Object) client.Object {
	is := statusOf(after)
	if !is.IsValid() || p == whole {
		return after
	}
	if p == exceptStatus {
		is.Set(reflect.Zero(is.Type()))
		if before != nil {
			is.Set(statusOf(before.DeepCopyObject().(client.Object)))
		}
		return after
	}
	out := before.DeepCopyObject().(client.Object)
	statusOf(out).Set(is)
	return out
}

func (s *Store) create(w *Write, o client.Object, manager string, p part) error {
	return s.do(w, func(before object) (object, error) {
		if before.Object != nil {
			return before, apierrors.NewAlreadyExists(w.Key.resource(), w.Key.Name)
		}
		if o.GetResourceVersion() != "" {
			return before, apierrors.NewBadRequest("resourceVersion should not be set on objects to be created")
		}
		o = p.confine(nil, o)
		managers, err := edited(manager, before, o)
		return object{o, managers}, err
	})
}

// change makes an update or a patch. owned: the fields that it changes belong to the manager.
func (s *Store) change(w *Write, manager string, p part, produce func(live client.Object) (client.Object, error)) error {
	return s.do(w, func(before object) (object, error) {
		if before.Object == nil {
			return before, apierrors.NewNotFound(w.Key.resource(), w.Key.Name)
		}
		after, err := produce(before.Object)
		if err != nil {
			return before, err
		}
		if err := precondition(w.Key, before.Object, after.GetUID(), after.GetResourceVersion()); err != nil {
			return before, err
		}
		after = p.confine(before.Object, after)
		managers := before.managers
		if manager != "" {
			managers, err = edited(manager, before, after)
		}
		return object{after, managers}, err
	})
}

func precondition(key Key, live client.Object, uid types.UID, resourceVersion string) error {
	switch {
	case live == nil && (uid != "" || resourceVersion != ""):
		return apierrors.NewConflict(key.resource(), key.Name, errors.New("the precondition names an object that is not there"))
	case live == nil:
	case uid != "" && uid != live.GetUID():
		return apierrors.NewConflict(key.resource(), key.Name, errors.New("the UID in the precondition is another"))
	case resourceVersion != "" && resourceVersion != live.GetResourceVersion():
		return apierrors.NewConflict(key.resource(), key.Name, errors.New("the object has been modified; please apply your changes to the latest version and try again"))
	}
	return nil
}

func (s *Store) delete(w *Write, o client.DeleteOptions) error {
	return s.do(w, func(before object) (object, error) {
		if before.Object == nil {
			return before, apierrors.NewNotFound(w.Key.resource(), w.Key.Name)
		}
		if p := o.Preconditions; p != nil {
			var uid types.UID
			var version string
			if p.UID != nil {
				uid = *p.UID
			}
			if p.ResourceVersion != nil {
				version = *p.ResourceVersion
			}
			if err := precondition(w.Key, before.Object, uid, version); err != nil {
				return before, err
			}
		}
		if len(before.GetFinalizers()) == 0 {
			return object{}, nil
		}
		going := object{before.DeepCopyObject().(client.Object), before.managers}
		if going.GetDeletionTimestamp() == nil {
			going.SetDeletionTimestamp(ptr.To(metav1.NewTime(s.Now())))
		}
		return going, nil
	})
}

// released: the last finalizer of an object that is being deleted was taken away.
func released(before, after object) bool {
	return before.Object != nil && after.Object != nil && after.GetDeletionTimestamp() != nil && len(before.GetFinalizers()) > 0 && len(after.GetFinalizers()) == 0
}

func (s *Store) apply(w *Write, gvk schema.GroupVersionKind, content map[string]any, manager string, force bool, p part) error {
	applied := &unstructured.Unstructured{Object: content}
	uid, version := applied.GetUID(), applied.GetResourceVersion()
	unstructured.RemoveNestedField(content, "metadata", "resourceVersion")
	unstructured.RemoveNestedField(content, "metadata", "uid")
	return s.do(w, func(before object) (object, error) {
		if err := precondition(w.Key, before.Object, uid, version); err != nil {
			return before, err
		}
		if before.Object == nil && p == onlyStatus {
			return before, apierrors.NewNotFound(w.Key.resource(), w.Key.Name)
		}
		merged, managers, err := merge(manager, before, applied, force)
		if err != nil { // the real one answers 500 to what it cannot make sense of
			return before, apierrors.NewInternalError(err)
		}
		after, err := decode(gvk, merged.(runtime.Unstructured).UnstructuredContent())
		if err != nil {
			return before, apierrors.NewBadRequest(err.Error())
		}
		after.SetManagedFields(nil)
		return object{p.confine(before.Object, after), managers}, nil
	})
}

// patched applies a JSON merge patch.
func patched(live client.Object, patch []byte) (client.Object, error) {
	var change map[string]any
	if err := json.Unmarshal(patch, &change); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	raw, err := json.Marshal(live)
	if err != nil {
		return nil, err
	}
	var content map[string]any
	if err := json.Unmarshal(raw, &content); err != nil {
		return nil, err
	}
	raw, err = json.Marshal(mergePatch(content, change))
	if err != nil {
		return nil, err
	}
	made, err := shared().scheme.New(live.GetObjectKind().GroupVersionKind())
	if err != nil {
		return nil, err
	}
	out := made.(client.Object)
	if err := json.Unmarshal(raw, out); err != nil {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("the patch makes no %T: %v", made, err))
	}
	out.GetObjectKind().SetGroupVersionKind(live.GetObjectKind().GroupVersionKind())
	return out, nil
}

// mergePatch is RFC 7386.
func mergePatch(target, patch map[string]any) map[string]any {
	if target == nil {
		target = map[string]any{}
	}
	for k, v := range patch {
		switch v := v.(type) {
		case nil:
			delete(target, k)
		case map[string]any:
			inner, _ := target[k].(map[string]any)
			target[k] = mergePatch(inner, v)
		default:
			target[k] = v
		}
	}
	return target
}
