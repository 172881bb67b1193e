package foresee

import (
	"fmt"
	"maps"
	"math/rand"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
	"github.com/emporium-shop/emporium/internal/testing/harness"
)

// reads is the cluster as a person reads it.
func reads(w *harness.World) Cluster { return cluster.NewClient(w.Store, "person") }

// seeds is how many random changes are made: EMPORIUM_SEEDS where it is set, and a tenth with -short.
func seeds(usual int) int {
	if n, err := strconv.Atoi(os.Getenv("EMPORIUM_SEEDS")); err == nil && n > 0 {
		return n
	}
	if testing.Short() {
		return usual / 10
	}
	return usual
}

// random changes a field or two of a service, of the Shop, or of both.
func random(w *harness.World, seed int64) (out []client.Object) {
	r := rand.New(rand.NewSource(seed))
	of := r.Intn(3)
	if of != 0 {
		out = append(out, randomService(w, r, seed))
	}
	if of != 1 {
		out = append(out, randomShop(w, r, seed))
	}
	return out
}

func randomService(w *harness.World, r *rand.Rand, seed int64) client.Object {
	changes := []func(*v1alpha1.ShopServiceSpec){
		func(s *v1alpha1.ShopServiceSpec) { s.Image = fmt.Sprintf("image:%d", seed) },
		func(s *v1alpha1.ShopServiceSpec) {
			s.Env = []corev1.EnvVar{{Name: "SEED", Value: fmt.Sprint(seed)}}
		},
		func(s *v1alpha1.ShopServiceSpec) { s.Args = []string{fmt.Sprint(seed)} },
		func(s *v1alpha1.ShopServiceSpec) { s.Replicas, s.Autoscaling = ptr.To[int32](int32(1+r.Intn(4))), nil },
		func(s *v1alpha1.ShopServiceSpec) { s.DependsOn = []string{"nobody"} },
		func(s *v1alpha1.ShopServiceSpec) {
			s.Routes = append(s.Routes, v1alpha1.Route{Path: fmt.Sprintf("/r%d", seed)})
		},
		func(s *v1alpha1.ShopServiceSpec) { s.Routes = []v1alpha1.Route{{Path: "/"}} },
		func(s *v1alpha1.ShopServiceSpec) {
			s.Migration = &v1alpha1.Migration{Args: []string{"migrate"}, Irreversible: r.Intn(2) == 0}
		},
		func(*v1alpha1.ShopServiceSpec) {},
	}
	return edited(w, []string{"cart", "storefront"}[r.Intn(2)], func(s *v1alpha1.ShopServiceSpec) {
		for range 1 + r.Intn(2) {
			changes[r.Intn(len(changes))](s)
		}
	})
}

func randomShop(w *harness.World, r *rand.Rand, seed int64) client.Object {
	changes := []func(*v1alpha1.ShopSpec){
		func(s *v1alpha1.ShopSpec) { s.Release.Promotion = v1alpha1.PromotionManual },
		func(s *v1alpha1.ShopSpec) { s.Release.Checks = []v1alpha1.Check{{Name: "smoke", Image: "smoke:1"}} },
		func(s *v1alpha1.ShopSpec) { s.Release.Version = fmt.Sprint(seed) },
		func(s *v1alpha1.ShopSpec) { s.Release.Active = "acme-00000000" },
		func(s *v1alpha1.ShopSpec) { s.Release.Active = w.Shop().Status.Active.Release },
		func(s *v1alpha1.ShopSpec) {
			s.Release.RollbackWindow = &metav1.Duration{Duration: time.Duration(r.Intn(3)) * time.Minute}
		},
		func(s *v1alpha1.ShopSpec) { s.Defaults.Env = []corev1.EnvVar{{Name: "SEED", Value: fmt.Sprint(seed)}} },
		func(s *v1alpha1.ShopSpec) { s.Paused = true },
		func(s *v1alpha1.ShopSpec) {
			s.Release.Guard = &v1alpha1.Guard{Window: &metav1.Duration{Duration: time.Minute}, MaxErrorPercent: ptr.To[int32](5), MinRequests: 50}
		},
	}
	shop := w.Shop().DeepCopy()
	for range 1 + r.Intn(2) {
		changes[r.Intn(len(changes))](&shop.Spec)
	}
	return shop
}

// stepOf are the steps by the reason that the shop has meanwhile.
var stepOf = map[v1alpha1.Reason]string{
	v1alpha1.ReasonSettling: "settle", v1alpha1.ReasonBuilding: "build", v1alpha1.ReasonWaitingForRollbackWindow: "wait", v1alpha1.ReasonMigrating: "migrate",
	v1alpha1.ReasonStarting: "start", v1alpha1.ReasonChecking: "check", v1alpha1.ReasonAwaitingPromotion: "approval", v1alpha1.ReasonSwitching: "switch",
}

// happened are the steps that the Shop's history tells of since.
func happened(s *v1alpha1.Shop, since int64) (out []string) {
	for _, step := range s.Status.Recent {
		if what := stepOf[step.Reason]; step.Seq > since && what != "" {
			out = append(out, what)
		}
	}
	return slices.Compact(out)
}

// foretold are the steps that the history can tell of: a stack that goes is no step of the Shop.
func foretold(f Foresight) (out []string) {
	known := slices.Collect(maps.Values(stepOf))
	for _, s := range f.Steps {
		if slices.Contains(known, s.What) {
			out = append(out, s.What)
		}
	}
	return out
}

// TestMain keeps the operator's log of hundreds of runs quiet.
func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

// base is a shop that serves, whose operator has ended: every run goes on from here.
var base = sync.OnceValue(func() *harness.World {
	w := harness.Installed()
	w.Close()
	return w
})

// TestWhatIsForeseenIsWhatHappens: random changes are foreseen, then made, and the real operator does what was said, in that order.
func TestWhatIsForeseenIsWhatHappens(t *testing.T) {
	for seed := range seeds(120) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := base().Fork()
			w.StartOperator()
			t.Cleanup(w.Close)
			w.For(time.Second)
			changes := random(w, int64(seed))
			f := foreseen(t, w, Request{Objects: changes})
			since := w.Shop().Status.Recent[len(w.Shop().Status.Recent)-1].Seq
			apply(w, changes)
			w.For(2 * time.Minute)
			reason, message := w.Reason()
			is := w.Shop().Status
			comes := is.Active.Release
			if is.Candidate != nil && reason == v1alpha1.ReasonAwaitingPromotion {
				comes = is.Candidate.Release
			}
			switch {
			case f.Refused != "" && (reason != f.Refused || is.Active.Release != f.Active):
				t.Errorf("refused was foreseen (%s: %s), and it is %s: %s; %s serves", f.Refused, f.Why, reason, message, is.Active.Release)
			case f.Refused == "" && comes != f.Release:
				t.Errorf("%s was foreseen, and %s came: %s: %s", f.Release, comes, reason, message)
			}
			if want, got := foretold(f), happened(w.Shop(), since); f.Refused == "" && !slices.Equal(got, want) {
				t.Errorf("the steps were foreseen as %s, and were %s", strings.Join(want, ", "), strings.Join(got, ", "))
			}
		})
	}
}

func apply(w *harness.World, changes []client.Object) {
	for _, change := range changes {
		w.User().Set(w.Store.Get(cluster.KindOf(change), harness.Namespace, change.GetName()), func(o client.Object) {
			switch o := o.(type) {
			case *v1alpha1.ShopService:
				o.Spec = *change.(*v1alpha1.ShopService).Spec.DeepCopy()
			case *v1alpha1.Shop:
				o.Spec = *change.(*v1alpha1.Shop).Spec.DeepCopy()
			}
		})
	}
}
