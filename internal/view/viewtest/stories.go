package viewtest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
	"github.com/emporium-shop/emporium/internal/testing/harness"
	"github.com/emporium-shop/emporium/internal/view"
)

// story is how people, or misfortune, bring a shop into a state.
type story struct {
	reason v1alpha1.Reason
	// says is what the message holds when the story ends; "": anything.
	says string
	// before is what is there when the shop is created, and policy what its owner changes when two releases have served.
	before func(*harness.World)
	policy func(*v1alpha1.ShopSpec)
	// acts come one after the other, each when the shop has the reason beside it; "" at once.
	acts []act
	// young: nothing has served yet.
	young bool
}

type act struct {
	when v1alpha1.Reason
	do   func(*harness.World)
}

func ships(image string) func(*harness.World) {
	return func(w *harness.World) { w.Image("cart", image) }
}

func migrates(how string) func(*harness.World) {
	return func(w *harness.World) {
		w.Edit("cart", func(s *v1alpha1.ShopServiceSpec) {
			s.Image, s.Migration = "cart:2", &v1alpha1.Migration{Args: []string{how}}
		})
	}
}

func behaves(image string, how harness.Behaviour) func(*harness.World) {
	return func(w *harness.World) { w.Behave[image] = how }
}

func twoChecks(prices string) []v1alpha1.Check {
	return []v1alpha1.Check{{Name: "smoke", Image: "smoke:1"}, {Name: "prices", Image: prices}}
}

func checking(prices string) func(*v1alpha1.ShopSpec) {
	return func(s *v1alpha1.ShopSpec) { s.Release.Checks = twoChecks(prices) }
}

func manual(s *v1alpha1.ShopSpec) { s.Release.Promotion = v1alpha1.PromotionManual }

func watched(s *v1alpha1.ShopSpec) {
	s.Release.Guard = &v1alpha1.Guard{Window: &metav1.Duration{Duration: time.Minute}, MaxErrorPercent: ptr.To[int32](5), MinRequests: 50}
}

var noImage = harness.Behaviour{Never: true, Trouble: "ImagePullBackOff"}

// stories are one for each reason that a Shop can have, played by the real operator in the cluster of internal/testing/harness.
var stories = []story{
	{reason: v1alpha1.ReasonInstalling, says: "1 of 2 services ready; waiting for cart (ImagePullBackOff)", before: behaves("cart:1", noImage), young: true},
	{reason: v1alpha1.ReasonSettling, acts: []act{{do: ships("cart:2")}}},
	{reason: v1alpha1.ReasonBuilding, before: sourced, acts: []act{{do: builds}}},
	{reason: v1alpha1.ReasonMigrating, acts: []act{{do: migrates("slow")}}},
	{reason: v1alpha1.ReasonStarting, says: "1 of 2 services ready; waiting for cart (ImagePullBackOff)", before: behaves("cart:2", noImage), acts: []act{{do: ships("cart:2")}}},
	{reason: v1alpha1.ReasonChecking, says: "1 of 2 checks passed", policy: checking("slow"), acts: []act{{do: ships("cart:2")}}},
	{reason: v1alpha1.ReasonAwaitingPromotion, policy: func(s *v1alpha1.ShopSpec) { checking("prices:1")(s); manual(s) }, acts: []act{{do: ships("cart:2")}}},
	{reason: v1alpha1.ReasonSwitching, says: "0 of 2 replicas", acts: []act{{do: func(w *harness.World) { w.ConfirmAfter = 2 * time.Second; ships("cart:2")(w) }}}},
	{reason: v1alpha1.ReasonRollbackWindow, acts: []act{{do: ships("cart:2")}}},
	{reason: v1alpha1.ReasonWaitingForRollbackWindow, acts: []act{{do: ships("cart:2")}, {v1alpha1.ReasonRollbackWindow, ships("cart:3")}}},
	{reason: v1alpha1.ReasonServing},
	{reason: v1alpha1.ReasonStartDeadlineExceeded, before: behaves("cart:2", noImage), acts: []act{{do: ships("cart:2")}}},
	{reason: v1alpha1.ReasonMigrationFailed, acts: []act{{do: migrates("fail")}}},
	{reason: v1alpha1.ReasonCheckFailed, policy: checking("fail"), acts: []act{{do: ships("cart:2")}}},
	{reason: v1alpha1.ReasonGuardBroken, policy: watched, before: func(w *harness.World) { w.Errors["cart:2"] = 50 }, acts: []act{{do: ships("cart:2")}}},
	{reason: v1alpha1.ReasonInvalidServices, acts: []act{{do: func(w *harness.World) {
		w.Edit("cart", func(s *v1alpha1.ShopServiceSpec) { s.DependsOn = []string{"tax"} })
	}}}},
	{reason: v1alpha1.ReasonQuotaExceeded, acts: []act{{do: func(w *harness.World) { bounds(w); ships("cart:2")(w) }}}},
	{reason: v1alpha1.ReasonRollbackRefused, acts: []act{{do: func(w *harness.World) {
		w.Policy(func(s *v1alpha1.ShopSpec) { s.Release.Active = "acme-00000000" })
	}}}},
	{reason: v1alpha1.ReasonFrontDoorUnavailable, acts: []act{{do: behaves("gateway:1", noImage)}}},
	{reason: v1alpha1.ReasonPaused, acts: []act{{do: func(w *harness.World) { w.Policy(func(s *v1alpha1.ShopSpec) { s.Paused = true }) }}}},
	{reason: v1alpha1.ReasonDeleting, acts: []act{{do: func(w *harness.World) {
		w.Chaos().Report(w.Shop(), func(o client.Object) {
			o.SetFinalizers([]string{"foregroundDeletion"})
			o.SetDeletionTimestamp(&metav1.Time{Time: w.Now})
		})
		w.Operators[0].Kill() // a controller that starts looks at each
		w.StartOperator()
	}}}},
	{reason: v1alpha1.ReasonDegraded, acts: []act{{do: behaves("cart:1", harness.Behaviour{Never: true, Trouble: "CrashLoopBackOff"})}}},
	{reason: v1alpha1.ReasonApplyFailed, before: func(w *harness.World) {
		w.OnCall = func(c cluster.Call) cluster.Fault {
			if c.Key.Kind == "Deployment" && w.Store.Get("ShopService", harness.Namespace, "cart").(*v1alpha1.ShopService).Spec.Image == "cart:2" {
				return cluster.Fault{Instead: apierrors.NewInternalError(errors.New("failed calling webhook"))}
			}
			return cluster.Fault{}
		}
	}, acts: []act{{do: ships("cart:2")}}},
	{reason: v1alpha1.ReasonForeignObject, before: func(w *harness.World) {
		w.User().Create(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: harness.Namespace, Name: "acme"}})
	}, young: true},
	{reason: v1alpha1.ReasonSignatureMissing, acts: []act{{do: func(w *harness.World) {
		w.Policy(func(s *v1alpha1.ShopSpec) { s.Release.Verify = &v1alpha1.Verification{} })
		ships("cart:2")(w)
	}}}},
}

// sourced is a shop with a service that is built from source.
func sourced(w *harness.World) {
	source := &v1alpha1.ShopSource{ObjectMeta: metav1.ObjectMeta{Namespace: harness.Namespace, Name: "wishlist"}}
	source.Status.Latest = &v1alpha1.BuiltImage{Commit: "aaaaaaaa", Version: "1", Image: "registry.example/wishlist@sha256:" + strings.Repeat("1", 64)}
	w.User().Create(source)
	wishlist := &v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Namespace: harness.Namespace, Name: "wishlist"}}
	wishlist.Spec.Shop, wishlist.Spec.ImageFrom = harness.Shop, &v1alpha1.ImageSource{Source: "wishlist"}
	wishlist.Spec.Port = 8080
	wishlist.Status.ObservedGeneration = -1
	w.User().Create(wishlist)
}

// builds the next commit, while another service changes.
func builds(w *harness.World) {
	w.User().Report(w.Store.Get("ShopSource", harness.Namespace, "wishlist"), func(o client.Object) {
		o.(*v1alpha1.ShopSource).Status.Building = &v1alpha1.Build{Commit: "0123456789abcdef", Job: "wishlist-1", Attempt: 1, Since: metav1.NewTime(w.Now)}
	})
	ships("cart:2")(w)
}

// bounds leaves no room for one pod more.
func bounds(w *harness.World) {
	w.User().Create(&corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "compute", Namespace: harness.Namespace},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: *resource.NewQuantity(int64(len(w.Store.All("Pod"))), resource.DecimalSI)}},
	})
}

// played keeps what a story came to: a story takes some milliseconds, and tests ask for them again and again.
var played = sync.OnceValues(func() (map[v1alpha1.Reason]view.Objects, error) {
	out := map[v1alpha1.Reason]view.Objects{}
	var errs []error
	for _, s := range stories {
		o, err := s.play()
		out[s.reason], errs = o, append(errs, err)
	}
	return out, errors.Join(errs...)
})

// Stories are shops by the reason that the real operator said of them. They are shared: nobody may change them.
func Stories() (map[v1alpha1.Reason]view.Objects, error) { return played() }

// Reasons are those of worlds or stories, in the order of their names.
func Reasons(of map[v1alpha1.Reason]view.Objects) []v1alpha1.Reason {
	return slices.Sorted(maps.Keys(of))
}

// play lets a story happen, until the shop has its reason and what the operator has to say about it is said.
func (s story) play() (view.Objects, error) {
	w := harness.New()
	defer w.Close()
	if s.before != nil {
		s.before(w)
	}
	w.Install()
	w.StartOperator()
	if !s.young {
		w.Rest()
		w.Image("storefront", "storefront:2")
		w.Rest()
	}
	if s.policy != nil {
		w.Policy(s.policy)
	}
	for _, a := range s.acts {
		if a.when != "" {
			w.Until(func() bool { is, _ := w.Reason(); return is == a.when })
		}
		a.do(w)
		w.For(noticed)
	}
	is := func() bool { is, message := w.Reason(); return is == s.reason && strings.Contains(message, s.says) }
	if !w.Until(is) {
		reason, message := w.Reason()
		return view.Objects{}, fmt.Errorf("the story of %s ends as %s: %s", s.reason, reason, message)
	}
	w.For(said)
	if reason, message := w.Reason(); !is() {
		return view.Objects{}, fmt.Errorf("the story of %s goes on to %s: %s", s.reason, reason, message)
	}
	return seen(w), nil
}

// noticed is the time in which the operator sees what was done.
const noticed = 300 * time.Millisecond

// said is the time in which the records of releases follow the Shop.
const said = 900 * time.Millisecond

// seen is what a person would read of the world.
func seen(w *harness.World) view.Objects {
	o := view.Objects{Shop: w.Shop().DeepCopy(), Now: w.Now}
	o.Services, o.Releases, o.Sources = all(w, o.Services, "ShopService"), all(w, o.Releases, "ShopRelease"), all(w, o.Sources, "ShopSource")
	o.Deployments, o.Autoscalers, o.Pods = all(w, o.Deployments, "Deployment"), all(w, o.Autoscalers, "HorizontalPodAutoscaler"), all(w, o.Pods, "Pod")
	o.Jobs, o.Leases = all(w, o.Jobs, "Job"), all(w, o.Leases, "Lease")
	return o
}

func all[O any](w *harness.World, _ []O, kind string) (out []O) {
	for _, o := range w.Store.All(kind) {
		out = append(out, *any(o.DeepCopyObject()).(*O))
	}
	return slices.Clip(out)
}
