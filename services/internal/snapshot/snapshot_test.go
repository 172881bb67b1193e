package snapshot

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// source is something that is loaded: a number that others change.
type source struct {
	value, loads atomic.Int64
	fails        atomic.Bool
}

func (s *source) load(context.Context) (int64, error) {
	s.loads.Add(1)
	if s.fails.Load() {
		return 0, errors.New("the database is away")
	}
	return s.value.Load(), nil
}

func (s *source) generation(context.Context) (int64, error) {
	if s.fails.Load() {
		return 0, errors.New("the database is away")
	}
	return s.value.Load(), nil
}

// running runs a snapshot for the time of a test, on a clock of its own.
func running(t *testing.T, o Options, f func(s *source, snap *Of[int64])) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		s := &source{}
		s.value.Store(1)
		snap := New(s.load, o)
		done := make(chan error, 1)
		go func() { done <- snap.Run(ctx) }()
		synctest.Wait()
		f(s, snap)
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

func pass(d time.Duration) { time.Sleep(d); synctest.Wait() }

func TestThereIsNoneBeforeTheFirstLoad(t *testing.T) {
	s := &source{}
	snap := New(s.load, Options{})
	if _, ok := snap.Get(); ok {
		t.Error("there is one")
	}
	if _, ok := snap.Age(time.Now()); ok {
		t.Error("it has an age")
	}
	s.fails.Store(true)
	if err := snap.Load(t.Context()); err == nil {
		t.Error("a load that failed is none")
	}
}

func TestAPokeIsSeenAtOnceAndManyAreFew(t *testing.T) {
	running(t, Options{}, func(s *source, snap *Of[int64]) {
		want(t, snap, 1)
		pass(100 * time.Millisecond)
		before := s.loads.Load()
		for n := range int64(1000) {
			s.value.Store(n)
			snap.Poke()
		}
		synctest.Wait()
		want(t, snap, 999)
		pass(time.Second)
		if loads := s.loads.Load() - before; loads > 3 {
			t.Errorf("1000 pokes made %d loads", loads)
		}
	})
}

func TestANewGenerationIsSeenWithinALook(t *testing.T) {
	s := &source{}
	running(t, Options{Generation: s.generation, Every: time.Hour}, func(loaded *source, snap *Of[int64]) {
		pass(10 * time.Second)
		if n := loaded.loads.Load(); n != 1 {
			t.Errorf("loaded %d times while nothing changed", n)
		}
		loaded.value.Store(7)
		s.value.Store(7)
		pass(1100 * time.Millisecond)
		want(t, snap, 7)
	})
}

func TestALostNoticeIsMadeUpFor(t *testing.T) {
	running(t, Options{Every: 5 * time.Second}, func(s *source, snap *Of[int64]) {
		s.value.Store(2)
		pass(4 * time.Second)
		want(t, snap, 1)
		pass(2 * time.Second)
		want(t, snap, 2)
	})
}

func TestTheLastOneStaysWhileTheDatabaseIsAway(t *testing.T) {
	running(t, Options{}, func(s *source, snap *Of[int64]) {
		s.fails.Store(true)
		s.value.Store(2)
		snap.Poke()
		pass(time.Minute)
		want(t, snap, 1)
		if age, _ := snap.Age(time.Now()); age < time.Minute {
			t.Errorf("its age is %s", age)
		}
		s.fails.Store(false)
		pass(1100 * time.Millisecond)
		want(t, snap, 2)
	})
}

// A change in the middle of a load must not be taken for loaded.
func TestAChangeDuringALoadIsLoadedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var value atomic.Int64
		var snap *Of[int64]
		snap = New(func(context.Context) (int64, error) {
			read := value.Load()
			if read == 0 {
				time.Sleep(10 * time.Millisecond)
				value.Store(1)
				snap.Poke()
			}
			return read, nil
		}, Options{Every: time.Hour})
		go snap.Run(ctx)
		pass(200 * time.Millisecond)
		want(t, snap, 1)
		stop()
		synctest.Wait()
	})
}

func TestDue(t *testing.T) {
	now := time.Unix(1000, 0)
	same, other := int64(3), int64(4)
	p := progress{at: now.Add(-time.Second), generation: 3}
	for name, c := range map[string]struct {
		p          progress
		poked      bool
		generation *int64
		want       bool
	}{
		"nothing new":          {p, false, &same, false},
		"generation not known": {p, false, nil, false},
		"poked":                {p, true, &same, true},
		"another generation":   {p, false, &other, true},
		"the last load failed": {progress{owed: true, at: now, generation: 3}, false, &same, true},
		"too old":              {progress{at: now.Add(-time.Hour), generation: 3}, false, &same, true},
	} {
		if got := c.p.due(now, c.poked, c.generation, time.Minute); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
