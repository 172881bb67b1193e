package apply

import (
	"bytes"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"

	"github.com/emporium-shop/emporium/internal/resources"
)

// What an admission policy puts into an object while the operator writes it counts as the operator's
// (managedFields): it is the cluster's wish, and stays, also where the policy speaks at the creation alone. What a
// person added is somebody else's.

// fromOthers leaves out the additions that came with the operator's own writes.
func fromOthers(all []addition, live map[string]any, managers []metav1.ManagedFieldsEntry) []addition {
	ours := fieldpath.NewSet()
	for _, m := range managers {
		set := fieldpath.NewSet()
		if strings.HasPrefix(m.Manager, resources.FieldManager) && m.FieldsV1 != nil && set.FromJSON(bytes.NewReader(m.FieldsV1.GetRawBytes())) == nil {
			ours = ours.Union(set)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(a addition) bool { return holdsPath(ours, elementsOf(a, live)) })
}

// holdsPath tells whether a set holds a path, or something below it.
func holdsPath(set *fieldpath.Set, path fieldpath.Path) bool {
	last := len(path) - 1
	for _, e := range path[:last] {
		set = set.WithPrefix(e)
	}
	return set.Members.Has(path[last]) || !set.WithPrefix(path[last]).Empty()
}

// listKeys are the fields by which server-side apply tells the elements of a list apart; else it is their name.
var listKeys = map[string][]string{
	"ports": {"containerPort", "protocol"}, "volumeMounts": {"mountPath"}, "topologySpreadConstraints": {"topologyKey", "whenUnsatisfiable"},
}

// elementsOf writes a path as managedFields do: elements of lists by their keys.
func elementsOf(a addition, live map[string]any) (out fieldpath.Path) {
	var at any = live
	field := ""
	for _, step := range a {
		switch step := step.(type) {
		case string:
			out = append(out, fieldpath.PathElement{FieldName: &step})
			m, _ := at.(map[string]any)
			at, field = m[step], step
		case int:
			list, _ := at.([]any)
			at = list[step]
			out = append(out, keyed(field, at))
		}
	}
	return out
}

func keyed(list string, element any) fieldpath.PathElement {
	m, _ := element.(map[string]any)
	names := listKeys[list]
	if names == nil {
		names = []string{"name"}
	}
	var key value.FieldList
	for _, n := range names {
		key = append(key, value.Field{Name: n, Value: value.NewValueInterface(m[n])})
	}
	key.Sort()
	return fieldpath.PathElement{Key: &key}
}
