package media

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// Time is synctest's own: all of them are where they want to be when it moves.
func TestNoMoreWorkThanThereAreCoresAndWhoFindsNoPlaceIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var refused, done, working, most atomic.Int64
		q := newQueue(2, 3, 1<<20, func() { refused.Add(1) })
		var all sync.WaitGroup
		for range 9 {
			all.Go(func() {
				began := time.Now()
				err := q.do(t.Context(), 1, func() error {
					for n := working.Add(1); n > most.Load(); {
						most.Store(n)
					}
					time.Sleep(time.Second)
					working.Add(-1)
					done.Add(1)
					return nil
				})
				if err != nil && (!fault.Is(err, fault.UnavailableKind) || time.Since(began) > 0) {
					t.Errorf("%v after %s", err, time.Since(began))
				}
			})
		}
		all.Wait()
		if done.Load() != 5 || refused.Load() != 4 || most.Load() != 2 {
			t.Errorf("%d done, %d refused, %d at a time", done.Load(), refused.Load(), most.Load())
		}
		if err := q.do(t.Context(), 1, func() error { return nil }); err != nil {
			t.Errorf("when all is done: %v", err)
		}
	})
}

func TestALargePictureIsMadeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var working, most atomic.Int64
		q := newQueue(4, 10, 100*mostDecoded, nil)
		var all sync.WaitGroup
		for _, pixels := range []int{90, 90, 90} {
			all.Go(func() {
				if err := q.do(t.Context(), pixels, func() error {
					for n := working.Add(1); n > most.Load(); {
						most.Store(n)
					}
					time.Sleep(time.Second)
					working.Add(-1)
					return nil
				}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if most.Load() != 1 {
			t.Errorf("%d at a time", most.Load())
		}
	})
}

func TestWhoLeavesWhileHeWaitsTakesNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, end := newQueue(1, 1, 10, nil), make(chan struct{})
		go func() { _ = q.do(t.Context(), 1, func() error { <-end; return nil }) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := q.do(ctx, 1, func() error { return errors.New("it was not its turn") }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		close(end)
		synctest.Wait()
		if len(q.places) != 0 {
			t.Errorf("%d places are taken", len(q.places))
		}
	})
}

// Whatever is worked on at a time fits into the memory, and no picture is so large that its turn never comes.
func TestTheMemoryIsKeptToAndEveryTurnComes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cores, budget := rapid.IntRange(1, 64).Draw(t, "cores"), rapid.Int64Range(1<<20, 1<<34).Draw(t, "budget")
		q := newQueue(cores, 0, budget, nil)
		pixels := rapid.IntRange(1, mostPixels).Draw(t, "pixels")
		w := q.weight(pixels)
		if w < 1 || w > budget || w < int64(pixels)*mostDecoded && w != budget {
			t.Fatalf("%d pixels weigh %d of %d", pixels, w, budget)
		}
		if at := budget / w; at > int64(cores) {
			t.Fatalf("%d at a time on %d cores", at, cores)
		}
		if small := q.weight(1); small*int64(cores) > budget {
			t.Fatalf("%d cores are not all used: %d of %d each", cores, small, budget)
		}
	})
	if need := int64(mostPixels) * mostDecoded; need > decoding || decoding > math.MaxInt32 {
		t.Errorf("a picture of all pixels needs %d bytes, there are %d", need, decoding)
	}
}
