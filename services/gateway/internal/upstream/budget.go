package upstream

import (
	"sync/atomic"
	"time"
)

const (
	// repetition is what one costs; a request earns a fifth of one.
	repetition, earned = 1000, 200
	// mostSaved is how many repetitions a quiet time saves up: enough for the kept-alive
	// connections that a pod closes when it ends.
	mostSaved = 20 * repetition
)

// budget bounds how many requests are repeated: one in five, one a second, and a few
// that were saved up.
type budget struct {
	saved atomic.Int64
	// filled is when the last second's repetition was added, in nanoseconds since began.
	filled atomic.Int64
	began  time.Time
}

func (b *budget) fill(now time.Time) {
	b.began = now
	b.saved.Store(mostSaved)
}

func (b *budget) earn() {
	if saved := b.saved.Load(); saved < mostSaved {
		b.saved.CompareAndSwap(saved, saved+earned) // who loses the race earns a little less
	}
}

func (b *budget) spend(now time.Time) bool {
	if at, last := int64(now.Sub(b.began)), b.filled.Load(); at-last >= int64(time.Second) && b.filled.CompareAndSwap(last, at) {
		seconds := min((at-last)/int64(time.Second), mostSaved/repetition)
		b.saved.Store(min(b.saved.Load()+seconds*repetition, mostSaved))
	}
	for {
		saved := b.saved.Load()
		if saved < repetition {
			return false
		}
		if b.saved.CompareAndSwap(saved, saved-repetition) {
			return true
		}
	}
}
