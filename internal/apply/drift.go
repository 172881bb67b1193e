package apply

import "reflect"

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
