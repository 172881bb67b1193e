package harness

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"
)

// Fork returns a world that goes on from the same point, without operators: what they knew
// is lost, as when their processes die.
func (w *World) Fork() *World {
	out := &World{
		Now: w.Now, Behave: maps.Clone(w.Behave), Load: maps.Clone(w.Load), Errors: maps.Clone(w.Errors), Mended: w.Mended, ConfirmAfter: w.ConfirmAfter, Skew: w.Skew, Restart: w.Restart,
		Script: w.Script, at: w.at, tick: w.tick, changed: w.Now, stories: slices.Clone(w.stories), started: w.started,
	}
	out.Store = w.Store.Fork(out.apiClock)
	out.Always = w.Always.fork(out)
	out.Store.OnWrite(out.Always.after)
	out.front = &frontDoor{held: map[types.UID]*replica{}}
	for uid, r := range w.front.held {
		copied := *r
		out.front.held[uid] = &copied
	}
	out.actors = []actor{&garbage{}, &autoscalers{}, w.kubelet().fork(out.front), &jobs{ends: maps.Clone(w.jobs().ends)}, out.front, &quotas{}}
	return out
}

func (w *World) kubelet() *kubelet { return w.actors[2].(*kubelet) }
func (w *World) jobs() *jobs       { return w.actors[3].(*jobs) }

func (k *kubelet) fork(f *frontDoor) *kubelet {
	out := newKubelet(f)
	out.made = k.made
	for uid, clock := range k.pods {
		copied := *clock
		out.pods[uid] = &copied
	}
	return out
}

func (a *Always) fork(w *World) *Always {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := newAlways(w)
	out.served, out.outage, out.since, out.nobody = a.served, a.outage, a.since, a.nobody
	return out
}

// Stage is what a user does when something holds.
type Stage struct {
	When func(*World) bool
	Do   func(*World)
}

// play does the next stage of the script, if its time has come.
func (w *World) play() {
	if w.at < len(w.Script) && (w.Script[w.at].When == nil || w.Script[w.at].When(w)) {
		stage := w.Script[w.at]
		w.at++
		stage.Do(w)
	}
}
