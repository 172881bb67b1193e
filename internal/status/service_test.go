package status

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	snapshots "github.com/emporium-shop/emporium/internal/release"
)

// told is what a team reads of its catalog: whether it is ready and why, and the conditions that are there only while true.
func told(now string, running int32, d plan.Decision) string {
	w := &observe.World{
		Shop:     &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme"}},
		Releases: map[string]*v1alpha1.ShopRelease{releaseA: {Spec: of(map[string]string{"cart": "cart:1", "catalog": "catalog:1"})}},
		Snapshot: snapshots.Snapshot{Spec: of(map[string]string{"cart": "cart:2", "catalog": now})},
	}
	w.Observed.Stacks = map[string]plan.Stack{releaseA: {"catalog": {Wanted: 2, Available: running, Current: true}}}
	d.Table.Active = releaseA
	d.Stacks = []plan.StackPlan{{Release: releaseA, Role: plan.Active, Floors: map[string]int32{"catalog": 2}}}
	svc := &v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Name: "catalog"}}
	var abnormal []string
	ready := ""
	for _, c := range Service(w, &d, svc).Conditions {
		if c.Type == string(v1alpha1.ConditionReady) {
			ready = fmt.Sprintf("%s %s", c.Status, c.Reason)
			continue
		}
		abnormal = append(abnormal, c.Type)
	}
	slices.Sort(abnormal)
	return strings.TrimSpace(ready + " " + strings.Join(abnormal, " "))
}

func TestAServiceIsReadyWhenItsSpecServes(t *testing.T) {
	for name, c := range map[string]struct {
		image   string
		running int32
		d       plan.Decision
		want    string
	}{
		"it serves as it is":                     {"catalog:1", 2, plan.Decision{Reason: v1alpha1.ReasonServing}, "True Serving"},
		"the release of others is on its way":    {"catalog:1", 2, plan.Decision{Reason: v1alpha1.ReasonStarting}, "True Serving"},
		"the release of others failed":           {"catalog:1", 2, plan.Decision{Reason: v1alpha1.ReasonCheckFailed}, "True Serving"},
		"it lost pods":                           {"catalog:1", 1, plan.Decision{Reason: v1alpha1.ReasonDegraded}, "False Degraded Reconciling"},
		"its change settles":                     {"catalog:2", 2, plan.Decision{Reason: v1alpha1.ReasonSettling}, "False Releasing Reconciling"},
		"its change starts":                      {"catalog:2", 2, plan.Decision{Reason: v1alpha1.ReasonStarting}, "False Releasing Reconciling"},
		"its change waits for a promotion":       {"catalog:2", 2, plan.Decision{Reason: v1alpha1.ReasonAwaitingPromotion}, "False Releasing"},
		"its change came to nothing":             {"catalog:2", 2, plan.Decision{Reason: v1alpha1.ReasonStartDeadlineExceeded}, "False StartDeadlineExceeded Stalled"},
		"its change makes no release":            {"catalog:2", 2, plan.Decision{Reason: v1alpha1.ReasonInvalidServices}, "False InvalidServices Stalled"},
		"its change waits, since all is paused":  {"catalog:2", 2, plan.Decision{Reason: v1alpha1.ReasonPaused}, "False Paused"},
		"its change waits for another version":   {"catalog:2", 2, plan.Decision{Reason: v1alpha1.ReasonServing, Pending: releaseA}, "True Serving PendingChanges"},
		"another's change waits for a version":   {"catalog:1", 2, plan.Decision{Reason: v1alpha1.ReasonServing, Pending: releaseA}, "True Serving"},
		"its change waits, and it lost all pods": {"catalog:2", 0, plan.Decision{Reason: v1alpha1.ReasonDegraded, Pending: releaseA}, "False Degraded PendingChanges Reconciling"},
	} {
		if got := told(c.image, c.running, c.d); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestWhatAServiceSaysDoesNotCountPods(t *testing.T) {
	says := func(message string) string {
		d := plan.Decision{Reason: v1alpha1.ReasonStartDeadlineExceeded, Message: message}
		w := &observe.World{Shop: &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme"}}}
		return Service(w, &d, &v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Name: "catalog"}}).Conditions[0].Message
	}
	if a, b := says("1 of 3 ready; waiting for cart (CrashLoopBackOff), search"), says("2 of 3 ready; waiting for search"); a != b {
		t.Errorf("every service would be written with every pod:\n%s\n%s", a, b)
	}
}

func TestAServiceSaysThatItsNodesCannotBeDrained(t *testing.T) {
	w, d := open()
	w.Releases[releaseA].Spec.Services[0].Image = "cart:1"
	w.Snapshot.Spec.Services = w.Releases[releaseA].Spec.Services
	svc := &v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Name: "cart"}}
	ready := func() metav1.Condition { return Service(w, d, svc).Conditions[0] }
	if c := ready(); c.Status != metav1.ConditionTrue || c.Message != "release acme-aaaaaaaa serves" {
		t.Fatalf("%s: %s", c.Status, c.Message)
	}
	const both = "release acme-aaaaaaaa serves, but no node with its pods can be drained: each of the PodDisruptionBudgets all, team-cart selects them, and Kubernetes evicts no pod of two; delete all but one"
	const own = "release acme-aaaaaaaa serves, but no node with its pods can be drained: PodDisruptionBudget team-cart selects them beside the operator's own; delete it, and say in spec.disruptionBudget how many may go at a time"
	for _, c := range []struct {
		budgets    []string
		autoscaled bool
		want       string
	}{
		{[]string{"team-cart"}, false, "release acme-aaaaaaaa serves"}, // one pod has no budget of ours
		{[]string{"all", "team-cart"}, false, both},
		{[]string{"team-cart"}, true, own},
	} {
		w.Budgets, w.Releases[releaseA].Spec.RenderVersion = map[string][]string{"cart": c.budgets}, snapshots.CurrentRenderVersion
		if w.Live = nil; c.autoscaled {
			w.Live = map[string]v1alpha1.ServiceScale{"cart": {Autoscaling: &v1alpha1.Autoscaling{}}}
		}
		if got := ready(); got.Status != metav1.ConditionTrue || got.Message != c.want {
			t.Errorf("%v, autoscaled %t: %s: %s", c.budgets, c.autoscaled, got.Status, got.Message)
		}
	}
}
