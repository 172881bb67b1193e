package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// shortFor is how long a service of what serves must have been short of pods before it is taken
// for broken rather than for one whose pod is being replaced.
const shortFor = 30 * time.Second

// readiness counts the services of a stack that have the pods that are asked for.
type readiness struct {
	ready, total int
	waiting      []string // service (trouble), sorted
	noRoom       []string // service: what Kubernetes said
}

func (r readiness) all() bool { return r.total > 0 && r.ready == r.total }

func (r readiness) String() string {
	s := fmt.Sprintf("%d of %d services ready", r.ready, r.total)
	if len(r.waiting) > 0 {
		s += "; waiting for " + strings.Join(r.waiting, ", ")
	}
	return s
}

// readiness compares a stack with what a switch to it asks for.
func (p *planner) readiness(r Release) readiness {
	out := p.o.readiness(r, p.required(r))
	for i, service := range out.waiting {
		name, _, _ := strings.Cut(service, " ")
		j := slices.IndexFunc(r.Services, func(s Service) bool { return s.Name == name })
		if _, short := p.shortInActive(r.Services[j]); short && r.Name != p.o.Table.Active {
			out.waiting[i] += fmt.Sprintf(", which is unchanged and short of pods in %s as well", p.o.Table.Active)
		}
	}
	return out
}

func (o *Observed) readiness(r Release, need map[string]int32) readiness {
	out := readiness{total: len(need)}
	for _, name := range sortedKeys(need) {
		run := o.Stacks[r.Name][name]
		if run.ReadyAt(need[name]) {
			out.ready++
			continue
		}
		out.waiting = append(out.waiting, run.named(name))
		if run.NoRoom && run.Refused != "" {
			out.noRoom = append(out.noRoom, name+": "+run.Refused)
		}
	}
	return out
}

// ReadyAt tells whether the service has at least floor available pods, as
// Kubernetes says of its newest version.
func (r Running) ReadyAt(floor int32) bool { return r.Current && r.Available >= floor }

// named names a service with what keeps its pods from being ready, and the sentence that
// Kubernetes has for it where the word alone does not tell what to do.
func (r Running) named(service string) string {
	switch {
	case r.Trouble == "":
		return service
	case r.Refused != "" && !r.NoRoom:
		return fmt.Sprintf("%s (%s: %s)", service, r.Trouble, r.Refused)
	case r.Detail != "":
		return fmt.Sprintf("%s (%s: %s)", service, r.Trouble, r.Detail)
	}
	return service + " (" + r.Trouble + ")"
}
