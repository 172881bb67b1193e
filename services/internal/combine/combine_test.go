package combine

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const minute = time.Minute

// double answers each number with its double, and refuses those below zero.
func double(_ context.Context, in []int) []Result[int] {
	out := make([]Result[int], len(in))
	for n, i := range in {
		if out[n].Value = 2 * i; i < 0 {
			out[n] = Result[int]{Err: errors.New("negative")}
		}
	}
	return out
}

func TestEachOneGetsItsOwnAnswer(t *testing.T) {
	c := New(Options{Lanes: 2, Most: 7, Patience: minute}, double)
	var all sync.WaitGroup
	for n := range 1000 {
		all.Go(func() {
			in := n - 100
			got, err := c.Do(t.Context(), in)
			if (in < 0) != (err != nil) || (in >= 0 && got != 2*in) {
				t.Errorf("%d: %d, %v", in, got, err)
			}
		})
	}
	all.Wait()
}

// gate is a batch that runs until it is let go, so that others collect behind it.
type gate struct {
	began, open chan struct{}
	sizes       chan int
}

func closed() gate {
	return gate{make(chan struct{}, 100), make(chan struct{}), make(chan int, 100)}
}

func (g gate) do(ctx context.Context, in []int) []Result[int] {
	g.sizes <- len(in)
	g.began <- struct{}{}
	<-g.open
	return double(ctx, in)
}

// waits returns when so many are queued.
func waits[I, O any](t *testing.T, c *Combiner[I, O], n int) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		queued := len(c.waiting)
		c.mu.Unlock()
		if queued == n {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d wait, not %d", queued, n)
		}
	}
}

func lanes[I, O any](c *Combiner[I, O]) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running
}

func TestWhoComesWhileABatchRunsIsTheNextBatch(t *testing.T) {
	g := closed()
	c := New(Options{Lanes: 1, Most: 6, Patience: minute}, g.do)
	var all sync.WaitGroup
	ask := func(n int) { all.Go(func() { _, _ = c.Do(t.Context(), n) }) }
	ask(0)
	<-g.began
	for n := range 10 {
		ask(n)
	}
	waits(t, c, 10)
	close(g.open)
	all.Wait()
	close(g.sizes)
	var sizes []int
	for n := range g.sizes {
		sizes = append(sizes, n)
	}
	if len(sizes) != 3 || sizes[0] != 1 || sizes[1] != 6 || sizes[2] != 4 {
		t.Errorf("batches of %v, want 1, 6 and 4", sizes)
	}
	for end := time.Now().Add(30 * time.Second); lanes(c) != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d lanes are open although nobody waits", lanes(c))
		}
	}
}

func TestNoMoreLanesThanAllowedAreOpen(t *testing.T) {
	var now, most atomic.Int32
	c := New(Options{Lanes: 3, Most: 2, Patience: minute}, func(ctx context.Context, in []int) []Result[int] {
		n := now.Add(1)
		defer now.Add(-1)
		for before := most.Load(); n > before && !most.CompareAndSwap(before, n); before = most.Load() {
		}
		time.Sleep(time.Millisecond)
		return double(ctx, in)
	})
	var all sync.WaitGroup
	for n := range 200 {
		all.Go(func() {
			if _, err := c.Do(t.Context(), n); err != nil {
				t.Error(err)
			}
		})
	}
	if all.Wait(); most.Load() > 3 || most.Load() < 2 {
		t.Errorf("%d batches at a time", most.Load())
	}
}

func TestWhoGivesUpLeavesTheOthersAlone(t *testing.T) {
	g := closed()
	c := New(Options{Lanes: 1, Most: 8, Patience: minute}, g.do)
	impatient, leave := context.WithCancel(t.Context())
	var all sync.WaitGroup
	gaveUp := func(n int) {
		all.Go(func() {
			if _, err := c.Do(impatient, n); !errors.Is(err, context.Canceled) {
				t.Errorf("who gave up got %v", err)
			}
		})
	}
	gaveUp(1)
	<-g.began // his request runs
	gaveUp(2)
	waits(t, c, 1)
	all.Go(func() {
		if got, err := c.Do(t.Context(), 3); got != 6 || err != nil {
			t.Errorf("who waited got %d, %v", got, err)
		}
	})
	waits(t, c, 2)
	leave()
	close(g.open)
	all.Wait()
	if first, second := <-g.sizes, <-g.sizes; first != 1 || second != 1 {
		t.Errorf("batches of %d and %d: one that nobody waits for was begun", first, second)
	}
}

func TestABatchIsNotEndedByOneOfItsCallers(t *testing.T) {
	c := New(Options{Lanes: 1, Most: 8, Patience: 20 * time.Millisecond}, func(ctx context.Context, in []int) []Result[int] {
		<-ctx.Done()
		return []Result[int]{{Err: ctx.Err()}}
	})
	if _, err := c.Do(t.Context(), 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a batch without an end: %v", err)
	}
}

func TestABatchThatFailsIsTold(t *testing.T) {
	for name, do := range map[string]func(context.Context, []int) []Result[int]{
		"a panic":     func(context.Context, []int) []Result[int] { panic("x") },
		"few answers": func(context.Context, []int) []Result[int] { return nil },
	} {
		c := New(Options{Lanes: 1, Most: 8, Patience: minute}, do)
		for range 2 { // the lane is not lost
			if _, err := c.Do(t.Context(), 1); err == nil {
				t.Errorf("%s: all is well", name)
			}
		}
	}
}
