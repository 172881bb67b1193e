package harness

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/controllers"
	"github.com/emporium-shop/emporium/internal/resources"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// unseenWorlds are the moments in which things are damaged.
func unseenWorlds() []scenario {
	return []scenario{
		{name: "serving"},
		{name: "in the window of a way back", policy: checked, script: []Stage{at(nil, func(w *World) {
			w.Edit("cart", func(s *v1alpha1.ShopServiceSpec) {
				s.Image, s.Migration = "cart:2", &v1alpha1.Migration{Args: []string{"migrate"}}
			})
		})}},
		{name: "a candidate awaits its promotion", policy: func(s *v1alpha1.Shop) { s.Spec.Release.Promotion = v1alpha1.PromotionManual },
			script: []Stage{at(nil, ships("cart", "cart:2"))}},
		{name: "the candidate does not start", world: func(w *World) { w.Behave["cart:never"] = Behaviour{Never: true, Trouble: "ImagePullBackOff"} },
			script: []Stage{at(nil, ships("cart", "cart:never"))}},
	}
}

// TestUnseenEvents: whatever the operator wrote is deleted, changed, relabelled or disowned
// by somebody else. That wakes the operator, by its own watches, and it is as before in the
// end, or the shop's message names it.
func TestUnseenEvents(t *testing.T) {
	budget := newBudget(t)
	for _, s := range some(unseenWorlds()) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := s.begin()
			w.StartOperator()
			w.For(40 * time.Second)
			w.Close()
			w.Check(t, "before anything is damaged")
			n := 0
			for _, kind := range writtenKinds() {
				for _, o := range ours(w, kind) {
					for _, d := range damages(w, o) {
						if n++; budget.takes(n, d.important) {
							heals(t, w, o, d)
						}
					}
				}
			}
		})
	}
}

// writtenKinds are the kinds that the operator writes, and watches.
func writtenKinds() (out []string) {
	for kind := range controllers.CacheOptions().ByObject {
		out = append(out, cluster.KindOf(kind))
	}
	slices.Sort(out)
	return out
}

// ours are the stored objects of a kind that are the shop's.
func ours(w *World, kind string) (out []client.Object) {
	for _, o := range w.Store.All(kind) {
		if o.GetLabels()[resources.LabelManagedBy] == resources.ManagedBy {
			out = append(out, o)
		}
	}
	return out
}

// harm is what somebody does to an object.
type harm struct {
	what      string
	important bool
	do        func(*World, client.Object)
}

// immutable fields cannot be changed on a real cluster.
var immutable = []string{"ShopRelease.spec", "Deployment.spec.selector", "RoleBinding.roleRef", "Job.spec", "ConfigMap.data", "Secret.data", "ConfigMap.immutable", "Secret.immutable", "Secret.type"}

func damages(w *World, o client.Object) []harm {
	kind := o.GetObjectKind().GroupVersionKind().Kind
	out := []harm{{"is deleted", true, func(w *World, o client.Object) { w.Chaos().Delete(o) }}}
	if kind == "Pod" || kind == "Lease" {
		return out
	}
	out = append(out,
		harm{"loses its labels", true, func(w *World, o client.Object) { w.Chaos().Set(o, func(o client.Object) { o.SetLabels(nil) }) }},
		harm{"gets the manager label of Helm", true, func(w *World, o client.Object) {
			w.Chaos().Set(o, func(o client.Object) { o.GetLabels()[resources.LabelManagedBy] = "Helm" })
		}},
		harm{"loses its owner", true, func(w *World, o client.Object) {
			w.Chaos().Set(o, func(o client.Object) { o.SetOwnerReferences(nil) })
		}},
	)
	for _, leaf := range w.Leaves(o, resources.FieldManager) {
		if isKey(leaf.Path) || strings.HasSuffix(leaf.Path.String(), "/applied") || strings.Contains(leaf.Path.String(), "ownerReferences") || slices.ContainsFunc(immutable, func(p string) bool { return isBelow(kind, leaf.Path, p) && !isTable(o) }) {
			continue
		}
		for _, e := range edits(leaf.Value) {
			out = append(out, harm{fmt.Sprintf("has %s %s", leaf.Path, e.what), isOneValue(leaf.Value), func(w *World, o client.Object) {
				w.Replace(w.Chaos(), o, leaf.Path, e.to)
			}})
		}
	}
	return out
}

// isKey: the field tells an element of a list from the others. With another value there it is
// another element, which somebody added, and additions are theirs.
func isKey(path fieldpath.Path) bool {
	if len(path) < 2 || path[len(path)-2].Key == nil || path[len(path)-1].FieldName == nil {
		return false
	}
	return slices.ContainsFunc(*path[len(path)-2].Key, func(f value.Field) bool { return f.Name == *path[len(path)-1].FieldName })
}

func isOneValue(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

func isTable(o client.Object) bool { return o.GetName() == frontdoor.TableName(Shop) }

func isBelow(kind string, path fieldpath.Path, immutable string) bool {
	return strings.HasPrefix(kind+path.String(), immutable)
}

func heals(t testing.TB, from *World, o client.Object, d harm) {
	t.Helper()
	w := from.Fork()
	w.Rig = from.Rig
	w.StartOperator()
	w.For(2 * time.Second) // an operator that starts looks at everything once
	before, passes := w.Canon(), w.Operators[0].Passes
	was := w.Store.Get(o.GetObjectKind().GroupVersionKind().Kind, o.GetNamespace(), o.GetName())
	if was == nil {
		return
	}
	defer w.Close()
	revision := w.Store.Revision()
	if d.do(w, was); w.Store.Revision() == revision {
		return // the field cannot hold it
	}
	w.For(20 * time.Second)
	what := fmt.Sprintf("%s %s %s", was.GetObjectKind().GroupVersionKind().Kind, was.GetName(), d.what)
	if w.Operators[0].Passes == passes {
		w.Always.violate("it does not wake the operator")
	}
	diff := Differs(before, w.Canon())
	if _, message := w.Reason(); diff != "" && !strings.Contains(message, was.GetName()) {
		w.Always.violate("it is not as before (- before, + after), and the message does not name it (%s):\n%s", message, diff)
	}
	w.Check(t, what)
}
