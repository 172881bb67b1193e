package act

import (
	"bytes"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func fieldsOf(e metav1.ManagedFieldsEntry) (*fieldpath.Set, error) {
	fields := &fieldpath.Set{}
	if e.FieldsV1 == nil {
		return fields, nil
	}
	if err := fields.FromJSON(bytes.NewReader(e.FieldsV1.GetRawBytes())); err != nil {
		return nil, fmt.Errorf("reading which fields %s holds: %w", e.Manager, err)
	}
	return fields, nil
}

// applied returns what people applied before under our name. It has to be applied again: a field that an apply leaves out is
// given up, and an approval would end a pause. Lists are taken whole, from where a path enters them.
func applied(live *unstructured.Unstructured) (map[string]any, error) {
	out := map[string]any{}
	for _, e := range live.GetManagedFields() {
		if e.Manager != v1alpha1.FieldManager || e.Operation != metav1.ManagedFieldsOperationApply || e.Subresource != "" {
			continue
		}
		fields, err := fieldsOf(e)
		if err != nil {
			return nil, err
		}
		for path := range fields.All() {
			if err := carry(live.Object, out, names(path)); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// names is the part of a path that leads through maps.
func names(path fieldpath.Path) (out []string) {
	for _, e := range path {
		if e.FieldName == nil {
			break
		}
		out = append(out, *e.FieldName)
	}
	return out
}

// carry copies one field. Maps come with their fields: a path that ends at one means that it is there.
func carry(from, to map[string]any, path []string) error {
	value, found, err := unstructured.NestedFieldCopy(from, path...)
	if err != nil || !found {
		return nil // it is gone, so there is nothing to keep
	}
	if _, is := value.(map[string]any); is {
		return nil
	}
	if err := unstructured.SetNestedField(to, value, path...); err != nil {
		return fmt.Errorf("keeping %s: %w", strings.Join(path, "."), err)
	}
	return nil
}
