package webhook

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// every is how often a source is looked at for calls, at most.
const every = time.Second

// looks lets the controller look at once, and for all calls of the second that follows once more at its
// end: the push that the last of them tells of may have come after the first look. It remembers sources
// for that second only, and only those whose calls were signed.
type looks struct {
	trigger Trigger

	mu    sync.Mutex
	again map[types.NamespacedName]bool // those looked at within the last second: whether to look again at its end
}

func newLooks(trigger Trigger) *looks {
	return &looks{trigger: trigger, again: map[types.NamespacedName]bool{}}
}

// ask reports whether the controller was asked now, or will be.
func (l *looks) ask(source types.NamespacedName) (now bool) {
	if !l.first(source) {
		return false
	}
	l.look(source)
	return true
}

func (l *looks) first(source types.NamespacedName) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, recently := l.again[source]
	l.again[source] = recently
	return !recently
}

func (l *looks) look(source types.NamespacedName) {
	l.trigger.Look(source)
	time.AfterFunc(every, func() {
		if l.wanted(source) {
			l.look(source)
		}
	})
}

// wanted forgets a source that nobody called for in the last second.
func (l *looks) wanted(source types.NamespacedName) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.again[source] {
		delete(l.again, source)
		return false
	}
	l.again[source] = false
	return true
}
