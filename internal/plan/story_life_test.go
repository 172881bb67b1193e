package plan_test

import (
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/testing/world"
)

// migrated is a shop whose cart depends on catalog, and both migrate their data from release B on.
func migrated(irreversible bool) *world.World {
	w := installed()
	w.Services["catalog"] = plan.Service{Migration: &plan.Migration{Identity: "catalog-2", Irreversible: irreversible}}
	w.Services["cart"] = plan.Service{DependsOn: []string{"catalog"}, Migration: &plan.Migration{Identity: "cart-2"}}
	return w
}

// guarded is a shop with a guard whose release B was switched to.
func guarded(counts frontdoor.Counts) *world.World {
	w := installed()
	w.Observed.Policy.Guard = &plan.Guard{Window: 2 * time.Minute, MaxErrorPercent: 1, MaxLatencyP99: time.Second, MinRequests: 100}
	w.Counts["acme-bbbbbbbb"] = counts
	w.Change("acme-bbbbbbbb")
	return w
}

func init() {
	stories["migrations run in the order of dependsOn"] = func() *world.World {
		w := migrated(false)
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		return w
	}
	stories["a failed migration"] = func() *world.World {
		w := migrated(false)
		w.Ends["acme-bbbbbbbb/catalog"] = plan.JobFailed
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		w.Say("the Job is deleted, and would succeed now")
		delete(w.Ends, "acme-bbbbbbbb/catalog")
		delete(w.Observed.Migrations["acme-bbbbbbbb"], "catalog")
		w.Run(time.Second, 7)
		return w
	}
	stories["no way back past an irreversible migration"] = func() *world.World {
		w := migrated(true)
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		w.Change("acme-aaaaaaaa")
		w.Run(time.Second, 7)
		w.Change("acme-cccccccc")
		w.Run(time.Minute, 20)
		return w
	}
	stories["an old release that is cut anew stays behind an irreversible migration"] = func() *world.World {
		w := migrated(true)
		w.Change("acme-bbbbbbbb")
		w.Run(time.Minute, 20)
		w.Say("ShopRelease acme-aaaaaaaa is deleted, and its services come back")
		w.Forget("acme-aaaaaaaa")
		w.Services = map[string]plan.Service{}
		w.Change("acme-aaaaaaaa")
		w.Run(time.Second, 9)
		return w
	}
	stories["checks pass"] = func() *world.World {
		w := installed()
		w.Observed.Policy.Checks = []string{"smoke", "prices"}
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		return w
	}
	stories["a failed check"] = func() *world.World {
		w := installed()
		w.Observed.Policy.Checks = []string{"smoke", "prices"}
		w.Ends["acme-bbbbbbbb/prices"] = plan.JobFailed
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		w.Say("the Job is deleted, and would pass now")
		delete(w.Ends, "acme-bbbbbbbb/prices")
		delete(w.Observed.Checks["acme-bbbbbbbb"], "prices")
		w.Run(time.Second, 7)
		return w
	}
	stories["checks come before manual promotion"] = func() *world.World {
		w := installed()
		w.Observed.Policy.Manual, w.Observed.Policy.Checks = true, []string{"smoke"}
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		return w
	}
	stories["the guard goes back and the next release need not wait"] = func() *world.World {
		w := guarded(frontdoor.Counts{Requests: 200, Errors: 10})
		w.Run(time.Second, 7)
		w.Change("acme-cccccccc")
		w.Run(time.Second, 7)
		return w
	}
	stories["a release that is tried again is guarded again"] = func() *world.World {
		w := guarded(frontdoor.Counts{Requests: 200, Errors: 10})
		w.Run(time.Second, 7)
		w.Say("ShopRelease acme-bbbbbbbb is deleted, and is no better now")
		w.StartsIn["acme-bbbbbbbb/cart"] = 3
		w.Forget("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		return w
	}
	stories["the guard sees slow answers and the release is tried again"] = func() *world.World {
		w := guarded(frontdoor.Counts{Requests: 200, Slow: 3})
		w.Run(time.Second, 7)
		w.Say("ShopRelease acme-bbbbbbbb is deleted, and is fast now")
		w.Counts["acme-bbbbbbbb"] = frontdoor.Counts{Requests: 500}
		w.Forget("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		w.Run(time.Minute, 20)
		return w
	}
	stories["the guard gives no verdict on few requests"] = func() *world.World {
		w := guarded(frontdoor.Counts{Requests: 99, Errors: 99})
		w.Run(time.Second, 7)
		w.Run(time.Minute, 20)
		return w
	}
	stories["the guard has nothing to go back to"] = func() *world.World {
		w := guarded(frontdoor.Counts{Requests: 200, Errors: 10})
		w.StartsIn["acme-aaaaaaaa/cart"] = -1 // it would not be ready if it were looked at now
		w.Run(time.Second, 7)
		return w
	}
	stories["a quota too small"] = func() *world.World {
		w := installed()
		w.Services["cart"] = plan.Service{PerPod: map[string]resource.Quantity{"requests.cpu": resource.MustParse("300m")}}
		w.Observed.Quotas = []plan.Quota{{Name: "compute", Left: map[string]resource.Quantity{"requests.cpu": resource.MustParse("500m")}}}
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		w.Say("the ResourceQuota is raised")
		w.Observed.Quotas[0].Left["requests.cpu"] = resource.MustParse("1")
		w.Run(time.Second, 7)
		return w
	}
	stories["the active stack finds no room"] = func() *world.World {
		w := installed()
		w.StartsIn["acme-bbbbbbbb/cart"] = -1
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		w.Say("cart of the active release is scaled up, and the quota is used up")
		w.Refused["acme-aaaaaaaa/cart"] = "exceeded quota: compute"
		w.Observed.Stacks["acme-aaaaaaaa"]["cart"] = plan.Running{Current: true, Wanted: 4, Available: 2, NoRoom: true, Refused: "exceeded quota: compute"}
		w.Run(time.Second, 7)
		w.Run(20*time.Second, 9)
		w.Say("there is room again")
		delete(w.Refused, "acme-aaaaaaaa/cart")
		w.Run(time.Second, 7)
		return w
	}
	stories["pods of the candidate are refused"] = func() *world.World {
		w := installed()
		w.Refused["acme-bbbbbbbb/cart"] = `pods "acme-cart-bbbbbbbb-x" is forbidden: exceeded quota: compute`
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		w.Say("the quota is raised")
		delete(w.Refused, "acme-bbbbbbbb/cart")
		w.Run(time.Second, 7)
		return w
	}
	stories["the active stack loses pods"] = func() *world.World {
		w := installed()
		w.Say("a node goes away, and with it the pods of cart")
		w.Stumble("acme-aaaaaaaa", "cart")
		w.Run(time.Second, 7)
		return w
	}
	stories["the cluster cannot serve the front door"] = func() *world.World {
		w := installed()
		w.Say("the Gateway API's CRDs are deleted, while a release is on its way")
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 3)
		w.Observed.FrontDoor.Missing = "the cluster does not serve gateway.networking.k8s.io/v1: install its CRDs"
		w.Run(time.Second, 7)
		w.Say("they are back")
		w.Observed.FrontDoor.Missing = ""
		w.Run(time.Second, 7)
		return w
	}
	stories["a worker works only with traffic"] = func() *world.World {
		w := installed()
		w.Services["cart"] = plan.Service{WithTraffic: true}
		w.StartsIn["acme-bbbbbbbb/cart"] = 9
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		w.Change("acme-cccccccc")
		w.Run(time.Minute, 20)
		return w
	}
	stories["a version is cut when it changes"] = func() *world.World {
		w := installed()
		version := func(v string) {
			w.Say("spec.release.version: " + v)
			w.Observed.Policy.Version, w.Observed.Content.Version = v, v
		}
		version("1")
		w.Change("acme-11111111")
		w.Observed.Content.Version = "1"
		w.Run(time.Minute, 20)
		w.Change("acme-22222222")
		w.Observed.Content.Version = "1"
		w.Run(time.Second, 7)
		version("2")
		w.Run(time.Minute, 20)
		version("1")
		w.Run(time.Second, 7)
		return w
	}
	stories["a pin by version goes back and is taken away"] = func() *world.World {
		w := installed()
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		w.Say("spec.release.active: acme-aaaaaaaa")
		w.Observed.Policy.Pin = "acme-aaaaaaaa"
		w.Run(time.Second, 7)
		w.Say("spec.release.active: \"\"")
		w.Observed.Policy.Pin = ""
		w.Run(time.Second, 7)
		return w
	}
	stories["a waiting candidate that stumbles gets its time again"] = func() *world.World {
		w := installed()
		w.Observed.Policy.Manual = true
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		w.Run(10*time.Minute, 6)
		w.Say("a pod of the candidate dies, and comes back three minutes later")
		w.StartsIn["acme-bbbbbbbb/cart"] = -1
		w.Stumble("acme-bbbbbbbb", "cart")
		w.Run(time.Minute, 3)
		delete(w.StartsIn, "acme-bbbbbbbb/cart")
		w.Run(time.Minute, 3)
		return w
	}
	stories["a lower rollback window ends it early"] = func() *world.World {
		w := installed()
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		w.Change("acme-cccccccc")
		w.Run(time.Second, 7)
		w.Say("spec.release.rollbackWindow: 0s")
		w.Observed.Policy.RollbackWindow = 0
		w.Run(time.Second, 7)
		return w
	}
}
