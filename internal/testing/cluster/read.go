package cluster

import (
	"context"
	"fmt"
	"reflect"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// fill copies a stored object into what a client asked for.
func fill(out client.Object, from client.Object) error {
	switch o := out.(type) {
	case *metav1.PartialObjectMetadata:
		*o = *metadataOf(from)
		return nil
	case *unstructured.Unstructured:
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(from)
		o.Object = content
		return err
	}
	to, source := reflect.ValueOf(out), reflect.ValueOf(from.DeepCopyObject())
	if to.Type() != source.Type() {
		return fmt.Errorf("a %s is read into a %s", source.Type(), to.Type())
	}
	to.Elem().Set(source.Elem())
	return nil
}

// fillList copies what the options select into the list.
func fillList(list client.ObjectList, all []client.Object, index indexes, opts []client.ListOption) error {
	o := client.ListOptions{}
	o.ApplyOptions(opts)
	var items []runtime.Object
	for _, from := range all {
		if !selected(from, &o) {
			continue
		}
		if ok, err := index.match(from, o.FieldSelector); err != nil {
			return err
		} else if !ok {
			continue
		}
		item, err := itemFor(list, from)
		if err != nil {
			return err
		}
		items = append(items, item)
	}
	return meta.SetList(list, items)
}

func selected(o client.Object, opts *client.ListOptions) bool {
	if opts.Namespace != "" && o.GetNamespace() != opts.Namespace {
		return false
	}
	return opts.LabelSelector == nil || opts.LabelSelector.Matches(labelsOf(o))
}

func itemFor(list client.ObjectList, from client.Object) (client.Object, error) {
	switch list.(type) {
	case *metav1.PartialObjectMetadataList:
		return metadataOf(from), nil
	case *unstructured.UnstructuredList:
		out := &unstructured.Unstructured{}
		return out, fill(out, from)
	}
	return from.DeepCopyObject().(client.Object), nil
}

// Live reads what is stored, past every cache.
type Live struct{ Store *Store }

var _ client.Reader = Live{}

// Get implements client.Reader.
func (l Live) Get(_ context.Context, key client.ObjectKey, out client.Object, _ ...client.GetOption) error {
	gvk, err := kindOf(out)
	if err != nil {
		return err
	}
	k := Key{gvk.Kind, key.Namespace, key.Name}
	l.Store.mu.Lock()
	stored := l.Store.objects[k]
	l.Store.mu.Unlock()
	if stored.Object == nil {
		return apierrors.NewNotFound(k.resource(), key.Name)
	}
	if err := fill(out, stored.Object); err != nil {
		return err
	}
	out.SetManagedFields(managedFields(stored))
	return nil
}

// List implements client.Reader.
func (l Live) List(_ context.Context, list client.ObjectList, opts ...client.ListOption) error {
	gvk, err := kindOf(list)
	if err != nil {
		return err
	}
	return fillList(list, l.Store.All(gvk.Kind), nil, opts)
}
