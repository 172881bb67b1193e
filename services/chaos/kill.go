package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// databaseName is what PostgreSQL is called among what is killed.
const databaseName = "postgres"

// killer kills, at points that its seed draws.
type killer struct {
	world *world
	draw  *rand.Rand
	// dead is how long something may stay dead.
	dead time.Duration
	wait sync.WaitGroup
	// database is for one who kills PostgreSQL and waits until it is back.
	database sync.Mutex
	mu       sync.Mutex
	// killed counts by kind: service, worker, postgres, nats.
	killed map[string]int
}

func newKiller(w *world) *killer {
	dead := 3 * time.Second
	if w.short {
		dead = time.Second
	}
	return &killer{world: w, draw: rand.New(rand.NewPCG(w.seed, 1<<32)), dead: dead, killed: map[string]int{}} //nolint:gosec // no secret
}

// kindOf is what kind of process a name is of.
func kindOf(name string) string {
	switch {
	case name == databaseName || name == natsProgram:
		return name
	case strings.HasSuffix(name, "-worker"):
		return "worker"
	}
	return "service"
}

// plan draws what is killed: each kind in turn at first, so that none is left out, and then anything.
func (k *killer) plan() (names []string) {
	s := k.world.stacks[0]
	var services, workers []string
	for _, p := range s.services {
		services = append(services, strings.TrimPrefix(p.name, s.name+"/"))
	}
	for _, p := range s.workers {
		workers = append(workers, strings.TrimPrefix(p.name, s.name+"/"))
	}
	anything := slices.Concat(services, workers, []string{databaseName, databaseName, natsProgram, natsProgram})
	first := [][]string{{"checkout"}, {databaseName}, {"orders", "payments"}, workers, {natsProgram}, {"inventory"}, {"orders-worker", "payments-worker"}, services}
	for n := range k.world.kills {
		from := anything
		if n < len(first) {
			from = first[n]
		}
		names = append(names, from[k.draw.IntN(len(from))])
	}
	return names
}

// run kills, spread over the time that there is: each at a point of its own part of it.
func (k *killer) run(ctx context.Context) {
	began, names := time.Now(), k.plan()
	each := k.world.lasts * 95 / 100 / time.Duration(len(names))
	for n, name := range names {
		at := began.Add(time.Duration(n)*each + time.Duration(k.draw.Int64N(int64(each))))
		dead := time.Duration(k.draw.Int64N(int64(k.dead)))
		select {
		case <-ctx.Done():
		case <-time.After(time.Until(at)):
			k.wait.Go(func() { k.one(name, dead) })
		}
	}
	k.wait.Wait()
}

// one kills something and brings it back.
func (k *killer) one(name string, dead time.Duration) {
	w := k.world
	w.journal.note("kill -9", name, fmt.Sprint("dead for ", dead.Round(time.Millisecond)))
	defer w.journal.note("back", name, "")
	if name == databaseName {
		k.database.Lock() // the next of its kind waits until it is back
		defer k.database.Unlock()
		k.count(name)
		if err := w.killDatabase(dead / 4); err != nil {
			w.journal.fault("PostgreSQL does not come back", err.Error())
		}
		return
	}
	p := w.victim(name)
	if p == nil {
		return
	}
	k.count(name)
	time.Sleep(dead)
	if err := p.revive(); err != nil {
		w.journal.fault("a process does not start", p.name+": "+err.Error())
	}
}

// victim kills a process of that name; what is dead already is waited for. nil: it did not come back in time.
func (w *world) victim(name string) *process {
	for range 200 {
		for _, p := range w.called(name) {
			if p.kill() {
				return p
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

func (k *killer) count(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.killed[kindOf(name)]++
}

// called are the processes of a name: in the stack that serves, or in the other one.
func (w *world) called(name string) (list []*process) {
	if name == natsProgram {
		return []*process{w.nats}
	}
	active := w.front.active.Load()
	for _, s := range append([]*stack{active}, w.stacks...) {
		for _, p := range slices.Concat(s.services, s.workers) {
			if p.name == s.name+"/"+name {
				list = append(list, p)
			}
		}
	}
	if len(w.stacks) > 1 && time.Now().UnixNano()%3 == 0 { // the candidate is killed, too
		slices.Reverse(list)
	}
	return list
}
