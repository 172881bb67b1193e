package plan

import (
	"fmt"
	"slices"
	"strings"
)

// floors returns what each service of a release must have. In the stack that does
// not serve, an autoscaled service is held at the number that the active one has
// now, so that it can take the load at once.
func (o *Observed) floors(r Release) map[string]int32 {
	out := make(map[string]int32, len(r.Services))
	for _, s := range r.Services {
		scale := s.Scale
		if live, ok := o.Live[s.Name]; ok {
			scale = live
		}
		if out[s.Name] = o.floor(r.Name, s.Name, scale); s.WithTraffic && r.Name != o.Table.Active {
			out[s.Name] = 0
		}
	}
	return out
}

// fixed returns the services whose number of pods holds whatever their scale says:
// those that work with traffic only have none in a stack that does not serve. An
// autoscaler lets a Deployment at 0 alone, so it gets its first pods from here.
func (o *Observed) fixed(r Release) map[string]int32 {
	out := map[string]int32{}
	floors := o.floors(r)
	for _, s := range r.Services {
		asleep := o.Stacks[r.Name][s.Name].Wanted == 0
		if s.WithTraffic && (r.Name != o.Table.Active || asleep) {
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

// readiness counts the services of a stack that are ready at their floors.
type readiness struct {
	ready, total int
	waiting      []string // service (trouble), sorted
	refused      []string // service: what Kubernetes said
}

func (r readiness) all() bool { return r.total > 0 && r.ready == r.total }

func (r readiness) String() string {
	s := fmt.Sprintf("%d of %d ready", r.ready, r.total)
	if len(r.waiting) > 0 {
		s += "; waiting for " + strings.Join(r.waiting, ", ")
	}
	return s
}

// readiness compares a stack with its floors.
func (o *Observed) readiness(r Release) readiness {
	floors := o.floors(r)
	out := readiness{total: len(floors)}
	names := make([]string, 0, len(floors))
	for name := range floors {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		run := o.Stacks[r.Name][name]
		if run.ReadyAt(floors[name]) {
			out.ready++
			continue
		}
		out.waiting = append(out.waiting, withTrouble(name, run.Trouble))
		if run.Refused != "" {
			out.refused = append(out.refused, name+": "+run.Refused)
		}
	}
	return out
}

// ReadyAt tells whether the service has at least floor available pods, as
// Kubernetes says of its newest version.
func (r Running) ReadyAt(floor int32) bool { return r.Current && r.Available >= floor }

func withTrouble(name, trouble string) string {
	if trouble == "" {
		return name
	}
	return name + " (" + trouble + ")"
}
