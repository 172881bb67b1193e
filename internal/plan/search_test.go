package plan_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

// rests tells whether nothing but a user is waited for.
func rests(r v1alpha1.Reason) bool {
	switch r {
	case v1alpha1.ReasonServing, v1alpha1.ReasonPaused, v1alpha1.ReasonAwaitingPromotion,
		v1alpha1.ReasonRollbackRefused, v1alpha1.ReasonGuardBroken, v1alpha1.ReasonStartDeadlineExceeded,
		v1alpha1.ReasonMigrationFailed, v1alpha1.ReasonCheckFailed:
		return true
	}
	return false
}

// search walks through every state that can be reached.
type search struct {
	decide planner
	// wrong is what was seen first that must never be.
	wrong string
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
	next, d, wrong := s.step(q.decide)
	if len(wrong) > 0 && q.wrong == "" {
		q.wrong = fmt.Sprintf("%s\nin %+v\ndecided: %s: %s", wrong[0], s, d.Reason, d.Message)
	}
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
			if steps++; steps > len(services)*24 {
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

// settings are what the search is made in.
var settings = []setting{
	{}, {auto: true}, {manual: true}, {guarded: true},
	{third: true}, {third: true, guarded: true}, {migrates: true}, {migrates: true, third: true},
	{checks: true}, {checks: true, manual: true}, {tight: true}, {tight: true, auto: true}, {lossy: true}, {lossy: true, guarded: true},
}

// walk visits every state that can be reached from an empty shop, but at most so many, and says what is wrong.
func walk(in setting, decide planner, most int) (q *search, wrong string) {
	q = &search{decide: decide, ids: map[state]int{}}
	q.id(state{setting: in, pin: -1, active: -1, from: -1, preview: -1, age: [3]int8{-1, -1, -1}})
	for id := 0; id < len(q.queue) && q.wrong == "" && id < most; id++ {
		q.visit(id)
	}
	if q.wrong != "" || len(q.queue) > len(q.next) {
		return q, q.wrong
	}
	if id := q.circling(); id >= 0 {
		return q, fmt.Sprintf("the operator goes in a circle from %+v", q.queue[id])
	}
	if id := q.stranded(); id >= 0 {
		_, d, _ := q.queue[id].step(decide)
		return q, fmt.Sprintf("from %+v no goal is reached; it says %s: %s", q.queue[id], d.Reason, d.Message)
	}
	return q, ""
}

// everything is more states than any setting has.
const everything = 1 << 30

// TestAllStates: on every edge the invariants hold, the operator never goes in a
// circle, and from everywhere a state is reached in which only a user is waited for.
func TestAllStates(t *testing.T) {
	for i, in := range settings {
		if testing.Short() && i%7 != 3 {
			continue
		}
		t.Run(fmt.Sprintf("%+v", in), func(t *testing.T) {
			t.Parallel()
			q, wrong := walk(in, plan.Plan, everything)
			t.Logf("%d states, %d goals", len(q.queue), len(q.goals))
			if wrong != "" {
				t.Fatal(wrong)
			}
		})
	}
}
