package world

import (
	"time"

	"github.com/emporium-shop/emporium/internal/plan"
)

// play lets the cluster follow a decision.
func (w *World) play(d plan.Decision) {
	if d.Cut {
		w.Observed.Releases = append(w.Observed.Releases, plan.Release{
			Name: w.Observed.Content.Release, Version: w.Observed.Content.Version, CreatedAt: w.Now, Services: w.services(),
		})
	}
	if d.Frozen {
		return
	}
	w.mark(d)
	w.deployments(d)
	w.frontDoor(d)
}

func (w *World) mark(d plan.Decision) {
	for i := range w.Observed.Releases {
		w.Observed.Releases[i].CandidateSince = time.Time{}
		if w.Observed.Releases[i].Name == d.Candidate {
			w.Observed.Releases[i].CandidateSince = d.CandidateSince
		}
	}
}

// deployments starts and ends stacks; each service gets ready after its time.
func (w *World) deployments(d plan.Decision) {
	stacks := map[string]plan.Stack{}
	for _, s := range d.Stacks {
		stack := plan.Stack{}
		for service, floor := range s.Floors {
			stack[service] = w.grow(s.Release, service, floor)
		}
		stacks[s.Release] = stack
	}
	w.Observed.Stacks = stacks
}

func (w *World) grow(release, service string, floor int32) plan.Running {
	key := release + "/" + service
	if _, runs := w.Observed.Stacks[release][service]; !runs {
		w.age[key] = 0
	}
	w.age[key]++
	run := plan.Running{Current: true, Wanted: max(floor, w.Observed.Stacks[release][service].Wanted)}
	in, slow := w.StartsIn[key]
	if !slow {
		in = 1
	}
	if in >= 0 && w.age[key] > in {
		run.Available = run.Wanted
		return run
	}
	run.Trouble = w.Trouble[key]
	return run
}

func (w *World) frontDoor(d plan.Decision) {
	if d.Table.Switching {
		w.unconfirmed = w.ConfirmsIn
		w.Observed.FrontDoor.Confirmed = 0
	}
	w.Observed.Table = table(d)
	if d.Table.Switch == nil || d.Table.Switching {
		return
	}
	if w.unconfirmed > 0 {
		w.unconfirmed--
		return
	}
	w.Observed.FrontDoor.Confirmed = w.Observed.FrontDoor.Ready
}
