package plan

import "math"

// floors returns what each service of a release must have. In the stack that does
// not serve, an autoscaled service is held at the number that the active one has
// now, so that it can take the load at once.
func (o *Observed) floors(r Release) map[string]int32 {
	out := make(map[string]int32, len(r.Services))
	for _, s := range r.Services {
		if out[s.Name] = o.floor(r.Name, s.Name, o.scale(s)); s.WithTraffic && r.Name != o.Table.Active {
			out[s.Name] = 0
		}
	}
	return out
}

// scale is what the ShopService asks for now; that of the cut where it is gone.
func (o *Observed) scale(s Service) Scale {
	if live, ok := o.Live[s.Name]; ok {
		return live
	}
	return s.Scale
}

// fixed returns the services whose number of pods holds whatever their scale says:
// those that work with traffic only have none in a stack that does not serve. An
// autoscaler lets a Deployment at 0 alone, whoever set it to that, so it gets its first pods from here.
func (o *Observed) fixed(r Release) map[string]int32 {
	out := map[string]int32{}
	floors := o.floors(r)
	for _, s := range r.Services {
		run, there := o.Stacks[r.Name][s.Name]
		asleep := there && run.Wanted == 0 && floors[s.Name] > 0
		if asleep || (s.WithTraffic && (r.Name != o.Table.Active || run.Wanted == 0)) {
			out[s.Name] = floors[s.Name]
		}
	}
	return out
}

func (o *Observed) floor(release, service string, scale Scale) int32 {
	if !scale.Auto() || release == o.Table.Active {
		return scale.Min
	}
	serving := o.Stacks[o.Table.Active][service].Wanted
	return min(max(serving, scale.Min), scale.Max)
}

// required returns how many pods of each service a switch to the release asks for. That is the
// floor, but for three cases in which more would keep customers on what is worse: a stack that
// served before needs its least number only, since what the broken release grew to is no measure
// for it, and of a service that what serves is short of at this moment no more than that has of it,
// as where both lost a node; and a service that is the same in what serves, and short there for a while, needs no more than it has there.
func (p *planner) required(r Release) map[string]int32 {
	out := p.o.floors(r)
	back := p.o.servedBefore(r.Name)
	for _, s := range r.Services {
		if back && !s.WithTraffic {
			out[s.Name] = min(out[s.Name], p.o.scale(s).Min, p.enoughToGoBack(s.Name))
		}
		if has, short := p.shortInActive(s); short && !back {
			out[s.Name] = min(out[s.Name], has)
		}
	}
	return out
}

// enoughToGoBack returns how many pods of a service are as good as what serves has: at least one, and without a limit where what
// serves has what it needs, or has no such service.
func (p *planner) enoughToGoBack(service string) int32 {
	active, known := p.o.release(p.o.Table.Active)
	if needs, has := p.o.floors(active)[service], p.o.Stacks[active.Name][service].Available; known && has < needs {
		return max(has, 1)
	}
	return math.MaxInt32
}

// shortInActive tells how many pods what serves has of a service that a release leaves as it is,
// where these are too few, and have been for longer than a pod takes to be replaced.
func (p *planner) shortInActive(s Service) (int32, bool) {
	active, known := p.o.release(p.o.Table.Active)
	if !known || s.Identity == "" {
		return 0, false
	}
	for _, was := range active.Services {
		run := p.o.Stacks[active.Name][s.Name]
		if was.Name == s.Name && was.Identity == s.Identity {
			long := !run.ShortSince.IsZero() && p.now.Sub(run.ShortSince) >= shortFor
			return run.Available, long && run.Available < p.o.floors(active)[s.Name]
		}
	}
	return 0, false
}
