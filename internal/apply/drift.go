package apply

import (
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Server-side apply owns some lists and maps as a whole ("atomic"): there, an element that somebody
// added is as much a drift as one that somebody took away. Which ones is part of the API's
// schema (x-kubernetes-list-type, x-kubernetes-map-type); client-go keeps it in an internal
// package, so the fields of the kinds that the operator writes are named here.

// associative are the lists of which others may hold elements of their own. Every other is atomic.
var associative = map[string]bool{
	"containers": true, "initContainers": true, "env": true, "ports": true, "volumes": true, "volumeMounts": true,
	"imagePullSecrets": true, "topologySpreadConstraints": true, "ownerReferences": true, "conditions": true,
}

// atomicMaps are the maps that are owned as a whole.
var atomicMaps = map[string]bool{"selector": true, "matchLabels": true, "labelSelector": true, "namespaceSelector": true, "podSelector": true, "nodeSelector": true}

// within tells whether live is what want says. Kubernetes adds defaults, so where a field is not
// atomic live may say more; a zero value may be left out.
func within(want, live any, field string) bool {
	switch w := want.(type) {
	case map[string]any:
		l, _ := live.(map[string]any)
		if atomicMaps[field] && len(l) > len(w) {
			return false
		}
		for k, v := range w {
			if !within(v, l[k], k) {
				return false
			}
		}
		return true
	case []any:
		return withinList(w, live, field)
	}
	if live == nil {
		return want == nil || reflect.ValueOf(want).IsZero()
	}
	return number(want) == number(live)
}

// withinList compares element by element; elements with a name are found by it,
// since others may have added some.
func withinList(want []any, live any, field string) bool {
	l, _ := live.([]any)
	if len(l) < len(want) || (len(l) > len(want) && !others(field, want)) {
		return false
	}
	for i, v := range want {
		if !within(v, elementLike(v, l, i), "") {
			return false
		}
	}
	return true
}

// others tells whether others may hold elements of a list. Ports without names are those of a
// NetworkPolicy, whose lists are all atomic.
func others(field string, want []any) bool {
	if field != "ports" || len(want) == 0 {
		return associative[field]
	}
	first, _ := want[0].(map[string]any)
	return first["name"] != nil
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

// emptiable are the atomic fields of a pod, and of its containers, that an intent may leave out
// since it wants none of it. What somebody puts there changes where and what pods run.
var emptiable = struct {
	pod       map[string]any
	container map[string]any
}{
	pod:       map[string]any{"nodeSelector": map[string]any{}, "tolerations": []any{}},
	container: map[string]any{"args": []any{}, "command": []any{}, "envFrom": []any{}},
}

// intruder is a field that somebody added where the intent wants nothing.
type intruder struct {
	path  []string
	empty any
}

// intruders finds them in the pod template of a Deployment.
func (i intent) intruders(live map[string]any) (out []intruder) {
	if i.kind() != "Deployment" || live == nil {
		return nil
	}
	pod := []string{"spec", "template", "spec"}
	want, _, _ := unstructured.NestedMap(i.object.Object, pod...)
	have, _, _ := unstructured.NestedFieldNoCopy(live, pod...)
	is, _ := have.(map[string]any)
	for field, empty := range emptiable.pod {
		if absent(want[field]) && !absent(is[field]) {
			out = append(out, intruder{append(pod, field), empty})
		}
	}
	wanted, _ := want["containers"].([]any)
	lives, _ := is["containers"].([]any)
	for at, w := range wanted {
		if len(lives) == 0 {
			break
		}
		c, _ := w.(map[string]any)
		l, _ := elementLike(w, lives, min(at, len(lives)-1)).(map[string]any)
		for field, empty := range emptiable.container {
			if absent(c[field]) && !absent(l[field]) {
				out = append(out, intruder{[]string{"containers", c["name"].(string), field}, empty})
			}
		}
	}
	return out
}

func absent(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case []any:
		return len(x) == 0
	case map[string]any:
		return len(x) == 0
	}
	return false
}

// without returns the intent with the intruders' fields stated as empty: a field that is only left
// out stays with whoever added it.
func (i intent) without(found []intruder) intent {
	if len(found) == 0 {
		return i
	}
	out := intent{object: i.object.DeepCopy()}
	for _, f := range found {
		if f.path[0] == "spec" {
			_ = unstructured.SetNestedField(out.object.Object, f.empty, f.path...) // maps all the way: it cannot fail
			continue
		}
		containers, _, _ := unstructured.NestedSlice(out.object.Object, "spec", "template", "spec", "containers")
		for _, c := range containers {
			if m := c.(map[string]any); m["name"] == f.path[1] {
				m[f.path[2]] = f.empty
			}
		}
		_ = unstructured.SetNestedSlice(out.object.Object, containers, "spec", "template", "spec", "containers")
	}
	return out
}

// describe names the intruders for the log.
func describe(found []intruder) string {
	var names []string
	for _, f := range found {
		names = append(names, strings.Join(f.path, "."))
	}
	return strings.Join(names, ", ")
}
