package controllers

import (
	"errors"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
)

// A pass that fails once may have met a moment; one that fails again is told. Conflicts are
// decided anew at once, and ever more slowly where that does not help.
const (
	toldAfter       = 2
	soonestConflict = 50 * time.Millisecond
	latestConflict  = 5 * time.Second
	// conflictsTold is after how many in a row, some half a minute, a conflict is told like any other
	// error: a view that stays old so long is no moment.
	conflictsTold = 12
)

// failures counts the passes of a shop that failed one after the other.
type failures struct {
	mu   sync.Mutex
	seen map[ctrl.Request]int
}

// add counts a pass, and returns how many failed in a row with it.
func (f *failures) add(req ctrl.Request, err error) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		delete(f.seen, req)
		return 0
	}
	if f.seen == nil {
		f.seen = map[ctrl.Request]int{}
	}
	f.seen[req]++
	return f.seen[req]
}

func conflictDelay(inARow int) time.Duration {
	delay := soonestConflict
	for ; inARow > 1 && delay < latestConflict; inARow-- {
		delay *= 2
	}
	return min(delay, latestConflict)
}

// leaves returns the single errors that were joined.
func leaves(err error) (out []error) {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			out = append(out, leaves(e)...)
		}
		return out
	}
	return []error{err}
}

// withoutConflicts drops those of joined errors that only say that the view was old.
func withoutConflicts(err error) error {
	var rest []error
	for _, e := range leaves(err) {
		if !apierrors.IsConflict(e) {
			rest = append(rest, e)
		}
	}
	return errors.Join(rest...)
}
