package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

const makeRoom = "raise the ResourceQuota or lower spec.replicas or spec.resources"

// patience is how long pods of what serves may wait for room before a candidate that runs is
// taken away for them, as long as customers are served: a cluster autoscaler brings a node in
// about a minute.
const patience = 2 * time.Minute

// starvingTheActive: the release that serves cannot get pods that it needs for want of room, and
// the candidate takes room of the same kind. A release that changes the very service is no
// competitor: it may be the cure.
func (p *planner) starvingTheActive(r Release) bool {
	if p.goingBack {
		return false
	}
	active, _ := p.o.release(p.o.Table.Active)
	floors := p.o.floors(active)
	for _, s := range active.Services {
		run := p.o.Stacks[active.Name][s.Name]
		if !run.NoRoom || p.cures(r, s) {
			continue
		}
		since := cmp.Or(run.ShortSince, p.now)
		if served := run.Available >= floors[s.Name]; served && p.o.runs(r.Name) && p.now.Sub(since) < patience {
			p.wakeAt(since.Add(patience))
			continue
		}
		p.withoutStack = true
		p.say(v1alpha1.ReasonQuotaExceeded, fmt.Sprintf("release %s waits, since %s of the release that serves finds no room for its pods: %s; add nodes or %s",
			r.Name, s.Name, cmp.Or(run.Refused, run.Detail, run.Trouble), makeRoom))
		return true
	}
	return false
}

// cures tells whether a release has another version of the service, or has it no more.
func (p *planner) cures(r Release, broken Service) bool {
	i := slices.IndexFunc(r.Services, func(s Service) bool { return s.Name == broken.Name })
	return i < 0 || r.Services[i].Identity != broken.Identity
}

// withoutRoom: a quota has not enough left for the stack. It is asked before anything
// is created; once something was, what is used holds parts of the candidate itself.
func (p *planner) withoutRoom(r Release) bool {
	if p.o.runs(r.Name) || len(p.o.Migrations[r.Name]) > 0 {
		return false
	}
	needs := p.o.needs(r)
	for _, q := range p.o.Quotas {
		for _, name := range sortedKeys(q.Left) {
			need, asked := needs[name]
			left := q.Left[name]
			if !asked || need.Cmp(left) <= 0 {
				continue
			}
			if left.Sign() < 0 { // more is used than may be, since the quota was lowered
				left = resource.Quantity{}
			}
			p.withoutStack, p.quota = true, q.Name
			p.say(v1alpha1.ReasonQuotaExceeded, fmt.Sprintf("release %s needs %s of %s and ResourceQuota %s has %s left; nothing was created; %s",
				r.Name, need.String(), name, q.Name, left.String(), makeRoom))
			return true
		}
	}
	return false
}

// needs adds up what a stack at its floors takes of quotas.
func (o *Observed) needs(r Release) map[string]resource.Quantity {
	out := map[string]resource.Quantity{}
	floors := o.floors(r)
	for _, s := range r.Services {
		for name, q := range s.Fixed {
			add(out, name, q, 1)
		}
		for name, q := range s.PerPod {
			add(out, name, q, floors[s.Name])
		}
	}
	return out
}

func add(to map[string]resource.Quantity, name string, q resource.Quantity, times int32) {
	sum := to[name].DeepCopy()
	if times == 0 {
		return
	}
	q = q.DeepCopy()
	q.Mul(int64(times))
	sum.Add(q)
	to[name] = sum
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
