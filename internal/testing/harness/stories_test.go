package harness

import (
	"fmt"
	"math/rand"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// TestStories: people, load and misfortune at random, for a quarter of an hour; nobody is hurt
// at any step, and when people have made up their minds, what they want serves.
func TestStories(t *testing.T) {
	budget := newBudget(t)
	for part := range 4 {
		t.Run(fmt.Sprintf("part %d of 4", part+1), func(t *testing.T) {
			t.Parallel()
			for n := range seeds(25) {
				seed := int64(part + 4*n)
				budget.made.Add(1)
				story(t, seed, nil)
			}
		})
	}
}

func story(t testing.TB, seed int64, rig func(*World) func(*Operator)) {
	t.Helper()
	r := rand.New(rand.NewSource(seed))
	s := scenario{name: "a story", rig: rig, world: func(w *World) {
		w.Behave["cart:slow"] = Behaviour{Start: 25 * time.Second}
		w.Behave["cart:never"] = Behaviour{Never: true, Trouble: "ImagePullBackOff"}
		w.Behave["cart:deaf"] = Behaviour{Grace: 40 * time.Second}
		w.Errors["cart:bad"] = 50
	}}
	w := s.begin()
	defer w.Close()
	w.Shuffle = shuffled(r)
	if r.Intn(2) == 0 {
		w.Delay = lagging(r)
	}
	w.StartOperator()
	end := w.Now.Add(15 * time.Minute)
	w.Act = func(w *World) {
		if r.Intn(25) == 0 {
			act(w, r)
		}
	}
	for w.Now.Before(end) && w.Steps < 700 {
		if !w.Step() {
			w.Now = w.Now.Add(time.Duration(1+r.Intn(60)) * time.Second)
		}
	}
	w.Act = nil
	madeUp(w)
	w.Rest()
	rightEnd(w)
	if reason, message := w.Reason(); reason.Stalls() {
		w.Always.violate("in the end nothing hinders %s, and the shop says %s: %s", w.Content(w.Shop()), reason, message)
	}
	w.Check(t, fmt.Sprintf("seed %d", seed))
}

// act does one thing that people, load or misfortune do.
func act(w *World, r *rand.Rand) {
	shop := w.Shop()
	actions := []func(){
		func() {
			w.Image("cart", pick(r, "cart:1", "cart:2", "cart:3", "cart:slow", "cart:never", "cart:bad", "cart:deaf"))
		},
		func() { w.Image("cart", pick(r, "cart:1", "cart:2", "cart:3")) },
		func() { w.Image("storefront", pick(r, "storefront:1", "storefront:2")) },
		func() { migrates(w, r) },
		func() { scales(w, r) },
		func() { w.Load["cart"], w.Load["storefront"] = int32(r.Intn(6)), int32(r.Intn(5)) },
		func() { pins(w, r) },
		func() { pauses(w, r) },
		func() { policies(w, r) },
		func() { prices(w, r) },
		func() { bounds(w, r) },
		func() { killsPod(w, r) },
		func() { crashes(w, r) },
		func() { janitor(w) },
	}
	if shop != nil {
		actions[r.Intn(len(actions))]()
	}
}

func pick(r *rand.Rand, of ...string) string { return of[r.Intn(len(of))] }

func migrates(w *World, r *rand.Rand) {
	how := pick(r, "", "migrate", "slow", "fail")
	w.Say("user: cart has the migration %q", how)
	w.Edit("cart", func(s *v1alpha1.ShopServiceSpec) {
		if s.Migration = nil; how != "" {
			s.Migration = &v1alpha1.Migration{Args: []string{how}, Deadline: duration(10 * time.Minute)}
		}
	})
}

func scales(w *World, r *rand.Rand) {
	n := int32(1 + r.Intn(4))
	auto := r.Intn(2) == 0
	name := pick(r, "cart", "storefront")
	w.Say("user: %s has %d pods, autoscaled: %t", name, n, auto)
	w.Edit(name, func(s *v1alpha1.ShopServiceSpec) {
		if s.Replicas, s.Autoscaling = ptr.To(n), nil; auto {
			s.Replicas, s.Autoscaling = nil, &v1alpha1.Autoscaling{MinReplicas: n, MaxReplicas: n + 2}
		}
	})
}

func pins(w *World, r *rand.Rand) {
	names := []string{"", "", "acme-nothing"}
	for _, o := range w.Store.All("ShopRelease") {
		names = append(names, o.GetName())
	}
	pin := pick(r, names...)
	w.Say("user: spec.release.active is %q", pin)
	w.Policy(func(s *v1alpha1.ShopSpec) { s.Release.Active = pin })
}

func pauses(w *World, r *rand.Rand) {
	paused := r.Intn(2) == 0
	w.Say("user: spec.paused is %t", paused)
	w.Policy(func(s *v1alpha1.ShopSpec) { s.Paused = paused })
}

func policies(w *World, r *rand.Rand) {
	w.Say("user: the release policy changes")
	w.Policy(func(s *v1alpha1.ShopSpec) {
		s.Release.Promotion = v1alpha1.Promotion(pick(r, "Automatic", "Automatic", "Manual"))
		s.Release.Version = pick(r, "", "", "1", "2")
		s.Release.RollbackWindow = duration(time.Duration(r.Intn(5)) * time.Minute)
		s.Release.HistoryLimit = ptr.To(int32(r.Intn(4)))
		s.Release.Guard, s.Release.Checks = nil, nil
		if r.Intn(2) == 0 {
			s.Release.Guard = &v1alpha1.Guard{Window: duration(time.Minute), MaxErrorPercent: ptr.To[int32](5), MinRequests: 50}
		}
		if r.Intn(3) == 0 {
			s.Release.Checks = []v1alpha1.Check{{Name: "smoke", Image: pick(r, "smoke:1", "fail", "slow")}}
		}
	})
}

func prices(w *World, r *rand.Rand) {
	tax := pick(r, "19", "7")
	w.Say("user: ConfigMap prices has tax %s", tax)
	w.User().Set(w.Store.Get("ConfigMap", Namespace, "prices"), func(o client.Object) { o.(*corev1.ConfigMap).Data = map[string]string{"tax": tax} })
}

func bounds(w *World, r *rand.Rand) {
	if q := w.Store.Get("ResourceQuota", Namespace, "pods"); q != nil {
		w.Say("user: the quota goes")
		w.User().Delete(q)
		return
	}
	n := int64(6 + r.Intn(8))
	w.Say("user: a quota of %d pods", n)
	w.User().Create(&corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "pods", Namespace: Namespace},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: *resource.NewQuantity(n, resource.DecimalSI)}},
	})
}

func killsPod(w *World, r *rand.Rand) {
	if all := w.Store.All("Pod"); len(all) > 0 {
		pod := all[r.Intn(len(all))].(*corev1.Pod)
		if podLabel(pod, labelJobName) == "" && pod.DeletionTimestamp.IsZero() {
			w.Say("chaos: pod %s ends", pod.Name)
			end(w.Chaos(), pod)
		}
	}
}

func crashes(w *World, r *rand.Rand) {
	w.Say("chaos: the operator dies at one of its next writes")
	n, mode := 1+r.Intn(15), crashModes[r.Intn(2)]
	for _, o := range w.Operators {
		if !o.Client.Dead() {
			written := 0
			o.Client.OnCall = func(cluster.Call) cluster.Fault {
				if written++; written == n {
					return mode.fault
				}
				return cluster.Fault{}
			}
		}
	}
}

// janitor deletes Jobs that ended, as ttlSecondsAfterFinished and many a script do.
func janitor(w *World) {
	w.Say("chaos: Jobs that ended are swept")
	for _, o := range w.Store.All("Job") {
		if ended(o.(*batchv1.Job)) {
			w.Chaos().Delete(o)
		}
	}
}

// madeUp: people want something that works, and nothing else is in the way.
func madeUp(w *World) {
	w.Say("user: everybody wants cart:final")
	w.Delay = nil
	for _, o := range w.Operators {
		o.Cache.Delay, o.Sources.Delay, o.Client.OnCall = nil, nil, nil
	}
	w.Policy(func(s *v1alpha1.ShopSpec) {
		s.Paused = false
		s.Release = v1alpha1.ReleasePolicy{
			Settle: duration(2 * time.Second), Promotion: v1alpha1.PromotionAutomatic, StartDeadline: duration(2 * time.Minute),
			RollbackWindow: duration(5 * time.Minute), HistoryLimit: ptr.To[int32](3),
		}
	})
	if q := w.Store.Get("ResourceQuota", Namespace, "pods"); q != nil {
		w.User().Delete(q)
	}
	w.Edit("cart", func(s *v1alpha1.ShopServiceSpec) { s.Image, s.Migration = "cart:final", nil })
}
