package plan_test

import (
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/testing/world"
)

const a, b, c = "acme-aaaaaaaa", "acme-bbbbbbbb", "acme-cccccccc"

// installedWith is a shop whose release A serves services of these identities.
func installedWith(identities map[string]string) *world.World {
	w := world.New("cart", "catalog")
	w.ChangeTo(a, identities)
	w.Run(time.Second, 7)
	return w
}

// Stories of incidents: what serves goes on serving, and the way out is never blocked.
func init() {
	stories["the repair of what finds no node is let through"] = func() *world.World {
		w := installedWith(map[string]string{"cart": "cart-1", "catalog": "catalog-1"})
		w.Say("no node fits the nodeSelector of cart any more")
		w.StartsIn[a+"/cart"], w.Trouble[a+"/cart"], w.NoRoom[a+"/cart"] = -1, "Unschedulable", true
		w.Run(time.Second, 3)
		w.ChangeTo(b, map[string]string{"cart": "cart-2", "catalog": "catalog-1"})
		w.Run(time.Second, 9)
		return w
	}
	stories["another team's release takes no room that what serves needs"] = func() *world.World {
		w := installedWith(map[string]string{"cart": "cart-1", "catalog": "catalog-1"})
		w.StartsIn[a+"/cart"], w.Trouble[a+"/cart"], w.NoRoom[a+"/cart"] = -1, "Unschedulable", true
		w.Run(time.Second, 3)
		w.ChangeTo(b, map[string]string{"cart": "cart-1", "catalog": "catalog-2"})
		w.Run(time.Second, 9)
		return w
	}
	stories["the way back does not wait for the load that the broken release made"] = func() *world.World {
		w := installed()
		w.Observed.Live["cart"] = plan.Scale{Min: 2, Max: 20}
		w.Observed.Policy.Guard = &plan.Guard{Window: 2 * time.Minute, MaxErrorPercent: 5, MinRequests: 100}
		w.Change(b)
		w.Run(time.Second, 7)
		w.Say("cart of B grows to 20 pods, and answers with errors; there is no room for more pods of A")
		w.Refused[a+"/cart"] = "exceeded quota: compute"
		w.Observed.Stacks[b]["cart"] = plan.Running{Current: true, Wanted: 20, Available: 20}
		w.Counts[b] = frontdoor.Counts{Requests: 500, Errors: 400}
		w.Run(time.Second, 7)
		return w
	}
	stories["a pause says that it keeps a broken release in front"] = func() *world.World {
		w := guarded(frontdoor.Counts{})
		w.Run(time.Second, 7)
		w.Say("spec.paused: true; then B answers with errors")
		w.Observed.Paused = true
		w.Counts[b] = frontdoor.Counts{Requests: 500, Errors: 400}
		w.Run(time.Second, 2)
		w.Observed.FrontDoor.Counts = w.Counts[b]
		w.Run(time.Second, 2)
		w.Say("spec.paused: false")
		w.Observed.Paused = false
		w.Run(time.Second, 7)
		return w
	}
	stories["the guard knows what was broken before"] = func() *world.World {
		w := guarded(frontdoor.Counts{Requests: 500, Errors: 250, Before: &frontdoor.Counts{Requests: 1000, Errors: 500}})
		w.Run(time.Second, 7)
		return w
	}
	stories["a service that takes little traffic and is wholly broken breaks the guard"] = func() *world.World {
		w := installedWith(map[string]string{"cart": "cart-1", "catalog": "catalog-1"})
		w.Observed.Policy.Guard = &plan.Guard{Window: 2 * time.Minute, MaxErrorPercent: 5, MinRequests: 100}
		w.Counts[b] = frontdoor.Counts{Requests: 1000, Errors: 30, Services: map[string]frontdoor.Counts{
			"cart": {Requests: 30, Errors: 30}, "catalog": {Requests: 970},
		}}
		w.ChangeTo(b, map[string]string{"cart": "cart-2", "catalog": "catalog-2"})
		w.Run(time.Second, 7)
		return w
	}
	stories["what the guard rejected does not ship again with another team's change"] = func() *world.World {
		w := installedWith(map[string]string{"cart": "cart-1", "catalog": "catalog-1"})
		w.Observed.Policy.Guard = &plan.Guard{Window: 2 * time.Minute, MaxErrorPercent: 5, MinRequests: 100}
		w.Counts[b] = frontdoor.Counts{Requests: 500, Errors: 400}
		w.ChangeTo(b, map[string]string{"cart": "cart-2", "catalog": "catalog-1"})
		w.Run(time.Second, 7)
		w.Say("the team of catalog ships")
		w.ChangeTo(c, map[string]string{"cart": "cart-2", "catalog": "catalog-2"})
		w.Run(time.Second, 7)
		w.Run(10*time.Second, 7)
		w.Say("the team of cart ships its cure")
		w.ChangeTo("acme-dddddddd", map[string]string{"cart": "cart-3", "catalog": "catalog-2"})
		w.Run(time.Second, 9)
		return w
	}
	stories["who names a held release ships it all the same"] = func() *world.World {
		w := installedWith(map[string]string{"cart": "cart-1", "catalog": "catalog-1"})
		w.Observed.Policy.Guard = &plan.Guard{Window: 2 * time.Minute, MaxErrorPercent: 5, MinRequests: 100}
		w.Counts[b] = frontdoor.Counts{Requests: 500, Errors: 400}
		w.ChangeTo(b, map[string]string{"cart": "cart-2", "catalog": "catalog-1"})
		w.Run(time.Second, 7)
		w.ChangeTo(c, map[string]string{"cart": "cart-2", "catalog": "catalog-2"})
		w.Run(10*time.Second, 7)
		w.Say("spec.release.active: " + c)
		w.Observed.Policy.Pin = c
		w.Run(time.Second, 9)
		return w
	}
	stories["a rejected release that is tried again by its annotation is guarded again"] = func() *world.World {
		w := installedWith(map[string]string{"cart": "cart-1", "catalog": "catalog-1"})
		w.Observed.Policy.Guard = &plan.Guard{Window: 2 * time.Minute, MaxErrorPercent: 5, MinRequests: 100}
		w.Counts[b] = frontdoor.Counts{Requests: 500, Errors: 400}
		w.ChangeTo(b, map[string]string{"cart": "cart-2", "catalog": "catalog-1"})
		w.Run(time.Second, 7)
		w.Say("the annotation is removed, and the release is no better")
		w.Retry(b)
		w.Run(time.Second, 7)
		return w
	}
	stories["a service that is down already does not keep a hotfix back"] = func() *world.World {
		w := installedWith(map[string]string{"cart": "cart-1", "catalog": "catalog-1"})
		w.Say("the provider of cart is down: new pods of it do not get ready")
		w.StartsIn[a+"/cart"], w.Trouble[a+"/cart"], w.Left[a+"/cart"] = -1, "CrashLoopBackOff", 1
		w.StartsIn[b+"/cart"], w.Trouble[b+"/cart"], w.Left[b+"/cart"] = -1, "CrashLoopBackOff", 1
		w.Run(time.Second, 3)
		w.ChangeTo(b, map[string]string{"cart": "cart-1", "catalog": "catalog-2"})
		w.Run(10*time.Second, 7)
		return w
	}
	stories["a running migration is not killed by another team's change"] = func() *world.World {
		w := migrated(false)
		w.Endless[b+"/catalog"] = true
		w.Change(b)
		w.Run(time.Second, 7)
		w.Change(c)
		w.Run(time.Second, 7)
		w.Say("the migration ends")
		delete(w.Endless, b+"/catalog")
		w.Run(time.Second, 9)
		return w
	}
	stories["a running migration ends although the services are invalid or reverted"] = func() *world.World {
		w := migrated(false)
		w.Endless[b+"/catalog"] = true
		w.Change(b)
		w.Run(time.Second, 7)
		w.Change(c)
		w.Observed.Content.Problems = []string{"ShopService cart: spec.dependsOn names tax, which is no ShopService of this shop; create it or remove the entry"}
		w.Run(time.Second, 7)
		w.Change(a)
		w.Run(time.Second, 7)
		w.Say("the migration ends")
		delete(w.Endless, b+"/catalog")
		w.Run(time.Second, 9)
		return w
	}
	stories["a candidate that waited for room starts when there is room"] = func() *world.World {
		w := installed()
		w.Services["cart"] = plan.Service{PerPod: map[string]resource.Quantity{"requests.cpu": resource.MustParse("300m")}}
		w.Observed.Quotas = []plan.Quota{{Name: "compute", Left: map[string]resource.Quantity{"requests.cpu": resource.MustParse("500m")}}}
		w.Change(b)
		w.Run(time.Minute, 40)
		w.Say("the quota is raised after more than a start deadline and a rollback window")
		w.Observed.Quotas[0].Left["requests.cpu"] = resource.MustParse("1")
		w.Run(time.Second, 9)
		return w
	}
	stories["a preview stays open while the candidate grows"] = func() *world.World {
		w := installed()
		w.Observed.Live["cart"] = plan.Scale{Min: 2, Max: 9}
		w.Observed.Policy.Checks = []string{"smoke"}
		w.Endless[b+"/smoke"] = true
		w.Change(b)
		w.Run(time.Second, 7)
		w.Say("cart of the release that serves grows to 5 pods")
		w.Observed.Stacks[a]["cart"] = plan.Running{Current: true, Wanted: 5, Available: 5}
		w.StartsIn[b+"/cart"], w.Left[b+"/cart"] = -1, 2
		w.Run(time.Second, 7)
		w.Say("the check passes, and the pods come later")
		delete(w.Endless, b+"/smoke")
		w.Run(time.Second, 7)
		w.StartsIn[b+"/cart"] = 1
		w.Run(time.Second, 9)
		return w
	}
	stories["a check that somebody sweeps does not run again"] = func() *world.World {
		w := installed()
		w.Observed.Policy.Manual, w.Observed.Policy.Checks = true, []string{"smoke"}
		w.Change(b)
		w.Run(time.Second, 7)
		w.Say("the Job is swept")
		delete(w.Observed.Checks[b], "smoke")
		w.Run(time.Second, 7)
		return w
	}
	stories["changes that keep coming are released all the same"] = func() *world.World {
		w := installed()
		began := w.Now
		for i := range 20 {
			w.Observed.Content = plan.Content{Release: "acme-" + string(rune('b'+i)), Since: w.Now, Began: began}
			w.Step()
			w.Now = w.Now.Add(4 * time.Second)
		}
		return w
	}
	stories["the record of what serves is deleted while a release comes"] = func() *world.World {
		w := installed()
		w.StartsIn[b+"/cart"] = 5
		w.Change(b)
		w.Run(time.Second, 2)
		w.Say("ShopRelease " + a + " is deleted")
		w.Forget(a)
		w.Run(time.Second, 9)
		return w
	}
	stories["the record of the previous release is deleted during the switch"] = func() *world.World {
		w := installed()
		w.ConfirmsIn = 8
		w.Change(b)
		w.Run(time.Second, 2)
		w.Run(time.Second, 1)
		w.Say("ShopRelease " + a + " is deleted")
		w.Forget(a)
		w.Run(time.Second, 12)
		return w
	}
	stories["a switch that a replica never confirms"] = func() *world.World {
		w := installed()
		w.ConfirmsIn = 1000
		w.Observed.FrontDoor.Unconfirmed = []string{"acme-front-door-7"}
		w.Change(b)
		w.Run(time.Second, 3)
		w.Run(time.Minute, 8)
		w.Change(c)
		w.Run(time.Minute, 30)
		return w
	}
	stories["it is not known what serves"] = func() *world.World {
		w := installed()
		w.Change(b)
		w.Observed.Unknown = "ConfigMap acme-front-door is gone, and neither a replica of the front door nor a ShopRelease says what it named"
		w.Run(time.Second, 7)
		return w
	}
}
