package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// TestAStackThatCouldNotServeIsNotCalledAWayBack: whoever reads that a stack is kept, in an incident,
// relies on it.
func TestAStackThatCouldNotServeIsNotCalledAWayBack(t *testing.T) {
	const kept, cannot = "is kept for a way back until ", ", but could not serve now: "
	for name, x := range map[string]struct {
		cart   Running
		cannot string // why; "": it could
	}{
		"it has its pods":                         {pods(2), ""},
		"it has more than its least":              {Running{Wanted: 5, Available: 2, Current: true}, ""},
		"a pod is missing":                        {pods(1), "1 of 2 services ready; waiting for cart"},
		"a copy of a Secret was deleted":          {Running{Wanted: 2, Available: 0, Current: true, Trouble: "CreateContainerConfigError"}, "waiting for cart (CreateContainerConfigError)"},
		"Kubernetes has not seen its version yet": {Running{Wanted: 2, Available: 2}, "waiting for cart"},
		"its Deployment was deleted":              {Running{}, "waiting for cart"},
	} {
		o := switched()
		o.Content.Release = relB
		o.Stacks[relA]["cart"] = x.cart
		d := Plan(o, at(time.Minute))
		if d.Reason != v1alpha1.ReasonRollbackWindow || d.Previous != relA || !strings.Contains(d.Message, relA+" "+kept) {
			t.Errorf("%s: %s: %s", name, d.Reason, d.Message)
		}
		if said := strings.Contains(d.Message, cannot); said != (x.cannot != "") || !strings.Contains(d.Message, x.cannot) {
			t.Errorf("%s: %s", name, d.Message)
		}
	}
}

// TestTheWayBackNeedsNoMorePodsThanWhatServesHas: a node died, with a pod of each service of both stacks. To go back costs customers
// nothing, so it does not wait until there is room for the pods elsewhere.
func TestTheWayBackNeedsNoMorePodsThanWhatServesHas(t *testing.T) {
	for name, x := range map[string]struct {
		serves, before Running
		goes           bool
	}{
		"both are whole":                                  {pods(2), pods(2), true},
		"both lost a pod":                                 {pods(1), pods(1), true},
		"what serves lost all, the other one":             {pods(0), pods(1), true},
		"the other lost a pod alone":                      {pods(2), pods(1), false},
		"the other lost all":                              {pods(1), pods(0), false},
		"both lost all":                                   {pods(0), pods(0), false},
		"Kubernetes has not seen the other's version yet": {pods(1), Running{Wanted: 2, Available: 1}, false},
	} {
		o := switched()
		o.Content.Release, o.Policy.Pin = relB, relA
		o.Stacks[relB]["cart"], o.Stacks[relA]["cart"] = x.serves, x.before
		if d := Plan(o, at(time.Minute)); (d.Table.Active == relA) != x.goes {
			t.Errorf("%s: the table names %s: %s", name, d.Table.Active, d.Message)
		}
	}
}

// TestANewReleaseNeedsAllItsPodsWhateverWhatServesHas: it never served, so nobody knows that half of it is enough.
func TestANewReleaseNeedsAllItsPodsWhateverWhatServesHas(t *testing.T) {
	o := shop()
	o.Stacks[relA]["cart"] = pods(1)
	o.Stacks[relB] = Stack{"cart": pods(1), "catalog": pods(2)}
	o.Releases[1].CandidateSince = nine
	if d := Plan(o, at(time.Minute)); d.Table.Active != relA {
		t.Errorf("the table names %s: %s", d.Table.Active, d.Message)
	}
}

// TestOfTwoReleasesOfOneVersionTheFirstByNameIsMeant: whoever is asked for, the answer is the same in
// each pass; observe sorts the records by their names.
func TestOfTwoReleasesOfOneVersionTheFirstByNameIsMeant(t *testing.T) {
	for name, ask := range map[string]func(*Observed){
		"by its version":       func(o *Observed) { o.Policy.Version = "7" },
		"by a pin to it":       func(o *Observed) { o.Policy.Pin = "7" },
		"by both":              func(o *Observed) { o.Policy.Version, o.Policy.Pin = "7", "7" },
		"and the content is C": func(o *Observed) { o.Policy.Version, o.Content.Release = "7", relC },
	} {
		o := shop()
		o.Releases = []Release{
			{Name: relA, Services: services("cart-1", "catalog-1")}, {Name: relB, Version: "7", Services: services("cart-2", "catalog-1")},
			{Name: relC, Version: "7", Services: services("cart-3", "catalog-1")},
		}
		ask(&o)
		if got := o.chooseTarget(nine); got.release != relB || got.cut {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestAReleaseThatWasCutAnewIsNotTheOneThatServed: its checks and its guard are asked again.
func TestAReleaseThatWasCutAnewIsNotTheOneThatServed(t *testing.T) {
	for uid, served := range map[string]bool{"uid-1": true, "uid-2": false} {
		o := switched()
		o.Table.Switch.FromUID, o.Releases[0].UID = "uid-1", uid
		if got := o.servedBefore(relA); got != served {
			t.Errorf("a record with UID %s: %t", uid, got)
		}
		if back := Plan(o, at(time.Minute)).Previous == relA; back != served {
			t.Errorf("a record with UID %s is kept for a way back: %t", uid, back)
		}
	}
}

// TestAStackThatReplicasStillRouteToStaysWhateverBecameOfIt: the front door left it for the next one a
// moment ago, and going back to it failed before.
func TestAStackThatReplicasStillRouteToStaysWhateverBecameOfIt(t *testing.T) {
	for confirmed, stays := range map[int]bool{1: true, 2: false} {
		o := switched()
		o.FrontDoor.Confirmed, o.Content.Release = confirmed, relA
		o.Releases[0].RejectedServices, o.Releases[0].StartFailed = []string{"cart"}, "release "+relA+" was not ready within 10m0s"
		if d := Plan(o, at(time.Hour)); d.Kept(relA) != stays || d.Table.Active != relB {
			t.Errorf("%d of 2 replicas left it: it stays %t, and the table names %s", confirmed, d.Kept(relA), d.Table.Active)
		}
	}
}

// TestAWayBackIsMadeAgainWhereItIsWorthIt: all that ran of it was deleted. What made room on purpose does not come back, and
// three stacks never run.
func TestAWayBackIsMadeAgainWhereItIsWorthIt(t *testing.T) {
	for name, x := range map[string]struct {
		change func(*Observed)
		after  time.Duration
		again  bool
	}{
		"within its window": {func(*Observed) {}, time.Minute, true},
		"it was retired, and then the window was made longer": {func(o *Observed) { o.Kept = "" }, time.Minute, false},
		"after its window":              {func(*Observed) {}, 24 * time.Hour, false},
		"the guard rejected it":         {func(o *Observed) { o.Releases[0].Rejected = "it broke" }, time.Minute, false},
		"going back to it failed":       {func(o *Observed) { o.Releases[0].StartFailed = "it did not start" }, time.Minute, false},
		"another release was cut as it": {func(o *Observed) { o.Table.Switch.FromUID, o.Releases[0].UID = "uid-1", "uid-2" }, time.Minute, false},
		"its record is gone":            {func(o *Observed) { o.Releases = o.Releases[1:] }, time.Minute, false},
		"a candidate runs": {func(o *Observed) {
			o.Releases = append(o.Releases, Release{Name: relC, Services: services("cart-3", "catalog-1"), CandidateSince: nine})
			o.Stacks[relC] = Stack{"cart": pods(1)}
			o.Content.Release = relC
		}, time.Minute, false},
	} {
		o := switched()
		o.Content.Release = relB
		o.Kept = relA
		delete(o.Stacks, relA)
		x.change(&o)
		d := Plan(o, at(x.after))
		if role, planned := d.Role(relA); (planned && role == Previous) != x.again || (d.Previous == relA) != x.again {
			t.Errorf("%s: previous %q, reason %s: %s", name, d.Previous, d.Reason, d.Message)
		}
	}
}
