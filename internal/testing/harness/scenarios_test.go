package harness

import (
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// scenario is what users do to a shop that serves, and what comes of it.
type scenario struct {
	name   string
	policy func(*v1alpha1.Shop)
	world  func(*World)
	script []Stage
	// rig puts a fault into the operators that are started.
	rig func(*World) func(*Operator)
}

func reasonIs(r v1alpha1.Reason) func(*World) bool {
	return func(w *World) bool {
		is, _ := w.Reason()
		return is == r
	}
}

func at(when func(*World) bool, do func(*World)) Stage { return Stage{when, do} }
func ships(service, image string) func(*World) {
	return func(w *World) { w.Image(service, image) }
}

// retries asks by the Shop's annotation for one more try of a Job of the newest release, or of that release.
func retries(job string) func(*World) {
	return func(w *World) {
		var newest *v1alpha1.ShopRelease
		for _, o := range w.Store.All("ShopRelease") {
			if r := o.(*v1alpha1.ShopRelease); newest == nil || newest.CreationTimestamp.Before(&r.CreationTimestamp) {
				newest = r
			}
		}
		w.Say("user: retry of %s of %s", job, newest.Name)
		w.User().Set(w.Shop(), func(o client.Object) {
			metav1.SetMetaDataAnnotation(&o.(*v1alpha1.Shop).ObjectMeta, v1alpha1.AnnotationRetry, newest.Name+"/"+job+"@1")
		})
	}
}

func guarded(s *v1alpha1.Shop) {
	s.Spec.Release.Guard = &v1alpha1.Guard{Window: duration(time.Minute), MaxErrorPercent: ptr.To[int32](5), MinRequests: 50}
}

func checked(s *v1alpha1.Shop) {
	s.Spec.Release.Checks = []v1alpha1.Check{{Name: "smoke", Image: "smoke:1"}}
}

// scenarios are those that a crash is tried in. The first stage of each is at once.
func scenarios() []scenario {
	return []scenario{
		{name: "new image", script: []Stage{at(nil, ships("cart", "cart:2"))}},
		{name: "new image with a migration and a check", policy: checked, script: []Stage{at(nil, func(w *World) {
			w.Edit("cart", func(s *v1alpha1.ShopServiceSpec) {
				s.Image, s.Migration = "cart:2", &v1alpha1.Migration{Args: []string{"migrate"}, Irreversible: true, Deadline: duration(time.Minute)}
			})
		})}},
		{name: "way back", script: []Stage{
			at(nil, ships("cart", "cart:2")),
			at(reasonIs(v1alpha1.ReasonRollbackWindow), ships("cart", "cart:1")),
		}},
		{name: "abort", world: func(w *World) { w.Behave["cart:never"] = Behaviour{Never: true, Trouble: "ImagePullBackOff"} }, script: []Stage{
			at(nil, ships("cart", "cart:never")),
			at(func(w *World) bool { return len(w.Store.All("Deployment")) > 4 }, ships("cart", "cart:1")),
		}},
		{name: "drop a service", script: []Stage{at(nil, func(w *World) {
			w.Edit("storefront", func(s *v1alpha1.ShopServiceSpec) { s.DependsOn = nil })
			w.User().Delete(w.Store.Get("ShopService", Namespace, "cart"))
		})}},
		{name: "HPA on and off", script: []Stage{at(nil, func(w *World) {
			w.Edit("storefront", func(s *v1alpha1.ShopServiceSpec) {
				s.Replicas, s.Autoscaling = nil, &v1alpha1.Autoscaling{MinReplicas: 2, MaxReplicas: 4}
			})
			w.Edit("cart", func(s *v1alpha1.ShopServiceSpec) { s.Replicas, s.Autoscaling = ptr.To[int32](3), nil })
		})}},
		{name: "guard fires", policy: guarded, world: func(w *World) { w.Errors["cart:bad"] = 50 }, script: []Stage{at(nil, ships("cart", "cart:bad"))}},
		{name: "a migration that failed is retried", script: []Stage{
			at(nil, func(w *World) {
				w.Edit("cart", func(s *v1alpha1.ShopServiceSpec) {
					s.Image, s.Migration = "cart:2", &v1alpha1.Migration{Args: []string{"fail"}, Deadline: duration(time.Minute)}
				})
			}),
			at(reasonIs(v1alpha1.ReasonMigrationFailed), func(w *World) { w.Mended = true; retries("cart")(w) }),
		}},
		{name: "what the guard rejected is retried", policy: guarded, world: func(w *World) { w.Errors["cart:bad"] = 50 }, script: []Stage{
			at(nil, ships("cart", "cart:bad")),
			at(reasonIs(v1alpha1.ReasonGuardBroken), func(w *World) { delete(w.Errors, "cart:bad"); retries("-")(w) }),
		}},
		{name: "delete", script: []Stage{at(nil, func(w *World) { w.User().Delete(w.Shop()) })}},
	}
}

var installed = struct {
	sync.Mutex
	worlds map[string]*World
}{worlds: map[string]*World{}}

// begin returns a world at the point where the scenario begins, with its operator.
func (s scenario) begin() *World {
	installed.Lock()
	defer installed.Unlock()
	base := installed.worlds[s.name]
	if base == nil {
		base = New()
		if s.world != nil {
			s.world(base)
		}
		if s.policy != nil {
			base.Install(s.policy)
		} else {
			base.Install()
		}
		base.StartOperator()
		base.Rest()
		base.Close()
		installed.worlds[s.name] = base
	}
	w := base.Fork()
	w.Script, w.Restart = s.script, true
	if s.rig != nil {
		w.Rig = s.rig(w)
	}
	return w
}
