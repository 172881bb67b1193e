package apply

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/internal/resources"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// intents are what the operator asks for of a shop, with every kind that it applies.
func (s *site) intents(t *testing.T) []intent {
	t.Helper()
	desired, err := resources.Render(resources.Input{Shop: s.world.Shop, Decision: s.d, Releases: s.world.Releases, FrontDoorImage: "gateway:1"})
	if err != nil {
		t.Fatal(err)
	}
	serving, coming := split(desired.Objects, s.d)
	return append(serving, coming...)
}

func (s *site) stored(in intent) client.Object {
	return s.store.Get(in.kind(), in.key().Namespace, in.name())
}

func (s *site) holdsNow(t *testing.T, in intent) bool {
	t.Helper()
	holds, err := in.heldBy(s.stored(in))
	if err != nil {
		t.Fatal(err)
	}
	return holds
}

// set lets a person put a value where a path leads. It tells whether the object can take it.
func (s *site) set(in intent, path []any, to any) (could bool) {
	defer func() { could = recover() == nil && could }() // two elements of one key
	live := s.stored(in)
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(live)
	if err != nil {
		return false
	}
	out := live.DeepCopyObject().(client.Object)
	if !put(content, path, to) || runtime.DefaultUnstructuredConverter.FromUnstructured(content, out) != nil {
		return false
	}
	s.user.Set(live, func(o client.Object) { cluster.Assign(o, out) })
	return true
}

func put(at any, path []any, to any) bool {
	for i, step := range path {
		var next any
		switch key := step.(type) {
		case string:
			m, _ := at.(map[string]any)
			if m == nil {
				return false
			}
			if i == len(path)-1 {
				m[key] = to
			}
			next = m[key]
		case int:
			l, _ := at.([]any)
			if key >= len(l) {
				return false
			}
			if i == len(path)-1 {
				l[key] = to
			}
			next = l[key]
		}
		at = next
	}
	return true
}

// edit is what a person makes of one field.
type edit struct {
	path []any
	what string
	to   any
}

// edits are changes of each field that an intent states: each list and map gets more, and less, each
// value another one.
func edits(v any, path []any) (out []edit) {
	add := func(what string, to any) {
		if len(path) > 0 {
			out = append(out, edit{append([]any{}, path...), what, to})
		}
	}
	switch v := v.(type) {
	case map[string]any:
		more := runtime.DeepCopyJSON(v)
		more["another"] = "x"
		if _, selects := v["matchLabels"]; selects {
			more["matchExpressions"] = []any{map[string]any{"key": "another", "operator": "Exists"}}
		}
		add("added to", more)
		for key, child := range v {
			if len(path) > 0 || (key != "apiVersion" && key != "kind") {
				out = append(out, edits(child, append(path, key))...)
			}
		}
	case []any:
		if len(v) > 0 {
			add("added to", append(runtime.DeepCopyJSONValue(v).([]any), another(v[len(v)-1])))
			add("shortened", runtime.DeepCopyJSONValue(v[1:]))
		}
		for i, child := range v {
			out = append(out, edits(child, append(path, i))...)
		}
	case string:
		add("changed", another(v))
		add("changed to a number", "7")
	default:
		add("changed", another(v))
	}
	return out
}

// another is a value of the same kind that is not the same.
func another(v any) any {
	switch v := runtime.DeepCopyJSONValue(v).(type) {
	case string:
		return v + "x"
	case bool:
		return !v
	case int64:
		return v + 1
	case map[string]any:
		for _, key := range []string{"uid", "name", "mountPath", "topologyKey", "key", "apiVersion", "prefix", "ip", "cidr", "resources", "type", "containerPort", "port", "configMapRef", "secretRef", "podAffinityTerm", "from", "podSelector"} {
			if is, there := v[key]; there {
				v[key] = another(is)
				return v
			}
		}
		v["name"] = "x"
		return v
	case []any:
		return append(v, "x")
	}
	return v
}

// Server-side apply is the judge: what an apply would change is drift, what it leaves is not, but for
// additions, which a patch takes out (exact_test.go).
func TestWhatIsDriftIsWhatAnApplyWouldPutBack(t *testing.T) {
	kinds, tried := map[string]int{}, 0
	whole := serving(t)
	for _, in := range whole.intents(t) {
		for n, e := range edits(in.object.Object, nil) {
			if testing.Short() && e.what != "added to" && n%10 != 0 {
				continue
			}
			s := at(whole.store.Fork(now))
			if isIdentity(e.path) || !s.set(in, e.path, e.to) {
				continue
			}
			holds, more := s.holdsNow(t, in), len(in.additions(s.content(t, in))) > 0
			before := len(s.store.Journal())
			if err := s.send(t.Context(), intent{object: in.object.DeepCopy()}); err != nil {
				t.Errorf("%s %v %s: %v", in.kind(), e.path, e.what, err)
				continue
			}
			if drift := s.store.Journal()[before].Changed(); holds == (drift || more) {
				t.Errorf("%s %s: %v was %s (%v): the operator sees drift: %t, an apply changes it: %t", in.kind(), in.name(), e.path, e.what, e.to, !holds, drift)
			}
			kinds[in.kind()]++
			tried++
		}
	}
	for _, kind := range []string{"Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Role", "RoleBinding", "ServiceAccount", "NetworkPolicy"} {
		if kinds[kind] == 0 {
			t.Errorf("nothing of a %s was tried", kind)
		}
	}
	t.Logf("%d edits: %v", tried, kinds)
}

// isIdentity: nobody changes these of an object that exists.
func isIdentity(path []any) bool {
	s := fmt.Sprint(path...)
	return strings.HasPrefix(s, "metadataname") || path[0] == "status" || (path[0] == "metadata" && len(path) == 2 && path[1] != "labels" && path[1] != "annotations" && path[1] != "ownerReferences") || len(path) == 1 && path[0] == "metadata"
}

func deploymentIntent(t *testing.T, s *site, name string) intent {
	t.Helper()
	for _, in := range s.intents(t) {
		if in.kind() == "Deployment" && in.name() == name {
			return in
		}
	}
	t.Fatalf("no Deployment %s", name)
	return intent{}
}

func (s *site) passWrites(t *testing.T) int {
	t.Helper()
	s.must(t)
	return len(s.written())
}

func lookUp(at any, path []any) (any, bool) {
	for _, step := range path {
		switch key := step.(type) {
		case string:
			m, _ := at.(map[string]any)
			if m[key] == nil {
				return nil, false
			}
			at = m[key]
		case int:
			l, _ := at.([]any)
			if key >= len(l) {
				return nil, false
			}
			at = l[key]
		}
	}
	return at, true
}

func TestWhatOthersAddToAPodIsTheirs(t *testing.T) {
	for name, c := range map[string]struct {
		path    []string
		element map[string]any
	}{
		"a sidecar":                      {[]string{"containers"}, map[string]any{"name": "istio-proxy", "image": "proxy:1", "args": []any{"run"}}},
		"a container that goes before":   {[]string{"initContainers"}, map[string]any{"name": "istio-init", "image": "proxy:1"}},
		"a volume":                       {[]string{"volumes"}, map[string]any{"name": "certs", "emptyDir": map[string]any{}}},
		"a pull secret":                  {[]string{"imagePullSecrets"}, map[string]any{"name": "mirror"}},
		"a container that sorts earlier": {[]string{"containers"}, map[string]any{"name": "a-agent", "image": "agent:1", "envFrom": []any{}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := serving(t)
			in := deploymentIntent(t, s, "acme-catalog-aaaaaaaa")
			live, _ := runtime.DefaultUnstructuredConverter.ToUnstructured(s.stored(in))
			at := append([]string{"spec", "template", "spec"}, c.path...)
			list, _, _ := unstructured.NestedSlice(live, at...)
			if strings.HasPrefix(c.element["name"].(string), "a-") {
				list = append([]any{c.element}, list...)
			} else {
				list = append(list, c.element)
			}
			if !s.set(in, []any{at[0], at[1], at[2], at[3]}, list) {
				t.Fatal("the object cannot take it")
			}
			if !s.holdsNow(t, in) {
				t.Error("it counts as drift, so the operator and who injects it would take turns")
			}
			if n := s.passWrites(t); n > 0 {
				t.Errorf("a pass makes %d writes", n)
			}
		})
	}
}

func TestAZeroValueThatTheServerLeavesOutIsNoDrift(t *testing.T) {
	for _, c := range []struct {
		want, live any
		field      string
		holds      bool
	}{
		{false, nil, "automountServiceAccountToken", true},
		{int64(0), nil, "replicas", true},
		{"", nil, "value", true},
		{true, nil, "automountServiceAccountToken", false},
		{int64(1), nil, "replicas", false},
		{map[string]any{}, nil, "emptyDir", true},
		{[]any{}, nil, "env", true},
		{int64(3), float64(3), "replicas", true},
		{int64(3), int32(3), "replicas", true},
		{int64(3), "3", "replicas", false},
		{map[string]any{"a": "1"}, map[string]any{"a": "1", "b": "2"}, "labels", true},
		{map[string]any{"a": "1"}, map[string]any{"a": "1", "b": "2"}, "selector", false},
		{[]any{map[string]any{"port": int64(1)}}, []any{map[string]any{"port": int64(1)}, map[string]any{"port": int64(2)}}, "ports", false},
		{[]any{map[string]any{"name": "x"}}, []any{map[string]any{"name": "x"}, map[string]any{"name": "y"}}, "ports", true},
	} {
		if got := within(c.want, c.live, c.field); got != c.holds {
			t.Errorf("%s: %v within %v: %t", c.field, c.want, c.live, got)
		}
	}
}
