package plan_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/testing/world"
)

// What one service of a stack does. A stack that does not run has none of them.
const (
	absent = iota
	starting
	ready
	failing
)

// Ages of a candidate: on time, past its deadline, past the time to look at it.
const (
	fresh = iota
	overdue
	forgotten
)

var (
	names    = [2]string{"acme-aaaaaaaa", "acme-bbbbbbbb"}
	services = [2]string{"cart", "catalog"}
	clock    = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	ages     = [3]time.Duration{time.Second, 20 * time.Minute, 2 * time.Hour}
)

// setting is what does not change within one search.
type setting struct{ auto, manual, guarded bool }

// state is all that can differ between two moments: two releases of two services, a
// front door, and what the user asks for. None is written as -1.
type state struct {
	setting
	content, pin           int8
	paused                 bool
	cut, rejected, failed  [2]bool
	age                    [2]int8 // -1: no candidate
	stacks                 [2][2]uint8
	active, from, preview  int8
	confirmed, windowOver  bool
	watched, broken, quiet bool // the guard is open; B breaks it; services are quiet
}

func (s state) observed() plan.Observed {
	o := plan.Observed{
		Paused:  s.paused,
		Policy:  plan.Policy{Manual: s.manual, Settle: time.Minute, StartDeadline: 10 * time.Minute, RollbackWindow: 15 * time.Minute, HistoryLimit: 5},
		Content: plan.Content{Release: names[s.content], Since: clock},
		Stacks:  map[string]plan.Stack{}, Live: map[string]plan.Scale{"cart": {Min: 2}, "catalog": {Min: 2}},
		FrontDoor: plan.FrontDoor{Ready: 2, Current: 2},
	}
	if s.auto {
		o.Live["cart"] = plan.Scale{Min: 2, Max: 5}
	}
	if s.quiet {
		o.Content.Since = clock.Add(-time.Hour)
	}
	if s.pin >= 0 {
		o.Policy.Pin = names[s.pin]
	}
	if s.guarded {
		o.Policy.Guard = &plan.Guard{Window: time.Minute, MaxErrorPercent: 1, MinRequests: 100}
	}
	for i := range names {
		s.observeRelease(&o, i)
	}
	s.observeFrontDoor(&o)
	return o
}

func (s state) observeRelease(o *plan.Observed, i int) {
	if s.cut[i] {
		r := plan.Release{Name: names[i], CreatedAt: clock.Add(time.Duration(i-3) * time.Hour)}
		for _, name := range services {
			r.Services = append(r.Services, plan.Service{Name: name, Scale: o.Live[name]})
		}
		if s.age[i] >= 0 {
			r.CandidateSince = clock.Add(-ages[s.age[i]])
		}
		if s.rejected[i] {
			r.Rejected = "it broke the guard"
		}
		if s.failed[i] {
			r.StartFailed = "it was not ready in time and was removed"
		}
		o.Releases = append(o.Releases, r)
	}
	for j, is := range s.stacks[i] {
		if is == absent {
			continue
		}
		if o.Stacks[names[i]] == nil {
			o.Stacks[names[i]] = plan.Stack{}
		}
		run := plan.Running{Current: true, Wanted: 3}
		if is == ready {
			run.Available = 3
		}
		o.Stacks[names[i]][services[j]] = run
	}
}

func (s state) observeFrontDoor(o *plan.Observed) {
	if s.preview >= 0 {
		o.Table.Preview = names[s.preview]
	}
	if s.active < 0 {
		return
	}
	o.Table.Active = names[s.active]
	at := clock.Add(-time.Second)
	if s.windowOver {
		at = clock.Add(-time.Hour)
	}
	o.Table.Switch = &frontdoor.Switch{At: at}
	if s.from >= 0 {
		o.Table.Switch.From = names[s.from]
	}
	if s.watched {
		o.Table.Guard = &frontdoor.Guard{Until: at.Add(time.Minute)}
	}
	if s.confirmed {
		o.FrontDoor.Confirmed = 2
	}
	if s.broken && s.active == 1 {
		o.FrontDoor.Counts = frontdoor.Counts{Requests: 1000, Errors: 500}
	}
}

// step lets the operator make one pass.
func (s state) step(t *testing.T) (state, plan.Decision) {
	o := s.observed()
	d := plan.Plan(o, clock)
	for _, v := range world.Check(o, d) {
		t.Fatalf("%s\nin %+v\ndecided: %s: %s", v, s, d.Reason, d.Message)
	}
	if d.Cut {
		s.cut[s.content] = true
	}
	if d.Frozen {
		return s, d
	}
	for i := range names {
		s.follow(&d, i)
	}
	s.preview = index(d.Table.Preview)
	if d.Table.Switching {
		s.from, s.active = s.active, index(d.Table.Active)
		s.confirmed, s.windowOver, s.watched = false, false, d.Table.Guard != nil
	}
	return s, d
}

func (s *state) follow(d *plan.Decision, i int) {
	_, runs := d.Role(names[i])
	for j := range services {
		switch {
		case !runs:
			s.stacks[i][j] = absent
		case s.stacks[i][j] == absent:
			s.stacks[i][j] = starting
		}
	}
	switch {
	case d.Candidate != names[i] || d.CandidateSince.IsZero():
		s.age[i] = -1
	case d.CandidateSince.Equal(clock):
		s.age[i] = fresh
	}
	s.rejected[i] = s.rejected[i] || d.Rejected == names[i]
	s.failed[i] = d.Candidate == names[i] && d.StartFailed != ""
}

func index(name string) int8 {
	for i := range names {
		if names[i] == name {
			return int8(i)
		}
	}
	return -1
}

// happens lists what may come of a state without operator and user.
func (s state) happens() []state {
	out := make([]state, 0, 12)
	with := func(change func(*state)) {
		next := s
		change(&next)
		out = append(out, next)
	}
	for i := range names {
		for j := range services {
			switch s.stacks[i][j] {
			case starting:
				with(func(n *state) { n.stacks[i][j] = ready })
				with(func(n *state) { n.stacks[i][j] = failing })
			case ready:
				with(func(n *state) { n.stacks[i][j] = failing })
			case failing:
				with(func(n *state) { n.stacks[i][j] = ready })
			}
		}
		if s.age[i] >= fresh && s.age[i] < forgotten {
			with(func(n *state) { n.age[i]++ })
		}
	}
	with(func(n *state) { n.confirmed = n.active >= 0 })
	with(func(n *state) { n.windowOver, n.watched = n.active >= 0, false })
	with(func(n *state) { n.quiet = true })
	return out
}

// asks lists what a user may do.
func (s state) asks() []state {
	out := make([]state, 0, 8)
	with := func(change func(*state)) {
		next := s
		change(&next)
		out = append(out, next)
	}
	with(func(n *state) { n.content, n.quiet = 1-n.content, false })
	with(func(n *state) { n.paused = !n.paused })
	if s.guarded { // without pins: they were searched without a guard
		with(func(n *state) { n.broken = !n.broken })
		return out
	}
	for pin := int8(-1); pin < 2; pin++ {
		with(func(n *state) { n.pin = pin })
	}
	return out
}

// rests tells whether nothing but a user is waited for.
func rests(r v1alpha1.Reason) bool {
	switch r {
	case v1alpha1.ReasonServing, v1alpha1.ReasonPaused, v1alpha1.ReasonAwaitingPromotion,
		v1alpha1.ReasonRollbackRefused, v1alpha1.ReasonGuardBroken, v1alpha1.ReasonStartDeadlineExceeded:
		return true
	}
	return false
}

// search walks through every state that can be reached.
type search struct {
	t     *testing.T
	ids   map[state]int
	queue []state
	edges [][2]int32 // from, to: without a user
	next  []int      // where one pass of the operator leads
	goals []int
}

func (q *search) id(s state) int {
	id, seen := q.ids[s]
	if !seen {
		id = len(q.queue)
		q.ids[s] = id
		q.queue = append(q.queue, s)
	}
	return id
}

func (q *search) visit(id int) {
	s := q.queue[id]
	next, d := s.step(q.t)
	if next == s && rests(d.Reason) {
		q.goals = append(q.goals, id)
	}
	q.next = append(q.next, q.id(next))
	q.edge(id, q.next[id])
	for _, n := range s.happens() {
		if n != s {
			q.edge(id, q.id(n))
		}
	}
	for _, n := range s.asks() {
		if n != s {
			q.id(n)
		}
	}
}

func (q *search) edge(from, to int) { q.edges = append(q.edges, [2]int32{int32(from), int32(to)}) }

// before sorts the edges by where they lead: those into a state are at begin[state] to begin[state+1].
func (q *search) before() (from, begin []int32) {
	begin = make([]int32, len(q.queue)+1)
	for _, e := range q.edges {
		begin[e[1]+1]++
	}
	for i := range q.queue {
		begin[i+1] += begin[i]
	}
	from, at := make([]int32, len(q.edges)), slices.Clone(begin)
	for _, e := range q.edges {
		from[at[e[1]]] = e[0]
		at[e[1]]++
	}
	return from, begin
}

// circling returns a state from which the operator alone goes in a circle; -1: there
// is none. Every pass that is not the last leads to another state.
func (q *search) circling() int {
	atRest := make([]bool, len(q.next))
	for id := range q.next {
		at, steps := id, 0
		for ; !atRest[at] && q.next[at] != at; at = q.next[at] {
			if steps++; steps > len(services)*16 {
				return id
			}
		}
		for at = id; !atRest[at] && q.next[at] != at; at = q.next[at] {
			atRest[at] = true
		}
		atRest[at] = true
	}
	return -1
}

// stranded returns a state from which no goal is reached; -1: there is none.
func (q *search) stranded() int {
	from, begin := q.before()
	reaches := make([]bool, len(q.queue))
	todo := q.goals
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if reaches[id] {
			continue
		}
		reaches[id] = true
		for _, f := range from[begin[id]:begin[id+1]] {
			todo = append(todo, int(f))
		}
	}
	for id := range reaches {
		if !reaches[id] {
			return id
		}
	}
	return -1
}

// TestAllStates: on every edge the invariants hold, the operator never goes in a
// circle, and from everywhere a state is reached in which only a user is waited for.
func TestAllStates(t *testing.T) {
	for _, in := range []setting{{}, {auto: true}, {manual: true}, {guarded: true}} {
		t.Run(fmt.Sprintf("%+v", in), func(t *testing.T) {
			t.Parallel()
			q := &search{t: t, ids: map[state]int{}}
			q.id(state{setting: in, pin: -1, active: -1, from: -1, preview: -1, age: [2]int8{-1, -1}})
			for id := 0; id < len(q.queue); id++ {
				q.visit(id)
			}
			t.Logf("%d states, %d goals", len(q.queue), len(q.goals))
			if id := q.circling(); id >= 0 {
				t.Fatalf("the operator goes in a circle from %+v", q.queue[id])
			}
			if id := q.stranded(); id >= 0 {
				_, d := q.queue[id].step(t)
				t.Fatalf("from %+v no goal is reached; it says %s: %s", q.queue[id], d.Reason, d.Message)
			}
		})
	}
}
