package watch

import (
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	// slots of slotLength make the two minutes that are remembered.
	slots      = 12
	slotLength = 10 * time.Second
	// shortest is the first bucket's end in microseconds, and steps the buckets by which
	// a wait doubles: it is known to an eighth.
	shortest, steps = 1 << 10, 8
	// buckets reach to 72 minutes; the last one takes what is longer.
	buckets = 1 + 22*steps
)

// history is what ended in the last two minutes. Which limit will be asked for is known
// only after a switch, so it remembers how long each request waited.
type history struct {
	slots   [slots]slot
	current atomic.Int32
	// began is when the current slot did; only tick uses it.
	began time.Time
}

type slot struct {
	requests, errors atomic.Int64
	waits            [buckets]atomic.Int32
}

func (h *history) add(wait time.Duration, failed bool) {
	s := &h.slots[h.current.Load()]
	s.requests.Add(1)
	if failed {
		s.errors.Add(1)
	}
	s.waits[bucketOf(wait)].Add(1)
}

// tick empties the oldest slot and goes on with it, when the current one is full.
func (h *history) tick(now time.Time) {
	if h.began.IsZero() {
		h.began = now
	}
	for passed := 0; now.Sub(h.began) >= slotLength && passed < slots; passed++ {
		next := (h.current.Load() + 1) % slots
		h.slots[next].clear()
		h.current.Store(next)
		h.began = h.began.Add(slotLength)
	}
	if now.Sub(h.began) >= slotLength {
		h.began = now
	}
}

func (s *slot) clear() {
	s.requests.Store(0)
	s.errors.Store(0)
	for i := range s.waits {
		s.waits[i].Store(0)
	}
}

func (h *history) sum(limit time.Duration) (c counted) {
	for i := range h.slots {
		s := &h.slots[i]
		c.errors += s.errors.Load()
		for b := bucketOf(limit) + 1; b < buckets; b++ {
			c.slow += int64(s.waits[b].Load())
		}
		c.requests += s.requests.Load()
	}
	return c
}

// bucketOf puts waits of up to a millisecond together, and longer ones by eighths of
// the power of two below them.
func bucketOf(wait time.Duration) int {
	us := uint64(max(0, wait) / time.Microsecond)
	if us < shortest {
		return 0
	}
	octave := bits.Len64(us) - 1
	within := int(us>>(octave-3)) & (steps - 1)
	return min(1+(octave-10)*steps+within, buckets-1)
}
