package harness

import (
	"fmt"
	"math/rand"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// Namespace is where the harness's shop lives, and Shop its name.
const (
	Namespace = "shops"
	Shop      = "acme"
)

// World is a cluster in which time is a number.
type World struct {
	Now       time.Time
	Store     *cluster.Store
	Operators []*Operator
	Always    *Always
	// Behave says how the pods of an image behave; unset: ready after two seconds.
	Behave map[string]Behaviour
	// Load is how many pods an autoscaler wants for a service; unset: its minimum.
	Load map[string]int32
	// Blurred: operators see old states, or there are two of them, so that one may write over what the other told of a switch.
	Blurred bool
	// Mended: what made Jobs fail was outside of the shop, and is gone.
	Mended bool
	// Errors are how many of a hundred answers of a release are errors, by the image of any of its services.
	Errors map[string]int64
	// Skew is by how much clocks differ from the world's.
	Skew Skew
	// ConfirmAfter is how long each further replica of the front door takes to follow its table.
	ConfirmAfter time.Duration

	// Delay, Shuffle, OnCall and Rig are handed to operators that are started.
	Delay   func(kind string) int
	Shuffle func([]client.Object)
	OnCall  func(cluster.Call) cluster.Fault
	Rig     func(*Operator)
	// AtOnce is how many writes of a pass are under way together: 1, unless a test looks at what a race can do.
	AtOnce int
	// Act is called in each step, as chaos.
	Act func(*World)
	// Script is what users do, stage by stage.
	Script []Stage
	// Restart starts an operator again that died.
	Restart bool

	Steps   int
	started int
	actors  []actor
	tick    time.Duration
	changed time.Time
	stories []string
	front   *frontDoor
	at      int
	limit   time.Time
}

// Skew is by how much the clocks of the API server with its controllers, of the operator, and of
// the front door's replicas differ from the world's.
type Skew struct{ API, Operator, Replicas time.Duration }

// actor plays a part of Kubernetes.
type actor interface {
	// step does what is due, and returns when something will be.
	step(*World) time.Time
}

// begun is when every world begins.
var begun = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

// New returns a cluster with actors and without a shop.
func New() *World {
	w := &World{
		Now: begun, Behave: map[string]Behaviour{}, Load: map[string]int32{}, Errors: map[string]int64{},
		ConfirmAfter: 300 * time.Millisecond, tick: 100 * time.Millisecond, AtOnce: 1,
	}
	w.Store = cluster.NewStore(w.apiClock)
	w.Always = newAlways(w)
	w.Store.OnWrite(w.Always.after)
	w.front = &frontDoor{held: map[types.UID]*replica{}}
	w.changed = w.Now
	w.actors = []actor{&garbage{}, &autoscalers{}, newKubelet(w.front), &jobs{ends: map[types.UID]time.Time{}}, w.front, &quotas{}}
	return w
}

// Clock is the time of the world.
func (w *World) Clock() time.Time { return w.Now }

func (w *World) apiClock() time.Time      { return w.Now.Add(w.Skew.API) }
func (w *World) operatorClock() time.Time { return w.Now.Add(w.Skew.Operator) }
func (w *World) replicaClock() time.Time  { return w.Now.Add(w.Skew.Replicas) }

// Step lets everybody act once. It tells whether anything will ever happen again.
func (w *World) Step() bool {
	w.Steps++
	before := w.Store.Revision()
	w.play()
	if w.Act != nil {
		w.Act(w)
	}
	busy := w.revive()
	for _, o := range w.Operators {
		if !o.Client.Dead() {
			o.Cache.Step()
			o.Sources.Step()
			busy = w.pass(o) || o.Cache.Pending() || o.Sources.Pending() || busy
		}
	}
	var next time.Time
	for _, a := range w.actors {
		next = earlier(next, a.step(w))
	}
	if w.Store.Revision() != before {
		w.changed, busy = w.Now, true
	}
	if busy {
		w.Now = w.Now.Add(w.tick)
		return true
	}
	return w.skip(next)
}

// revive starts the operator again where the last one died.
func (w *World) revive() bool {
	for _, o := range w.Operators {
		if !o.Client.Dead() {
			return false
		}
	}
	if !w.Restart || len(w.Operators) == 0 {
		return false
	}
	w.OnCall = nil
	w.StartOperator()
	return true
}

// skip goes to where something is due.
func (w *World) skip(next time.Time) bool {
	for _, o := range w.Operators {
		if !o.Client.Dead() && !o.frozen.Load() {
			next = earlier(next, o.queue.next())
		}
	}
	if !w.limit.IsZero() && (next.IsZero() || next.After(w.limit)) {
		w.Now = w.limit
		return true
	}
	if next.IsZero() {
		return false
	}
	if next = next.Add(time.Millisecond); next.Before(w.Now.Add(w.tick)) {
		next = w.Now.Add(w.tick)
	}
	w.Now = next
	return true
}

// quiet is longer than any window, deadline and pause of the harness's shop.
const quiet = 20 * time.Minute

// most is more steps than any story of the harness takes.
const most = 6000

// Rest lets time pass until nothing changes any more.
func (w *World) Rest() {
	for n := 0; ; n++ {
		if !w.Step() || w.Now.Sub(w.changed) > quiet {
			return
		}
		if n > most {
			w.Always.violate("nothing comes to rest: %d steps, and it is %s", n, w.Now.Sub(begun))
			return
		}
	}
}

// Until lets time pass until the condition holds. It tells whether it ever did.
func (w *World) Until(holds func() bool) bool {
	for n := 0; n < most; n++ {
		if holds() {
			return true
		}
		if !w.Step() || w.Now.Sub(w.changed) > quiet {
			return holds()
		}
	}
	return false
}

// For lets an amount of time pass.
func (w *World) For(d time.Duration) {
	w.limit = w.Now.Add(d)
	for w.Now.Before(w.limit) {
		w.Step()
	}
	w.limit = time.Time{}
}

// Say writes a line into the journal.
func (w *World) Say(format string, args ...any) {
	w.stories = append(w.stories, fmt.Sprintf("%s  %s", w.Now.Sub(begun), fmt.Sprintf(format, args...)))
}

// Shop returns the shop; nil: there is none.
func (w *World) Shop() *v1alpha1.Shop {
	s, _ := w.Store.Get("Shop", Namespace, Shop).(*v1alpha1.Shop)
	return s
}

// Close ends the operators.
func (w *World) Close() {
	for _, o := range w.Operators {
		o.Kill()
	}
}

func keyOf(o client.Object) types.NamespacedName { return client.ObjectKeyFromObject(o) }

// shuffled orders lists by chance.
func shuffled(r *rand.Rand) func([]client.Object) {
	return func(all []client.Object) { r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] }) }
}

func newRand(seed int64) *rand.Rand { return rand.New(rand.NewSource(seed)) }
