package apply

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/resources"
)

// What somebody adds to an object where the intent wants nothing can hurt customers as much as what
// somebody changes: a memory limit, an affinity that no node meets, an autoscaler that may not scale up. An
// apply leaves such a field with whoever added it, so it is taken out by a patch.

// defaults are what the API server puts into fields that an intent leaves out
// (kubernetes pkg/apis/{apps,core}/v1/defaults.go). Elsewhere, what has no value is as good as not there.
var defaults = map[string][]any{
	"progressDeadlineSeconds": {600}, "revisionHistoryLimit": {10}, "restartPolicy": {"Always"}, "dnsPolicy": {"ClusterFirst"}, "schedulerName": {"default-scheduler"},
	"terminationGracePeriodSeconds": {30}, "terminationMessagePath": {"/dev/termination-log"}, "terminationMessagePolicy": {"File"}, "imagePullPolicy": {"IfNotPresent", "Always"},
	"protocol": {"TCP"}, "scheme": {"HTTP"}, "path": {"/"}, "timeoutSeconds": {1}, "periodSeconds": {10}, "successThreshold": {1}, "failureThreshold": {3},
	"defaultMode": {420}, "apiVersion": {"v1"}, "divisor": {"0"}, "type": {"RollingUpdate"},
	"sessionAffinity": {"None"}, "internalTrafficPolicy": {"Cluster"},
}

// theirs are fields in which others have a say: by a path from the kind on, where a * stands for an element of a list.
var theirs = map[string][]string{
	"Deployment": {
		"spec.replicas",          // an autoscaler's, where the intent says nothing
		"spec.template.metadata", // `kubectl rollout restart` leaves an annotation
		"spec.template.spec.serviceAccount",
	},
	"Service":                 {"spec.clusterIP", "spec.clusterIPs", "spec.ipFamilies", "spec.ipFamilyPolicy", "spec.ports"},
	"HorizontalPodAutoscaler": {"spec.behavior.*", "spec.metrics"},
}

// shared are the lists of a pod template to which a sidecar's injector adds.
var shared = []string{"containers", "initContainers", "volumes", "volumeMounts", "imagePullSecrets", "ports"}

// addition is a field, or an element of a list, that the live object has and the intent does not want.
type addition []any

func (a addition) String() string {
	var out []string
	for _, step := range a {
		out = append(out, fmt.Sprint(step))
	}
	return strings.Join(out, ".")
}

// additions finds them in the kinds where they can hurt. What a person sets on the Service of the front
// door beside the operator's fields stays theirs.
func (i intent) additions(live map[string]any) (out []addition) {
	_, exact := theirs[i.kind()]
	if !exact || live == nil || (i.kind() == "Service" && i.object.GetLabels()[frontdoor.LabelRelease] == "") {
		return nil
	}
	i.beyond(&out, i.object.Object["spec"], live["spec"], addition{"spec"})
	slices.SortFunc(out, addition.compare)
	return out
}

// compare orders additions to a list by their place in it.
func (a addition) compare(b addition) int {
	return slices.CompareFunc(a, b, func(x, y any) int {
		if i, is := x.(int); is {
			if j, is := y.(int); is {
				return i - j
			}
		}
		return strings.Compare(fmt.Sprint(x), fmt.Sprint(y))
	})
}

// beyond collects what live has more than want at a path.
func (i intent) beyond(out *[]addition, want, live any, at addition) {
	switch l := live.(type) {
	case map[string]any:
		w, _ := want.(map[string]any)
		for field, is := range l {
			wanted, stated := w[field]
			if (stated && isScalar(is)) || (!stated && isDefault(field, is)) { // nearly all of them, in each pass
				continue
			}
			path := append(slices.Clone(at), field)
			switch {
			case i.isTheirs(path):
			case stated:
				i.beyond(out, wanted, is, path)
			default:
				*out = append(*out, path)
			}
		}
	case []any:
		w, _ := want.([]any)
		i.beyondList(out, w, l, at)
	}
}

// beyondList goes by the names of elements. Lists without names are atomic: their length is drift, which an apply ends.
func (i intent) beyondList(out *[]addition, want, live []any, at addition) {
	field, _ := at[len(at)-1].(string)
	for n, is := range live {
		key := keyOf(is)
		j := slices.IndexFunc(want, func(v any) bool { return key != "" && keyOf(v) == key })
		switch {
		case j >= 0:
			i.beyond(out, want[j], is, append(slices.Clone(at), n))
		case field == "env" || field == "topologySpreadConstraints":
			*out = append(*out, append(slices.Clone(at), n))
		}
	}
}

// keyOf is what tells the elements of a list apart; "": nothing does.
func keyOf(element any) string {
	m, _ := element.(map[string]any)
	if name, named := m["name"].(string); named {
		return name
	}
	if key, spreads := m["topologyKey"].(string); spreads {
		return fmt.Sprint(key, " ", m["whenUnsatisfiable"])
	}
	return ""
}

func (i intent) isTheirs(path addition) bool {
	p := path.String()
	return slices.ContainsFunc(theirs[i.kind()], func(t string) bool {
		prefix, all := strings.CutSuffix(t, ".*")
		return p == t || (all && strings.HasPrefix(p, prefix+"."))
	})
}

// isDefault tells whether a field holds what it would hold if nobody had said anything.
func isDefault(field string, v any) bool {
	if isEmpty(v) || slices.Contains(shared, field) {
		return true
	}
	return slices.ContainsFunc(defaults[field], func(d any) bool { return number(d) == number(v) })
}

func isScalar(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return false
	}
	return true
}

// isEmpty: nothing, a zero value, or what holds nothing else.
func isEmpty(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case []any:
		return len(x) == 0
	case map[string]any:
		for _, e := range x {
			if !isEmpty(e) {
				return false
			}
		}
		return true
	}
	return reflect.ValueOf(v).IsZero()
}

// takeOut removes what others added, and returns the object as it is then. Lists are written as a whole, so
// it is done in the version that was looked at and in no other.
func (w *Writer) takeOut(ctx context.Context, in intent, live map[string]any) (map[string]any, error) {
	before, err := w.typed(in.object.GroupVersionKind())
	if err != nil {
		return nil, err
	}
	if err := w.Live.Get(ctx, in.key(), before); err != nil { // caches do not hold who added what
		return nil, fmt.Errorf("looking at %s %s, to which somebody added something: %w", in.kind(), in.name(), err)
	}
	managers := before.GetManagedFields()
	now, err := asCached(before)
	if err != nil {
		return nil, err
	}
	all := fromOthers(in.additions(now), now, managers)
	if len(all) == 0 {
		return live, nil
	}
	clean := runtime.DeepCopyJSON(now)
	for _, a := range slices.Backward(all) { // of a list, the last first: the others keep their place
		remove(clean, a)
	}
	if before, err = w.typedOf(in, now); err != nil {
		return nil, err
	}
	after, err := w.typedOf(in, clean)
	if err != nil {
		return nil, err
	}
	log.FromContext(ctx).V(1).Info("taking out what somebody added", "kind", in.kind(), "name", in.name(), "fields", describe(all))
	w.wrote(in.kind(), "patch")
	err = w.Client.Patch(ctx, after, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}), client.FieldOwner(resources.FieldManager+"-drift"))
	switch {
	case refused(err):
		return nil, &RefusedError{in.kind(), in.name(), err}
	case err != nil:
		return nil, fmt.Errorf("taking %s out of %s %s: %w", describe(all), in.kind(), in.name(), err)
	}
	return asCached(after)
}

func (w *Writer) typedOf(in intent, content map[string]any) (client.Object, error) {
	o, err := w.typed(in.object.GroupVersionKind())
	if err == nil {
		err = runtime.DefaultUnstructuredConverter.FromUnstructured(content, o)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s %s: %w", in.kind(), in.name(), err)
	}
	return o, nil
}

// remove takes a field out of a map, or an element out of a list that a map holds.
func remove(at map[string]any, path addition) {
	var holder any = at
	for n, step := range path[:len(path)-1] {
		if index, last := path[len(path)-1].(int); last && n == len(path)-2 {
			m := holder.(map[string]any)
			list := m[step.(string)].([]any)
			m[step.(string)] = slices.Delete(list, index, index+1)
			return
		}
		switch step := step.(type) {
		case string:
			holder = holder.(map[string]any)[step]
		case int:
			holder = holder.([]any)[step]
		}
	}
	delete(holder.(map[string]any), path[len(path)-1].(string))
}

// describe names additions for the log.
func describe(all []addition) string {
	var names []string
	for _, a := range all {
		names = append(names, strconv.Quote(a.String()))
	}
	return strings.Join(names, ", ")
}
