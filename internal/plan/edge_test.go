package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

const relA, relB, relC = "acme-aaaaaaaa", "acme-bbbbbbbb", "acme-cccccccc"

var nine = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

func at(after time.Duration) time.Time { return nine.Add(after) }

// services are those of a release by name and identity, two pods each.
func services(identities ...string) (out []Service) {
	for _, id := range identities {
		name, _, _ := strings.Cut(id, "-")
		out = append(out, Service{Name: name, Identity: id, Scale: Scale{Min: 2}})
	}
	return out
}

func pods(n int32) Running { return Running{Wanted: 2, Available: n, Current: true} }

// shop serves release a, of carts and catalogs, and knows release b, which changes the cart.
func shop() Observed {
	return Observed{
		Namespace: "shops",
		Policy:    Policy{Settle: 5 * time.Second, StartDeadline: 10 * time.Minute, RollbackWindow: 15 * time.Minute, HistoryLimit: 5, DrainTime: 30 * time.Second},
		Releases:  []Release{{Name: relA, Services: services("cart-1", "catalog-1")}, {Name: relB, Services: services("cart-2", "catalog-1")}},
		Stacks:    map[string]Stack{relA: {"cart": pods(2), "catalog": pods(2)}},
		Table:     frontdoor.Table{Active: relA, Switch: &frontdoor.Switch{At: nine}},
		FrontDoor: FrontDoor{Ready: 2, Confirmed: 2, Current: 2},
		Content:   Content{Release: relB},
	}
}

func judged(g Guard, c frontdoor.Counts) verdict {
	o := shop()
	o.Policy.Guard, o.FrontDoor.Counts = &g, c
	p := planner{o: &o, now: nine}
	return p.verdict(o.Releases[0], &frontdoor.Guard{Until: at(time.Minute), Slow: g.MaxLatencyP99})
}

func TestTheGuardAtItsEdge(t *testing.T) {
	percent := func(most int32) Guard { return Guard{MaxErrorPercent: most, MinRequests: 100} }
	slow := Guard{MaxErrorPercent: -1, MaxLatencyP99: time.Second, MinRequests: 100}
	before := func(requests, errors int64) *frontdoor.Counts {
		return &frontdoor.Counts{Requests: requests, Errors: errors}
	}
	for name, x := range map[string]struct {
		guard  Guard
		counts frontdoor.Counts
		broken bool
	}{
		"no error of 1,000 at 0 %":                   {percent(0), frontdoor.Counts{Requests: 1000}, false},
		"one error of 1,000 at 0 %":                  {percent(0), frontdoor.Counts{Requests: 1000, Errors: 1}, true},
		"no request at all at 0 %":                   {Guard{MinRequests: 0}, frontdoor.Counts{}, false},
		"just 5 % at 5 %":                            {percent(5), frontdoor.Counts{Requests: 1000, Errors: 50}, false},
		"one more than 5 %":                          {percent(5), frontdoor.Counts{Requests: 1000, Errors: 51}, true},
		"99 requests are too few":                    {percent(5), frontdoor.Counts{Requests: 99, Errors: 99}, false},
		"100 requests are enough":                    {percent(5), frontdoor.Counts{Requests: 100, Errors: 6}, true},
		"all errors at 100 %":                        {percent(100), frontdoor.Counts{Requests: 1000, Errors: 1000}, false},
		"errors are not judged":                      {Guard{MaxErrorPercent: -1, MinRequests: 100}, frontdoor.Counts{Requests: 1000, Errors: 1000}, false},
		"just 1 % is slow":                           {slow, frontdoor.Counts{Requests: 1000, Slow: 10}, false},
		"more than 1 % is slow":                      {slow, frontdoor.Counts{Requests: 1000, Slow: 11}, true},
		"slow, of too few":                           {slow, frontdoor.Counts{Requests: 99, Slow: 99}, false},
		"nobody judges slowness":                     {percent(5), frontdoor.Counts{Requests: 1000, Slow: 1000}, false},
		"as broken as before, and 5 % more":          {percent(5), frontdoor.Counts{Requests: 1000, Errors: 550, Before: before(1000, 500)}, false},
		"more broken than before by more than 5 %":   {percent(5), frontdoor.Counts{Requests: 1000, Errors: 551, Before: before(1000, 500)}, true},
		"a handful of requests before is no measure": {percent(5), frontdoor.Counts{Requests: 1000, Errors: 51, Before: before(baseline-1, baseline-1)}, true},
		"twenty are one":                             {percent(5), frontdoor.Counts{Requests: 1000, Errors: 51, Before: before(baseline, baseline)}, false},
		"what was well before excuses nothing":       {percent(5), frontdoor.Counts{Requests: 1000, Errors: 51, Before: before(1000, 0)}, true},
	} {
		if v := judged(x.guard, x.counts); (v.said != "") != x.broken {
			t.Errorf("%s: %q", name, v.said)
		}
	}
}

func TestTheGuardOfOneServiceAtItsEdge(t *testing.T) {
	of := func(requests, errors int64, before ...int64) frontdoor.Counts {
		c := frontdoor.Counts{Requests: 10_000, Services: map[string]frontdoor.Counts{"cart": {Requests: requests, Errors: errors}, "catalog": {Requests: 9000}}}
		if len(before) == 2 {
			c.Before = &frontdoor.Counts{Services: map[string]frontdoor.Counts{"cart": {Requests: before[0], Errors: before[1]}}}
		}
		return c
	}
	for name, x := range map[string]struct {
		min    int64
		counts frontdoor.Counts
		broken bool
	}{
		"100 requests, 6 % errors":                 {100, of(100, 6), true},
		"100 requests, 5 % errors":                 {100, of(100, 5), false},
		"99 requests, 6 % errors: too few to tell": {100, of(99, 6), false},
		"20 requests, half of them errors":         {100, of(20, 10), true},
		"20 requests, fewer than half":             {100, of(20, 9), false},
		"19 requests, all errors":                  {100, of(19, 19), false},
		"10 are enough where the shop asks for 10": {10, of(10, 10), true},
		"9 are not":                                  {10, of(9, 9), false},
		"it was as broken before":                    {100, of(100, 60, 100, 58), false},
		"it was broken before, but not as much":      {100, of(100, 60, 100, 50), true},
		"it answered too few before to be a measure": {100, of(100, 60, 19, 19), true},
	} {
		v := judged(Guard{MaxErrorPercent: 5, MinRequests: x.min}, x.counts)
		if broken := slices.Equal(v.services, []string{"cart"}) && strings.Contains(v.said, "of cart were errors"); broken != x.broken {
			t.Errorf("%s: %v %q", name, v.services, v.said)
		}
	}
}

func TestTheGuardsWindowEndsAtItsEnd(t *testing.T) {
	o := shop()
	o.Policy.Guard, o.FrontDoor.Counts = &Guard{MaxErrorPercent: 5, MinRequests: 100}, frontdoor.Counts{Requests: 1000, Errors: 1000}
	for after, broken := range map[time.Duration]bool{time.Minute - 1: true, time.Minute: false, time.Minute + 1: false} {
		p := planner{o: &o, now: at(after)}
		if v := p.verdict(o.Releases[0], &frontdoor.Guard{Until: at(time.Minute)}); (v.said != "") != broken {
			t.Errorf("after %s: %q", after, v.said)
		}
	}
	o.Policy.Guard = nil
	p := planner{o: &o, now: nine}
	if v := p.verdict(o.Releases[0], &frontdoor.Guard{Until: at(time.Minute)}); v.said != "" {
		t.Errorf("a guard that somebody took out of the spec judges: %s", v.said)
	}
}

func TestOnlyServicesThatTheReleaseChangedAreSuspected(t *testing.T) {
	before := Release{Services: services("cart-1", "catalog-1", "mail-1")}
	after := Release{Services: services("cart-2", "catalog-1", "mail-2", "search-1")}
	after.Services[3].DependsOn = []string{"cart"}
	for name, x := range map[string]struct {
		broken, want []string
		counts       frontdoor.Counts
	}{
		"nobody knows which one broke":              {nil, []string{"cart", "mail", "search"}, frontdoor.Counts{}},
		"one that changed broke":                    {[]string{"mail"}, []string{"mail"}, frontdoor.Counts{}},
		"one that did not change broke, by another": {[]string{"catalog"}, []string{"cart", "mail", "search"}, frontdoor.Counts{}},
		"both kinds broke":                          {[]string{"catalog", "cart"}, []string{"cart"}, frontdoor.Counts{}},
		"one that changed answered with errors, and none broke by itself": {nil, []string{"mail"},
			frontdoor.Counts{Services: map[string]frontdoor.Counts{"cart": {Requests: 90}, "mail": {Requests: 10, Errors: 6}}}},
		"what a failing one depends on is suspected with it": {nil, []string{"cart", "search"},
			frontdoor.Counts{Services: map[string]frontdoor.Counts{"search": {Requests: 10, Errors: 6}}}},
	} {
		if diff := cmp.Diff(x.want, (&Observed{}).suspects(after, before, x.broken, x.counts)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAServiceShipsAgainOnlyWhereItIsAnotherThanTheOneThatWasRejected(t *testing.T) {
	rejected := Release{Rejected: "it broke", RejectedServices: []string{"cart", "gone"}, Services: services("cart-2", "catalog-2")}
	for name, x := range map[string]struct {
		holds, serves map[string]string
		want          []string
	}{
		"the same again":                      {map[string]string{"cart": "cart-2"}, map[string]string{"cart": "cart-1"}, []string{"cart"}},
		"another version":                     {map[string]string{"cart": "cart-3"}, map[string]string{"cart": "cart-1"}, nil},
		"the version of before":               {map[string]string{"cart": "cart-1"}, map[string]string{"cart": "cart-1"}, nil},
		"it serves by now":                    {map[string]string{"cart": "cart-2"}, map[string]string{"cart": "cart-2"}, nil},
		"it was taken out":                    {map[string]string{}, map[string]string{}, nil},
		"what was in it and is not suspected": {map[string]string{"catalog": "catalog-2"}, map[string]string{}, nil},
	} {
		if got := again(rejected, x.holds, x.serves); !slices.Equal(got, x.want) {
			t.Errorf("%s: %v, want %v", name, got, x.want)
		}
	}
}

func TestAQuotaThatFitsExactlyIsEnough(t *testing.T) {
	needs := func(left string) (bool, string) {
		o := shop()
		for i := range o.Releases[1].Services {
			o.Releases[1].Services[i].PerPod = map[string]resource.Quantity{"cpu": resource.MustParse("250m"), "pods": resource.MustParse("1")}
			o.Releases[1].Services[i].Fixed = map[string]resource.Quantity{"services": resource.MustParse("1")}
		}
		o.Quotas = []Quota{{Name: "q", Left: map[string]resource.Quantity{"cpu": resource.MustParse(left), "services": resource.MustParse("2"), "secrets": resource.MustParse("0")}}}
		p := planner{o: &o, now: nine}
		return p.withoutRoom(o.Releases[1]), p.d.Message
	}
	for left, want := range map[string]bool{"1": false, "1000m": false, "1001m": false, "999m": true, "0": true, "-1": true} {
		if lacks, said := needs(left); lacks != want || (lacks && !strings.Contains(said, "needs 1 of cpu")) {
			t.Errorf("four pods of 250m and %s left: lacks room %t: %s", left, lacks, said)
		}
	}
	if _, said := needs("-1"); !strings.Contains(said, "has 0 left") {
		t.Errorf("a quota that was lowered below what is used has nothing left: %s", said)
	}
}

func TestRoomIsAskedForBeforeAnythingOfAReleaseIsThere(t *testing.T) {
	for name, change := range map[string]func(*Observed){
		"its stack runs":        func(o *Observed) { o.Stacks[relB] = Stack{"cart": pods(0)} },
		"its migration is made": func(o *Observed) { o.Migrations = map[string]map[string]Job{relB: {"cart": {}}} },
	} {
		o := shop()
		o.Releases[1].Services[0].PerPod = map[string]resource.Quantity{"pods": resource.MustParse("1")}
		o.Quotas = []Quota{{Left: map[string]resource.Quantity{"pods": resource.MustParse("0")}}}
		if p := (planner{o: &o, now: nine}); !p.withoutRoom(o.Releases[1]) {
			t.Fatal("there is room")
		}
		change(&o)
		if p := (planner{o: &o, now: nine}); p.withoutRoom(o.Releases[1]) {
			t.Errorf("%s: what is used holds parts of itself: %s", name, p.d.Message)
		}
	}
}

func TestTheCandidatesDeadlineAtItsEdge(t *testing.T) {
	for after, want := range map[time.Duration]v1alpha1.Reason{
		10*time.Minute - 1: v1alpha1.ReasonStarting, 10 * time.Minute: v1alpha1.ReasonStartDeadlineExceeded, 10*time.Minute + 1: v1alpha1.ReasonStartDeadlineExceeded,
		25*time.Minute - 1: v1alpha1.ReasonStartDeadlineExceeded, 25 * time.Minute: v1alpha1.ReasonStartDeadlineExceeded,
	} {
		o := shop()
		o.Releases[1].CandidateSince = nine
		o.Stacks[relB] = Stack{"cart": pods(1), "catalog": pods(2)}
		d := Plan(o, at(after))
		_, runs := d.Role(relB)
		if goes := after >= 25*time.Minute; d.Reason != want || runs == goes || (d.StartFailed != "") != goes {
			t.Errorf("after %s: %s, its stack runs %t: %s", after, d.Reason, runs, d.Message)
		}
	}
}

func TestTheClockOfACandidateBeginsWithWhatItWaitedForLast(t *testing.T) {
	for name, x := range map[string]struct {
		change func(*Observed)
		want   time.Duration
	}{
		"it was the candidate":          {func(*Observed) {}, 0},
		"its first Deployment was made": {func(o *Observed) { o.Stacks[relB] = Stack{"cart": {CreatedAt: at(5)}, "catalog": {CreatedAt: at(7)}} }, 5},
		"its last migration ended": {func(o *Observed) {
			o.Migrations = map[string]map[string]Job{relB: {"x": {EndedAt: at(4)}, "y": {EndedAt: at(6)}}}
		}, 6},
		"a clock that runs ahead":       {func(o *Observed) { o.Stacks[relB] = Stack{"cart": {CreatedAt: at(2 * time.Hour)}} }, 0},
		"nothing of it runs: it stands": {func(o *Observed) { delete(o.Stacks, relB) }, time.Hour},
	} {
		o := shop()
		o.Releases[1].CandidateSince = nine
		o.Stacks[relB] = Stack{"cart": pods(0)}
		x.change(&o)
		p := planner{o: &o, now: at(time.Hour)}
		if got := p.startedAt(o.Releases[1]).Sub(nine); got != x.want {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
}

// switched is a shop that went from release a to b a moment ago.
func switched() Observed {
	o := shop()
	o.Table = frontdoor.Table{Active: relB, Switch: &frontdoor.Switch{At: nine, From: relA}}
	o.Stacks[relB] = Stack{"cart": pods(2), "catalog": pods(2)}
	o.FrontDoor.ConfirmedAt = nine
	return o
}

func TestHowLongThePreviousStackIsKept(t *testing.T) {
	for name, x := range map[string]struct {
		change func(*Observed)
		end    time.Duration
	}{
		"for the rollback window": {func(*Observed) {}, 15 * time.Minute},
		"as long as the guard may go back": {func(o *Observed) {
			o.Policy.Guard = &Guard{}
			o.Table.Guard = &frontdoor.Guard{Until: at(20 * time.Minute)}
		}, 20 * time.Minute},
		"a guard that is asked for no more": {func(o *Observed) { o.Table.Guard = &frontdoor.Guard{Until: at(20 * time.Minute)} }, 15 * time.Minute},
		"until its last requests ended":     {func(o *Observed) { o.Policy.RollbackWindow = 0 }, 30 * time.Second},
		"counted from the last replica":     {func(o *Observed) { o.Policy.RollbackWindow = 0; o.FrontDoor.ConfirmedAt = at(10) }, 30*time.Second + 10},
		"a replica whose clock is ahead":    {func(o *Observed) { o.Policy.RollbackWindow = 0; o.FrontDoor.ConfirmedAt = at(24 * time.Hour) }, 30 * time.Second},
		"a replica whose clock is behind":   {func(o *Observed) { o.Policy.RollbackWindow = 0; o.FrontDoor.ConfirmedAt = at(-time.Hour) }, 30 * time.Second},
	} {
		for after, kept := range map[time.Duration]bool{x.end - 1: true, x.end: false} {
			o := switched()
			x.change(&o)
			if d := Plan(o, at(after)); (d.Previous == relA) != kept {
				t.Errorf("%s, after %s: previous %q", name, after, d.Previous)
			}
		}
	}
}

func TestThePreviousStackStaysUntilEveryReplicaLeftIt(t *testing.T) {
	for name, door := range map[string]FrontDoor{
		"one of two does not confirm": {Ready: 2, Confirmed: 1}, "none is ready": {},
	} {
		o := switched()
		o.FrontDoor = door
		if d := Plan(o, at(24*time.Hour)); d.Previous != relA {
			t.Errorf("%s: the stack goes that customers may still reach", name)
		}
	}
}

func TestARejectedStackMakesRoomOnlyWhenItsLastRequestsEnded(t *testing.T) {
	for name, x := range map[string]struct {
		after     time.Duration
		confirmed int
		waits     bool
	}{
		"just before":               {30*time.Second - 1, 2, true},
		"just then":                 {30 * time.Second, 2, false},
		"one replica still goes on": {time.Minute, 1, true},
	} {
		o := switched()
		o.Releases[0].Rejected = "it broke the guard"
		o.FrontDoor.Confirmed = x.confirmed
		o.Content = Content{Release: relC}
		p := planner{o: &o, now: at(x.after)}
		p.keepPrevious()
		if got := p.waitsForPrevious(target{release: relC, cut: true}); got != x.waits {
			t.Errorf("%s: waits %t", name, got)
		}
	}
}

func TestSettlingIsBounded(t *testing.T) {
	for name, x := range map[string]struct {
		since, began time.Duration
		settles      bool
		wake         time.Duration
	}{
		"it changed this very moment":               {0, 0, true, 5 * time.Second},
		"it was quiet for a bit less than it needs": {-5*time.Second + 1, -5*time.Second + 1, true, 1},
		"it was quiet for as long as it needs":      {-5 * time.Second, -5 * time.Second, false, 0},
		"pushes keep coming, not for long enough":   {0, -50*time.Second + 1, true, 1},
		"pushes keep coming for ten quiet times":    {0, -50 * time.Second, false, 0},
	} {
		o := shop()
		o.Content = Content{Release: relC, Since: at(x.since), Began: at(x.began)}
		got, settles := o.settling(nine)
		if settles != x.settles || got.wake != x.wake {
			t.Errorf("%s: settles %t, wakes in %s", name, settles, got.wake)
		}
	}
}

func TestACandidateThatStartsWellIsFinishedOnceChangesKeepComingForADeadline(t *testing.T) {
	const deadline = 10 * time.Minute
	for name, x := range map[string]struct {
		change func(*Observed)
		want   bool
	}{
		"for a whole deadline":     {func(*Observed) {}, true},
		"for a moment less":        {func(o *Observed) { o.Content.Unserved = at(1) }, false},
		"nobody knows since when":  {func(o *Observed) { o.Content.Unserved = time.Time{} }, false},
		"it crashes":               {func(o *Observed) { o.Stacks[relB]["cart"] = Running{Trouble: "CrashLoopBackOff"} }, false},
		"it was rejected":          {func(o *Observed) { o.Releases[1].Rejected = "x" }, false},
		"it did not start":         {func(o *Observed) { o.Releases[1].StartFailed = "x" }, false},
		"nothing of it runs":       {func(o *Observed) { delete(o.Stacks, relB) }, false},
		"its own deadline is over": {func(o *Observed) { o.Releases[1].CandidateSince = nine }, false},
		"it has a moment left":     {func(o *Observed) { o.Releases[1].CandidateSince = at(1) }, true},
		"nothing is a candidate":   {func(o *Observed) { o.Releases[1].CandidateSince = time.Time{} }, false},
	} {
		o := shop()
		o.Releases[1].CandidateSince = at(deadline - time.Minute)
		o.Stacks[relB] = Stack{"cart": pods(1), "catalog": pods(2)}
		o.Content = Content{Release: relC, Unserved: nine}
		x.change(&o)
		p := planner{o: &o, now: at(deadline)}
		if got := p.letsFinish(target{release: relC, cut: true}); got != x.want {
			t.Errorf("%s: %t, %s", name, got, p.d.Message)
		}
	}
	o := shop()
	o.Releases[1].CandidateSince, o.Content.Unserved = at(1), nine
	o.Stacks[relB] = Stack{"cart": pods(1), "catalog": pods(2)}
	if p := (planner{o: &o, now: at(deadline)}); p.letsFinish(target{release: relB}) {
		t.Error("the candidate itself is no change that keeps coming")
	}
}

func TestHowManyPodsASwitchAsksFor(t *testing.T) {
	auto := Scale{Min: 2, Max: 10}
	for name, x := range map[string]struct {
		change func(*Observed)
		want   int32
	}{
		"the number that is asked for": {func(*Observed) {}, 2},
		"as many as the autoscaled service has now": {func(o *Observed) {
			o.Live = map[string]Scale{"cart": auto}
			o.Stacks[relA]["cart"] = Running{Wanted: 6, Available: 6, Current: true}
		}, 6},
		"never more than the most": {func(o *Observed) {
			o.Live = map[string]Scale{"cart": auto}
			o.Stacks[relA]["cart"] = Running{Wanted: 60}
		}, 10},
		"never fewer than the least": {func(o *Observed) { o.Live = map[string]Scale{"cart": auto}; o.Stacks[relA]["cart"] = Running{} }, 2},
		"the way back asks for the least alone": {func(o *Observed) {
			o.Live, o.Table.Switch.From = map[string]Scale{"cart": auto}, relB
			o.Stacks[relA]["cart"], o.Stacks[relB] = Running{Wanted: 6, Available: 6, Current: true}, Stack{"cart": pods(2)}
		}, 2},
		"an unchanged service that is short where it serves": {func(o *Observed) {
			o.Releases[1].Services[0].Identity = "cart-1"
			o.Stacks[relA]["cart"] = Running{Wanted: 2, Available: 1, Current: true, ShortSince: at(-shortFor)}
		}, 1},
		"short for a moment only": {func(o *Observed) {
			o.Releases[1].Services[0].Identity = "cart-1"
			o.Stacks[relA]["cart"] = Running{Wanted: 2, Available: 1, Current: true, ShortSince: at(-shortFor + 1)}
		}, 2},
		"short, but the release changes it": {func(o *Observed) {
			o.Stacks[relA]["cart"] = Running{Wanted: 2, Available: 1, ShortSince: at(-time.Hour)}
		}, 2},
		"with traffic only, none before": {func(o *Observed) { o.Releases[1].Services[0].WithTraffic = true }, 0},
	} {
		o := shop()
		x.change(&o)
		p := planner{o: &o, now: nine}
		if got := p.required(o.Releases[1])["cart"]; got != x.want {
			t.Errorf("%s: %d, want %d", name, got, x.want)
		}
	}
}

func TestAServiceIsReadyAtItsNumberAndNotBelow(t *testing.T) {
	for _, x := range []struct {
		run   Running
		floor int32
		want  bool
	}{{pods(2), 2, true}, {pods(1), 2, false}, {pods(3), 2, true}, {Running{Available: 2}, 2, false}, {Running{Current: true}, 0, true}, {Running{}, 0, false}} {
		if got := x.run.ReadyAt(x.floor); got != x.want {
			t.Errorf("%+v at %d: %t", x.run, x.floor, got)
		}
	}
}

func TestAServiceThatSleepsIsWokenInTheStackThatServes(t *testing.T) {
	o := shop()
	o.Live = map[string]Scale{"cart": {Min: 2, Max: 5}}
	o.Stacks[relA]["cart"] = Running{Current: true}
	if got := o.fixed(o.Releases[0]); got["cart"] != 2 {
		t.Errorf("an autoscaled service at 0 stays at 0: %v", got)
	}
	o.Stacks[relA]["cart"] = Running{Wanted: 1, Current: true}
	if got := o.fixed(o.Releases[0]); len(got) > 0 {
		t.Errorf("the autoscaler is overruled: %v", got)
	}
}

func TestWhatIsBehindAnIrreversibleMigrationIsKnownByName(t *testing.T) {
	migrated := func(identity string, irreversible bool) []Service {
		return []Service{{Name: "cart", Migration: &Migration{Identity: identity, Irreversible: irreversible}}}
	}
	full := make([]string, leftBehindLimit)
	for name, x := range map[string]struct {
		old    Release
		behind []string
		want   bool
	}{
		"it is named": {Release{Name: relA, Services: migrated("1", false)}, []string{relA}, true},
		"it is not, though a clock says it is older": {Release{Name: relA, CreatedAt: at(-time.Hour), Services: migrated("1", false)}, []string{relC}, false},
		"the list is full: the clock is asked":       {Release{Name: relA, CreatedAt: at(-time.Hour), Services: migrated("1", false)}, full, true},
		"the list is full and it is newer":           {Release{Name: relA, CreatedAt: at(time.Hour), Services: migrated("1", false)}, full, false},
		"there is no list":                           {Release{Name: relA, CreatedAt: at(-time.Hour), Services: migrated("1", false)}, nil, true},
		"it does the same migration":                 {Release{Name: relA, Services: migrated("2", true)}, []string{relA}, false},
	} {
		o := Observed{Releases: []Release{x.old, {Name: relB, IrreversibleSince: nine, LeftBehind: x.behind, Services: migrated("2", true)}}}
		if _, got := o.behind(x.old); got != x.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestTheGuardDoesNotGoBackPastAnIrreversibleMigration(t *testing.T) {
	o := switched()
	o.Policy.Guard, o.Table.Guard = &Guard{MaxErrorPercent: 5, MinRequests: 100}, &frontdoor.Guard{Until: at(time.Minute)}
	o.FrontDoor.Counts = frontdoor.Counts{Requests: 1000, Errors: 1000}
	if d := Plan(o, nine); !d.Back || d.Table.Active != relA || d.Rejected != relB {
		t.Fatalf("it does not go back: %+v", d)
	}
	o.Releases[1].IrreversibleSince, o.Releases[1].LeftBehind = nine, []string{relA}
	o.Releases[1].Services[0].Migration = &Migration{Irreversible: true, Identity: "2"}
	if d := Plan(o, nine); d.Back || d.Table.Active != relB || d.Rejected != relB || !strings.Contains(d.Verdict, "no healthy stack is left to go back to") {
		t.Errorf("it names %s: %s", d.Table.Active, d.Verdict)
	}
}

func TestASwitchIsLaterThanTheOneBeforeItWhateverTheClockSays(t *testing.T) {
	for name, now := range map[string]time.Time{"a clock that goes right": at(time.Minute), "one that was set back": at(-time.Hour), "the same moment": nine} {
		o := switched()
		o.Policy.Pin = relA // kept, and ready
		d := Plan(o, now)
		if !d.Table.Switching || d.Table.Active != relA {
			t.Fatalf("%s: not switched back: %s", name, d.Message)
		}
		if got := d.Table.Switch.At; !got.After(nine) || (now.After(nine) && !got.Equal(now)) {
			t.Errorf("%s: switched at %s, after a switch at %s", name, got, nine)
		}
	}
}
