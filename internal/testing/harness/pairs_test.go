package harness

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// fault is a misfortune that strikes while something is under way.
type fault struct {
	name string
	// begin prepares it, and at strikes once, so many seconds later.
	begin func(*World, *rand.Rand)
	at    func(*World, *rand.Rand)
}

// faults are those of which random pairs are tried: alone each has a harness of its own.
func faults() []fault {
	return []fault{
		{name: "one write goes wrong", begin: func(w *World, r *rand.Rand) {
			mode := crashModes[r.Intn(len(crashModes))]
			w.also(atWrite(1+r.Intn(60), mode.fault))
		}},
		{name: "the API is away for twenty seconds", at: func(w *World, _ *rand.Rand) {
			until := w.Now.Add(20 * time.Second)
			w.also(func(cluster.Call) cluster.Fault {
				if w.Now.Before(until) {
					return cluster.Fault{Instead: apierrors.NewServiceUnavailable("etcdserver: no leader")}
				}
				return cluster.Fault{}
			})
		}},
		{name: "caches lag", begin: func(w *World, r *rand.Rand) { w.Delay = lagging(r) }},
		{name: "lists have no order", begin: func(w *World, r *rand.Rand) { w.Shuffle = shuffled(r) }},
		{name: "the operator's clock is set", at: func(w *World, r *rand.Rand) {
			w.Skew.Operator = time.Duration(r.Intn(15)-7) * time.Minute
		}},
		{name: "the operator dies", at: func(w *World, _ *rand.Rand) { w.Close() }},
		{name: "a second operator works", at: func(w *World, _ *rand.Rand) { w.StartOperator() }},
		{name: "an object is damaged", at: damage},
		{name: "the routing table is deleted", at: func(w *World, _ *rand.Rand) {
			if cm := w.Store.Get("ConfigMap", Namespace, frontdoor.TableName(Shop)); cm != nil {
				w.Chaos().Delete(cm)
			}
		}},
		{name: "a pod ends", at: killsPod},
		{name: "Jobs that ended are swept", at: func(w *World, _ *rand.Rand) { janitor(w) }},
	}
}

// also lets what is decided of a call be decided by one more, for operators that run and those to come.
func (w *World) also(decide func(cluster.Call) cluster.Fault) {
	chain := func(before func(cluster.Call) cluster.Fault) func(cluster.Call) cluster.Fault {
		return func(c cluster.Call) cluster.Fault {
			if before != nil {
				if f := before(c); f != (cluster.Fault{}) {
					return f
				}
			}
			return decide(c)
		}
	}
	w.OnCall = chain(w.OnCall)
	for _, o := range w.Operators {
		if !o.Client.Dead() {
			o.Client.OnCall = chain(o.Client.OnCall)
		}
	}
}

// TestPairsOfFaults: two misfortunes in one story, of which each alone hurts nobody.
func TestPairsOfFaults(t *testing.T) {
	budget := newBudget(t)
	for part := range 4 {
		t.Run(fmt.Sprintf("part %d of 4", part+1), func(t *testing.T) {
			t.Parallel()
			for n := range seeds(10) {
				budget.made.Add(1)
				pair(t, int64(part+4*n), nil)
			}
		})
	}
}

func pair(t testing.TB, seed int64, rig func(*World) func(*Operator)) {
	t.Helper()
	r := newRand(seed)
	all := slices.DeleteFunc(scenarios(), func(s scenario) bool { return s.name == "delete" })
	s := all[r.Intn(len(all))]
	s.rig = rig
	w := s.begin()
	defer w.Close()
	var names []string
	var strikes []func()
	for _, i := range r.Perm(len(faults()))[:2] {
		f := faults()[i]
		names = append(names, f.name)
		if f.begin != nil {
			f.begin(w, r)
		}
		if f.at != nil {
			at, struck := w.Now.Add(time.Duration(1+r.Intn(25_000))*time.Millisecond), false
			strikes = append(strikes, func() {
				if !struck && !w.Now.Before(at) {
					struck = true
					w.Say("misfortune: %s", f.name)
					f.at(w, r)
				}
			})
		}
	}
	w.Act = func(*World) {
		for _, strike := range strikes {
			strike()
		}
	}
	w.StartOperator()
	w.For(40 * time.Second)
	w.Rest()
	rightEnd(w)
	w.Check(t, fmt.Sprintf("seed %d (%s: %s)", seed, s.name, strings.Join(names, ", ")))
}
