package harness

import (
	"os"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
)

// TestMain keeps the log of thousands of runs quiet: what matters is in the journal.
func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

// proof tells whether everything shall be tried (make proof), not a sample.
func proof() bool { return os.Getenv("EMPORIUM_PROOF") == "1" }

// seeds is how many random stories are played: usual, a tenth with -short, EMPORIUM_SEEDS where it is set.
func seeds(usual int) int {
	if n, err := strconv.Atoi(os.Getenv("EMPORIUM_SEEDS")); err == nil && n > 0 {
		return n
	}
	switch {
	case proof():
		return 50 * usual
	case testing.Short():
		return max(1, usual/10)
	}
	return usual
}

// budget chooses which of many runs are made: all of them as proof, a fixed sample otherwise,
// so that a failure is seen again in the next run.
type budget struct{ made atomic.Int64 }

func newBudget(t *testing.T) *budget {
	b := &budget{}
	t.Cleanup(func() { t.Logf("%d runs were made", b.made.Load()) })
	return b
}

func (b *budget) takes(n int, important bool) bool {
	every := 20
	switch {
	case proof():
		every = 1
	case testing.Short():
		every = 100
	case important:
		every = 4
	}
	if n%every != 0 {
		return false
	}
	b.made.Add(1)
	return true
}

// some are all, but with -short a few: the first and each eighth after it.
func some[T any](all []T) (out []T) {
	for i := range all {
		if proof() || !testing.Short() || i%8 == 0 {
			out = append(out, all[i])
		}
	}
	return out
}

// someScenarios are all, but with -short one: another one for each test.
func someScenarios(t *testing.T) []scenario {
	all := scenarios()
	if proof() || !testing.Short() {
		return all
	}
	n := len(t.Name()) % len(all)
	return all[n : n+1]
}
