package harness

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"

	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// Leaf is one field that the operator owns: a scalar, or a list or map that is one for
// server-side apply.
type Leaf struct {
	Path  fieldpath.Path
	Value any
}

// Leaves are the fields of a stored object that a manager owns.
func (w *World) Leaves(o client.Object, manager string) (out []Leaf) {
	set := w.Store.Owned(o, manager)
	if set == nil {
		return nil
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil
	}
	set.Leaves().Iterate(func(p fieldpath.Path) {
		if v, ok := lookUp(content, p); ok {
			out = append(out, Leaf{p.Copy(), v})
		}
	})
	return out
}

// lookUp finds what a path names in the content of an object.
func lookUp(content any, path fieldpath.Path) (any, bool) {
	at := content
	for _, element := range path {
		next, ok := child(at, element)
		if !ok {
			return nil, false
		}
		at = *next.get
	}
	return at, true
}

// place is a value within an object, which can be replaced.
type place struct {
	get *any
	set func(any)
}

func child(at any, e fieldpath.PathElement) (place, bool) {
	switch v := at.(type) {
	case map[string]any:
		if e.FieldName == nil {
			return place{}, false
		}
		is, ok := v[*e.FieldName]
		return place{&is, func(to any) { v[*e.FieldName] = to }}, ok
	case []any:
		for i := range v {
			if isElement(v[i], e) {
				return place{&v[i], func(to any) { v[i] = to }}, true
			}
		}
	}
	return place{}, false
}

func isElement(v any, e fieldpath.PathElement) bool {
	switch {
	case e.Key != nil:
		m, ok := v.(map[string]any)
		for _, key := range *e.Key {
			if !ok || fmt.Sprint(m[key.Name]) != fmt.Sprint(key.Value.Unstructured()) {
				return false
			}
		}
		return ok
	case e.Value != nil:
		return value.Equals(value.NewValueInterface(v), *e.Value)
	}
	return false
}

// Replace puts another value where the path leads. It tells whether the object could take it.
func (w *World) Replace(who cluster.As, o client.Object, path fieldpath.Path, to any) bool {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return false
	}
	var at any = content
	for _, e := range path[:len(path)-1] {
		next, ok := child(at, e)
		if !ok {
			return false
		}
		at = *next.get
	}
	last, ok := child(at, path[len(path)-1])
	if !ok {
		return false
	}
	last.set(to)
	out := o.DeepCopyObject().(client.Object)
	if runtime.DefaultUnstructuredConverter.FromUnstructured(content, out) != nil {
		return false
	}
	who.Set(o, func(live client.Object) { cluster.Assign(live, out) })
	return true
}

// edit is another value of a field.
type edit struct {
	what string
	to   any
}

// edits are other values for a field: what a careless hand would make of it.
func edits(v any) []edit {
	switch v := v.(type) {
	case string:
		return []edit{{"changed", v + "x"}}
	case bool:
		return []edit{{"changed", !v}}
	case int64:
		return []edit{{"changed", v + 1}}
	case map[string]any:
		more := runtime.DeepCopyJSON(v)
		more["harness"] = "x"
		return []edit{{"added to", more}, {"emptied", map[string]any{}}}
	case []any:
		if len(v) == 0 {
			return nil
		}
		more := append(runtime.DeepCopyJSONValue(v).([]any), altered(v[0]))
		return []edit{{"added to", more}, {"emptied", []any{}}}
	}
	return nil
}

// altered is another element of the same kind.
func altered(v any) any {
	switch v := runtime.DeepCopyJSONValue(v).(type) {
	case string:
		return v + "x"
	case map[string]any:
		for _, field := range []string{"name", "key", "resources"} {
			if s, is := v[field].(string); is {
				v[field] = s + "x"
				return v
			}
		}
		return v
	default:
		return v
	}
}
