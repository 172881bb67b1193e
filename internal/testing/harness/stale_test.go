package harness

import (
	"fmt"
	"math/rand"
	"testing"
)

// lagging is a delay by kind, from nothing to some steps: each kind is seen in order, but
// what was written first is not seen first.
func lagging(r *rand.Rand) func(string) int {
	most := map[string]int{}
	return func(kind string) int {
		if _, known := most[kind]; !known {
			most[kind] = r.Intn(12)
		}
		if most[kind] < 4 { // a third of the kinds is always fresh
			return 0
		}
		return r.Intn(most[kind])
	}
}

// TestStaleReads: caches that lag, each kind by another time, hurt nobody and change no end.
func TestStaleReads(t *testing.T) {
	budget := newBudget(t)
	for _, s := range someScenarios(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			want, _ := undisturbed(t, s.begin)
			for seed := range seeds(8) {
				r := rand.New(rand.NewSource(int64(seed)))
				budget.made.Add(1)
				w := s.begin()
				w.Delay, w.Shuffle, w.Blurred = lagging(r), shuffled(r), true
				if seed%3 == 0 { // and the operator is started anew while they lag
					w.OnCall = atWrite(1+r.Intn(40), crashModes[r.Intn(2)].fault)
				}
				crashed(t, w, want, fmt.Sprintf("seed %d", seed))
			}
		})
	}
}
