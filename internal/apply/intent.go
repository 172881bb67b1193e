package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/resources"
)

// annotationApplied holds the hash of the intent that was last applied. It tells
// that a field was taken out of the intent, which the live object alone cannot.
const annotationApplied = "shop.emporium.dev/applied"

// intent is an object as it shall be.
type intent struct{ object *unstructured.Unstructured }

func intentOf(o resources.Object) (intent, error) {
	b, err := json.Marshal(o)
	if err != nil {
		return intent{}, err
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(b); err != nil {
		return intent{}, err
	}
	sum := sha256.Sum256(b)
	annotations := u.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[annotationApplied] = hex.EncodeToString(sum[:8])
	u.SetAnnotations(annotations)
	return intent{u}, nil
}

func (i intent) kind() string { return i.object.GetKind() }
func (i intent) name() string { return i.object.GetName() }
func (i intent) key() client.ObjectKey {
	return client.ObjectKey{Namespace: i.object.GetNamespace(), Name: i.object.GetName()}
}

func (i intent) ofStack() bool { return i.object.GetLabels()[frontdoor.LabelRelease] != "" }

// holds tells whether the live object says everything that the intent says.
func (i intent) holds(live map[string]any) bool {
	for field, want := range i.object.Object {
		if field != "apiVersion" && field != "kind" && !within(want, live[field]) {
			return false
		}
	}
	return true
}

// within tells whether live holds all that want says. Kubernetes adds defaults, so
// live may say more; a zero value may be left out.
func within(want, live any) bool {
	switch w := want.(type) {
	case map[string]any:
		l, _ := live.(map[string]any)
		for k, v := range w {
			if !within(v, l[k]) {
				return false
			}
		}
		return true
	case []any:
		return withinList(w, live)
	}
	if live == nil {
		return want == nil || reflect.ValueOf(want).IsZero()
	}
	return number(want) == number(live)
}

// withinList compares element by element; elements with a name are found by it,
// since others may have added some.
func withinList(want []any, live any) bool {
	l, _ := live.([]any)
	if len(l) < len(want) {
		return false
	}
	for i, v := range want {
		if !within(v, elementLike(v, l, i)) {
			return false
		}
	}
	return true
}

func elementLike(v any, list []any, i int) any {
	if m, ok := v.(map[string]any); ok && m["name"] != nil {
		if at, _ := list[i].(map[string]any); at["name"] == m["name"] {
			return at // of several with one name, the one in its place
		}
		for _, e := range list {
			if em, ok := e.(map[string]any); ok && em["name"] == m["name"] {
				return e
			}
		}
		return nil
	}
	return list[i]
}

// number makes integers of both decoders comparable.
func number(v any) any {
	switch n := v.(type) {
	case int64:
		return float64(n)
	case int32:
		return float64(n)
	case int:
		return float64(n)
	}
	return v
}
