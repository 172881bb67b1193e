package harness

import (
	"errors"
	"fmt"
	"maps"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// crashModes are what can become of a write.
var crashModes = []struct {
	name  string
	fault cluster.Fault
}{
	{"dies before it", cluster.Fault{Instead: cluster.ErrDead, Dies: true}},
	{"dies after it", cluster.Fault{Reply: cluster.ErrDead, Dies: true}},
	{"reply is lost", cluster.Fault{Reply: errors.New("http2: client connection lost")}},
	{"conflict", cluster.Fault{Instead: apierrors.NewConflict(schema.GroupResource{Resource: "objects"}, "it", errors.New("the object has been modified"))}},
	{"unavailable", cluster.Fault{Instead: apierrors.NewServiceUnavailable("etcdserver: leader changed")}},
}

// TestCrashAtEveryWrite: whatever becomes of one write of the operator, customers notice
// nothing, and in the end the world is as it would have been.
func TestCrashAtEveryWrite(t *testing.T) {
	budget := newBudget(t)
	created := scenario{name: "create"}
	for i, s := range append([]scenario{created}, someScenarios(t)...) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			start := s.begin
			if s.name == created.name {
				start = func() *World {
					w := New()
					w.Restart, w.Script = true, []Stage{at(nil, func(w *World) { w.Install() })}
					return w
				}
			}
			want, writes := undisturbed(t, start)
			for n := 1; n <= len(writes); n++ {
				for m, mode := range crashModes {
					if !budget.takes(n+m+i, commits(writes[n-1])) {
						continue
					}
					w := start()
					w.OnCall = atWrite(n, mode.fault)
					crashed(t, w, want, fmt.Sprintf("write %d of %d (%s %s): %s", n, len(writes), writes[n-1].Verb, writes[n-1].Key, mode.name))
				}
			}
		})
	}
}

// undisturbed returns how the world ends, and the writes of the operator on the way.
func undisturbed(t testing.TB, start func() *World) (map[string]string, []cluster.Call) {
	t.Helper()
	var calls []cluster.Call
	w := start()
	w.OnCall = func(c cluster.Call) cluster.Fault {
		calls = append(calls, c)
		return cluster.Fault{}
	}
	w.StartOperator()
	defer w.Close()
	w.Rest()
	w.Always.AtRest()
	w.Check(t, "undisturbed")
	return w.Canon(), calls
}

func crashed(t testing.TB, w *World, want map[string]string, what string) {
	t.Helper()
	w.StartOperator()
	defer w.Close()
	w.Rest()
	w.Always.AtRest()
	got := w.Canon()
	if w.Blurred {
		want = maps.Clone(want)
		delete(want, history)
		delete(got, history)
	}
	if diff := Differs(want, got); diff != "" {
		w.Always.violate("the world is not as without it (- want, + got):\n%s", diff)
	}
	w.Check(t, what)
}

func atWrite(n int, f cluster.Fault) func(cluster.Call) cluster.Fault {
	return func(c cluster.Call) cluster.Fault {
		if c.N == n {
			return f
		}
		return cluster.Fault{}
	}
}

// commits tells whether much hangs at a write: each mode is tried at it in every run.
func commits(c cluster.Call) bool {
	return c.Key.Kind == "ConfigMap" || (c.Key.Kind == "ShopRelease" && c.Verb != "status") || c.Verb == "deletecollection"
}
