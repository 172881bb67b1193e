package cluster

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func labelsOf(o client.Object) labels.Set { return labels.Set(o.GetLabels()) }

// indexes of a kind, by the name of the field.
type indexes map[string]client.IndexerFunc

// match answers a field selector by the indexes, as a cache does.
func (i indexes) match(o client.Object, s fields.Selector) (bool, error) {
	if s == nil || s.Empty() {
		return true, nil
	}
	for _, r := range s.Requirements() {
		switch extract := i[r.Field]; {
		case r.Field == "metadata.name":
			if o.GetName() != r.Value {
				return false, nil
			}
		case extract == nil:
			return false, fmt.Errorf("no index of field %q", r.Field)
		case !slices.Contains(extract(o), r.Value):
			return false, nil
		}
	}
	return true, nil
}
