package plan_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/testing/world"
)

// dice makes choices out of bytes; when they are used up, it always says 0.
type dice struct{ left []byte }

func (d *dice) of(n int) int {
	if len(d.left) == 0 {
		return 0
	}
	b := d.left[0]
	d.left = d.left[1:]
	return int(b) % n
}

func (d *dice) is() bool { return d.of(2) == 1 }

// past is a time before the clock, or none.
func (d *dice) past() time.Time {
	return [...]time.Time{{}, clock, clock.Add(-time.Second), clock.Add(-30 * time.Second), clock.Add(-11 * time.Minute), clock.Add(-2 * time.Hour), clock.Add(time.Minute)}[d.of(7)]
}

var fuzzedReleases = []string{"acme-aaaaaaaa", "acme-bbbbbbbb", "acme-cccccccc"}

func (d *dice) release() string { return append([]string{""}, fuzzedReleases...)[d.of(4)] }

// observed is any shop at all, also one that no history leads to.
func (d *dice) observed() plan.Observed {
	o := plan.Observed{
		Namespace: "shops", Paused: d.of(8) == 1, Content: plan.Content{Release: fuzzedReleases[d.of(3)], Version: d.version(), Since: d.past()},
		Policy: plan.Policy{
			Manual: d.is(), Version: d.version(), Pin: d.release(), Settle: time.Duration(d.of(3)) * time.Second,
			StartDeadline: time.Duration(1+d.of(20)) * time.Minute, RollbackWindow: time.Duration(d.of(20)) * time.Minute, HistoryLimit: d.of(4),
		},
		Stacks: map[string]plan.Stack{}, Live: map[string]plan.Scale{},
		FrontDoor:  plan.FrontDoor{Ready: d.of(3), ConfirmedAt: d.past(), Counts: frontdoor.Counts{Requests: int64(d.of(200)), Errors: int64(d.of(200)), Slow: int64(d.of(200))}},
		Migrations: map[string]map[string]plan.Job{}, Checks: map[string]map[string]plan.Job{},
	}
	if d.of(6) == 1 {
		o.Content.Problems = []string{"ShopService cart: something is wrong"}
	}
	if d.is() {
		o.Policy.Checks = []string{"smoke"}
	}
	if d.is() {
		o.Policy.Guard = &plan.Guard{Window: time.Minute, MaxErrorPercent: int32(d.of(5)) - 1, MaxLatencyP99: time.Duration(d.of(2)) * time.Second, MinRequests: int64(d.of(150))}
	}
	for _, service := range services {
		if d.of(5) > 0 {
			o.Live[service] = d.scale()
		}
	}
	d.front(&o)
	for _, name := range fuzzedReleases {
		if d.of(5) > 0 {
			o.Releases = append(o.Releases, d.record(name))
		}
		if d.is() {
			o.Stacks[name] = d.stack()
		}
		d.jobs(&o, name)
	}
	if d.of(5) == 1 {
		o.Quotas = []plan.Quota{{Name: "pods", Left: map[string]resource.Quantity{"pods": *resource.NewQuantity(int64(d.of(8)), resource.DecimalSI)}}}
	}
	return o
}

func (d *dice) version() string { return [...]string{"", "", "1", "2"}[d.of(4)] }

func (d *dice) front(o *plan.Observed) {
	o.FrontDoor.Confirmed, o.FrontDoor.Current = d.of(o.FrontDoor.Ready+1), d.of(o.FrontDoor.Ready+1)
	o.Table = frontdoor.Table{Active: d.release(), Preview: d.release()}
	if at := d.past(); o.Table.Active != "" && !at.IsZero() {
		o.Table.Switch = &frontdoor.Switch{At: at, From: d.release()}
	}
	if d.of(3) == 1 && o.Table.Switch != nil {
		o.Table.Guard = &frontdoor.Guard{Until: d.past(), Slow: time.Second}
	}
}

func (d *dice) scale() plan.Scale {
	s := plan.Scale{Min: int32(1 + d.of(4))}
	if d.is() {
		s.Max = s.Min + int32(d.of(4))
	}
	return s
}

func (d *dice) record(name string) plan.Release {
	r := plan.Release{Name: name, Version: d.version(), CreatedAt: d.past(), CandidateSince: d.past()}
	if d.of(5) == 1 {
		r.Rejected = "release " + name + " broke the guard"
	}
	if d.of(5) == 1 {
		r.IrreversibleSince, r.LeftBehind = d.past(), []string{d.release()}
	}
	for _, service := range services {
		s := plan.Service{Name: service, Scale: d.scale(), WithTraffic: d.of(6) == 1}
		if d.is() {
			s.DependsOn = []string{services[d.of(2)]}
		}
		if d.of(3) == 1 {
			s.Migration = &plan.Migration{Irreversible: d.is(), Identity: d.version()}
		}
		r.Services = append(r.Services, s)
	}
	return r
}

func (d *dice) stack() plan.Stack {
	out := plan.Stack{}
	for _, service := range services {
		if d.of(6) > 0 {
			out[service] = plan.Running{Wanted: int32(d.of(6)), Available: int32(d.of(6)), Current: d.of(4) > 0,
				Trouble: [...]string{"", "", "ImagePullBackOff", "Unschedulable"}[d.of(4)], Refused: [...]string{"", "", "", "exceeded quota"}[d.of(4)]}
		}
	}
	return out
}

func (d *dice) jobs(o *plan.Observed, release string) {
	state := func() plan.JobState {
		return [...]plan.JobState{plan.JobRunning, plan.JobSucceeded, plan.JobFailed}[d.of(3)]
	}
	if d.of(3) == 1 {
		o.Migrations[release] = map[string]plan.Job{services[0]: {Name: release + "-cart", What: services[0], State: state(), EndedAt: d.past()}}
	}
	if d.of(3) == 1 {
		o.Checks[release] = map[string]plan.Job{"smoke": {Name: release + "-smoke", What: "smoke", State: state(), EndedAt: d.past()}}
	}
}

// scattered are the bytes of a seed.
func scattered(seed int) []byte {
	bytes := make([]byte, 160)
	for i := range bytes {
		bytes[i] = byte((seed+1)*(i+7)*2654435761>>(i%13)) ^ byte(seed*31+i*i)
	}
	return bytes
}

// FuzzPlan: whatever is observed, a decision is made, it hurts nobody, and it is the same when
// it is made again.
func FuzzPlan(f *testing.F) {
	for seed := range 400 {
		f.Add(scattered(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, wrong := range judgeFuzzed(data, plan.Plan) {
			t.Error(wrong)
		}
	})
}

// judgeFuzzed says what is wrong of the decision about a shop that is made of bytes.
func judgeFuzzed(data []byte, decide planner) (wrong []string) {
	d := dice{data}
	o := d.observed()
	decision := decide(o, clock)
	for _, violation := range world.Check(o, decision) {
		if decision.Frozen && strings.HasPrefix(violation, "more than two stacks") {
			continue // nothing is written: the stacks are what was found
		}
		wrong = append(wrong, fmt.Sprintf("%s\nobserved: %+v\ndecided: %+v", violation, o, decision))
	}
	again := dice{data}
	if second := decide(again.observed(), clock); second.Message != decision.Message || second.Table.Active != decision.Table.Active {
		wrong = append(wrong, fmt.Sprintf("the same was observed, and decided was %q and %q", decision.Message, second.Message))
	}
	if decision.Table.Active == "" && o.Table.Active != "" {
		wrong = append(wrong, fmt.Sprintf("the table names nothing any more: %+v", o))
	}
	return wrong
}
