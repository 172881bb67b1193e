package harness

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// TestCheckersCanFail: with a seeded fault each checker must see what it is there for; without
// it, in the same story, it must not.
func TestCheckersCanFail(t *testing.T) {
	stays := func(client.Object) bool { return false }
	for _, c := range some([]struct {
		fault string
		rig   func(*World) func(*Operator)
		story func(*World)
		sees  string
	}{
		{"floors are skipped", reads(everyPodIsReady), slowRelease, "available pods"},
		{"a stack is pruned before the front door confirms", everyReplicaConfirms, hastyRelease, "which serves, is deleted"},
		{"paused is not looked at", reads(nothingIsPaused), pausedAndDamaged, "spec.paused is true"},
		{"objects have no owner", writes(withoutOwner), aRelease, "without its shop as owner"},
		{"an autoscaled service is scaled by the operator", writes(withOnePod), underLoad, "is scaled from"},
		{"Services are not healed", writes(never("Service")), deletedService, "not as before"},
		{"the events of Services are not seen", deafTo("Service"), deletedService, "does not wake"},
		{"irreversible migrations are not remembered", with(faulty{patched: stays}), irreversible, "is not marked"},
		{"what is retired is left", with(faulty{deleted: stays}), aRelease, "the old stack is left"},
		{"a conflict is called a success", with(faulty{forced: true}), conflictAtTheSwitch, "is not what the table names"},
		{"the table's precondition is dropped", writes(withoutPreconditions), lateSwitch, "older table"},
		{"a pass writes whatever there is", reads(deploymentsWithoutLabels), aRelease, "an idle pass writes"},
		{"history is not kept", deletes(&v1alpha1.ShopReleaseList{}, func(o client.Object) bool { return true }), briefly, "which serves, served before or is pinned"},
		{"running Jobs are deleted", deletes(&batchv1.JobList{}, func(o client.Object) bool { return !ended(o.(*batchv1.Job)) }), irreversible, "is deleted while it runs"},
		{"migrations overlap", doubles("Job"), irreversible, "a second migration"},
		{"three stacks run", doubles("Deployment"), briefly, "stacks run"},
	}) {
		t.Run(c.fault, func(t *testing.T) {
			for _, seeded := range []bool{false, true} {
				w := scenario{name: "serving"}.begin()
				if seeded {
					w.Rig = c.rig(w)
				}
				c.story(w)
				w.Always.AtRest()
				w.Close()
				found := strings.Join(w.Always.Violations(), "\n")
				if strings.Contains(found, c.sees) != seeded {
					t.Errorf("with the fault: %t; the checkers say:\n%s\n%s", seeded, found, w.Story(30))
				}
			}
		})
	}
}

func aRelease(w *World) {
	old := w.table().Active
	w.StartOperator()
	w.Image("cart", "cart:2")
	w.Rest()
	if w.table().Active != old && len(ours(w, "Deployment")) > 3 {
		w.Always.violate("the old stack is left")
	}
	idle(w)
}

func briefly(w *World) {
	w.StartOperator()
	w.Image("cart", "cart:2")
	w.For(10 * time.Second)
}

func slowRelease(w *World) {
	w.Behave["cart:2"] = Behaviour{Start: 40 * time.Second}
	aRelease(w)
}

func hastyRelease(w *World) {
	w.Policy(func(s *v1alpha1.ShopSpec) { s.Release.RollbackWindow = duration(0) })
	w.ConfirmAfter = 3 * time.Minute
	aRelease(w)
}

func pausedAndDamaged(w *World) {
	w.StartOperator()
	w.Policy(func(s *v1alpha1.ShopSpec) { s.Paused = true })
	w.For(5 * time.Second)
	w.Chaos().Delete(w.Store.Get("PodDisruptionBudget", Namespace, "acme-front-door"))
	w.For(5 * time.Second)
}

func underLoad(w *World) {
	w.StartOperator()
	w.Load["cart"] = 4
	w.For(10 * time.Second)
	for _, o := range ours(w, "Deployment") {
		w.Chaos().Set(o, func(o client.Object) { o.GetLabels()["app.kubernetes.io/name"] = "else" })
	}
	w.For(10 * time.Second)
}

func deletedService(w *World) {
	operator := w.StartOperator()
	w.For(5 * time.Second)
	before, passes := w.Canon(), operator.Passes
	w.Chaos().Delete(w.Store.Get("Service", Namespace, "acme-preview"))
	w.For(10 * time.Second)
	if operator.Passes == passes {
		w.Always.violate("it does not wake the operator")
	}
	if diff := Differs(before, w.Canon()); diff != "" {
		w.Always.violate("it is not as before:\n%s", diff)
	}
}

func irreversible(w *World) {
	w.StartOperator()
	w.Edit("cart", func(s *v1alpha1.ShopServiceSpec) {
		s.Image, s.Migration = "cart:2", &v1alpha1.Migration{Args: []string{"slow"}, Irreversible: true, Deadline: duration(5 * time.Minute)}
	})
	w.For(15 * time.Second)
}

func isTheSwitch(w *World) func(cluster.Call) bool {
	return func(c cluster.Call) bool {
		return c.Key.Kind == "ConfigMap" && c.Key.Name == frontdoor.TableName(Shop) && len(w.Store.All("ShopRelease")) > 1
	}
}

func conflictAtTheSwitch(w *World) {
	it, once := isTheSwitch(w), false
	w.OnCall = func(c cluster.Call) cluster.Fault {
		if !once && it(c) {
			once = true
			return crashModes[3].fault
		}
		return cluster.Fault{}
	}
	w.StartOperator()
	w.Image("cart", "cart:2")
	w.For(20 * time.Second)
}

func lateSwitch(w *World) {
	w.Image("cart", "cart:2")
	lateWrite(w, isTheSwitch(w))
}
