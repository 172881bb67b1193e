package act

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// beforeFirstApply is who the API server says had the fields of an object from before it kept account. Nobody puts them back.
const beforeFirstApply = "before-first-apply"

// isPerson tells managers that are people at a terminal or at the console: their fields are taken over, since nothing puts them
// back. All others are taken for tools.
func isPerson(manager string) bool {
	return strings.HasPrefix(manager, "kubectl") || strings.HasPrefix(manager, "emporium-") || manager == beforeFirstApply
}

// ownersOf names the managers that hold a field of the spec or an annotation, each once, in order.
func ownersOf(managed []metav1.ManagedFieldsEntry, path ...string) (out []string, err error) {
	names := make([]any, len(path))
	for i := range path {
		names[i] = path[i]
	}
	field := fieldpath.MakePathOrDie(names...)
	for _, e := range managed {
		fields, err := fieldsOf(e)
		if err != nil {
			return nil, err
		}
		if fields.Has(field) && !slices.Contains(out, e.Manager) {
			out = append(out, e.Manager)
		}
	}
	slices.Sort(out)
	return out, nil
}

// tools are those of the managers that put their fields back.
func tools(managers []string) (out []string) {
	for _, m := range managers {
		if !isPerson(m) {
			out = append(out, m)
		}
	}
	return out
}

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
