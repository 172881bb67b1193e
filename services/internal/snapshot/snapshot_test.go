package snapshot

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emporium-shop/emporium/services/internal/pause"
)

var errAway = errors.New("the database is away")

// source is something that is loaded: a number that others change.
type source struct {
	value, loads atomic.Int64
	fails        atomic.Bool
	// takes is how long a load takes, heard when the last look was answered.
	takes time.Duration
	heard atomic.Pointer[time.Time]
}

func (s *source) load(ctx context.Context, _ int64) (int64, error) {
	s.loads.Add(1)
	read := s.value.Load()
	pause.For(ctx, s.takes)
	if s.fails.Load() {
		return 0, errAway
	}
	return read, ctx.Err()
}

func (s *source) hear() {
	now := time.Now()
	s.heard.Store(&now)
}

func (s *source) Heard() time.Time { return *s.heard.Load() }

// running runs a snapshot for the time of a test, on a clock of its own.
func running(t *testing.T, o Options, s *source, f func(ctx context.Context, snap *Of[int64])) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		s.value.Store(1)
		s.hear()
		snap := New(s.load, o)
		done := make(chan error, 1)
		go func() { done <- snap.Run(ctx) }()
		pass(s.takes)
		f(ctx, snap)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func want(t *testing.T, snap *Of[int64], value int64) {
	t.Helper()
	if got, ok := snap.Get(); !ok || got != value {
		t.Errorf("the snapshot is %d (%t), want %d", got, ok, value)
	}
}

// wantAge wants an age, to the millisecond.
func wantAge(t *testing.T, snap *Of[int64], want time.Duration) {
	t.Helper()
	if got, ok := snap.Age(time.Now()); !ok || got.Truncate(time.Millisecond) != want {
		t.Errorf("its age is %s (%t), want %s", got, ok, want)
	}
}

func pass(d time.Duration) { time.Sleep(d); synctest.Wait() }

func TestThereIsNoneBeforeTheFirstLoad(t *testing.T) {
	s := &source{}
	s.fails.Store(true)
	running(t, Options{}, s, func(_ context.Context, snap *Of[int64]) {
		if _, ok := snap.Get(); ok {
			t.Error("there is one")
		}
		if _, ok := snap.Age(time.Now()); ok {
			t.Error("it has an age")
		}
		s.fails.Store(false)
		pass(1100 * time.Millisecond)
		want(t, snap, 1)
	})
}

func TestAPokeIsSeenAtOnceAndManyAreFew(t *testing.T) {
	s := &source{}
	running(t, Options{}, s, func(_ context.Context, snap *Of[int64]) {
		want(t, snap, 1)
		pass(100 * time.Millisecond)
		before := s.loads.Load()
		for n := range int64(1000) {
			s.value.Store(n)
			snap.Poke()
		}
		pass(gap + time.Millisecond)
		want(t, snap, 999)
		pass(time.Second)
		if loads := s.loads.Load() - before; loads > 3 {
			t.Errorf("1000 pokes made %d loads", loads)
		}
	})
}

func TestLoadsTakeAQuarterOfTheTimeAtMost(t *testing.T) {
	s := &source{takes: 200 * time.Millisecond}
	running(t, Options{}, s, func(_ context.Context, snap *Of[int64]) {
		before := s.loads.Load()
		for range 100 {
			snap.Poke()
			pass(100 * time.Millisecond)
		}
		if loads := s.loads.Load() - before; loads < 10 || loads > 13 {
			t.Errorf("%d loads of 200 ms in 10 s", loads)
		}
	})
}

func TestALostNoticeIsMadeUpFor(t *testing.T) {
	s := &source{}
	running(t, Options{Every: 5 * time.Second}, s, func(_ context.Context, snap *Of[int64]) {
		s.value.Store(2)
		pass(4 * time.Second)
		want(t, snap, 1)
		pass(2 * time.Second)
		want(t, snap, 2)
	})
}

func TestTheLastOneStaysWhileTheDatabaseIsAway(t *testing.T) {
	s := &source{}
	running(t, Options{}, s, func(_ context.Context, snap *Of[int64]) {
		s.fails.Store(true)
		s.value.Store(2)
		snap.Poke()
		pass(time.Minute)
		want(t, snap, 1)
		s.fails.Store(false)
		pass(1100 * time.Millisecond)
		want(t, snap, 2)
	})
}

// A change in the middle of a load must not be taken for loaded.
func TestAChangeDuringALoadIsLoadedAgain(t *testing.T) {
	s := &source{takes: 100 * time.Millisecond}
	running(t, Options{Every: time.Hour}, s, func(_ context.Context, snap *Of[int64]) {
		pass(time.Second)
		snap.Poke()
		pass(50 * time.Millisecond) // it has read 1
		s.value.Store(2)
		snap.Poke()
		pass(100 * time.Millisecond)
		want(t, snap, 1)
		pass(time.Second)
		want(t, snap, 2)
	})
}

// Who has written reads what he wrote, also when a load runs that began before.
func TestARefreshHoldsWhatWasWrittenBeforeIt(t *testing.T) {
	s := &source{takes: 100 * time.Millisecond}
	running(t, Options{Every: time.Hour}, s, func(ctx context.Context, snap *Of[int64]) {
		pass(time.Second)
		snap.Poke()
		pass(50 * time.Millisecond)
		s.value.Store(2)
		if err := snap.Refresh(ctx); err != nil {
			t.Error(err)
		}
		want(t, snap, 2)
		s.fails.Store(true)
		if err := snap.Refresh(ctx); !errors.Is(err, errAway) {
			t.Errorf("a refresh that failed: %v", err)
		}
		ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		if err := snap.Refresh(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("nobody waits for ever: %v", err)
		}
	})
}

func TestALoadThatHangsIsGivenUp(t *testing.T) {
	s := &source{takes: time.Hour}
	running(t, Options{}, &source{}, func(ctx context.Context, _ *Of[int64]) {
		snap := New(s.load, Options{})
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		go snap.Run(ctx)
		if err := snap.Refresh(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		stop()
		synctest.Wait()
	})
}

// The age is what a reader is told: for how long nobody could tell whether it is right.
func TestTheAgeIsSinceItWasKnownToBeRight(t *testing.T) {
	s := &source{}
	running(t, Options{Every: time.Hour, Heard: s.Heard}, s, func(_ context.Context, snap *Of[int64]) {
		pass(10 * time.Second)
		wantAge(t, snap, 10*time.Second) // nothing was heard
		s.hear()
		wantAge(t, snap, 0)
		pass(3 * time.Second)
		wantAge(t, snap, 3*time.Second)
		s.fails.Store(true)
		snap.Poke() // it has changed, and cannot be loaded
		pass(time.Second)
		s.hear()
		wantAge(t, snap, 14*time.Second)
		s.fails.Store(false)
		pass(1500 * time.Millisecond)
		s.hear()
		wantAge(t, snap, 0)
	})
}

func TestWithoutHeardItIsAsOldAsItsLoad(t *testing.T) {
	s := &source{}
	running(t, Options{Every: 10 * time.Second}, s, func(_ context.Context, snap *Of[int64]) {
		pass(7 * time.Second)
		wantAge(t, snap, 7*time.Second)
		pass(4 * time.Second)
		if age, _ := snap.Age(time.Now()); age > time.Second {
			t.Errorf("just loaded, and %s old", age)
		}
	})
}
