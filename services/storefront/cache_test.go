package storefront

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestManyPagesShareOneQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		k := keep(5*time.Second, func(_ context.Context, key string) (string, error) {
			asked.Add(1)
			time.Sleep(100 * time.Millisecond)
			return "of " + key, nil
		})
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if got, known := k.get(t.Context(), "a"); got != "of a" || !known {
					t.Errorf("%q %v", got, known)
				}
			})
		}
		all.Wait()
		time.Sleep(4 * time.Second)
		k.get(t.Context(), "a")
		if n := asked.Load(); n != 1 {
			t.Errorf("asked %d times for what is fresh", n)
		}
		time.Sleep(2 * time.Second)
		k.get(t.Context(), "a")
		k.get(t.Context(), "b")
		if n := asked.Load(); n != 3 {
			t.Errorf("asked %d times, want once more for what is old, and once for another key", n)
		}
	})
}

func TestAnOldAnswerIsBetterThanNone(t *testing.T) {
	for name, fails := range map[string]func() error{
		"it fails":       func() error { return errors.New("away") },
		"it is too late": func() error { time.Sleep(time.Hour); return nil },
		"it panics":      func() error { panic("broken") },
	} {
		synctest.Test(t, func(t *testing.T) {
			var broken atomic.Bool
			var asked atomic.Int32
			k := keep(5*time.Second, func(context.Context, string) (string, error) {
				if asked.Add(1); broken.Load() {
					return "kept", fails()
				}
				return "kept", nil
			})
			if got, known := k.get(t.Context(), ""); got != "kept" || !known {
				t.Fatalf("%q %v", got, known)
			}
			time.Sleep(time.Minute)
			broken.Store(true)
			began := time.Now()
			if got, known := k.get(t.Context(), ""); got != "kept" || !known || time.Since(began) > partPatience {
				t.Errorf("%s: %q %v after %s", name, got, known, time.Since(began))
			}
			broken.Store(false)
			time.Sleep(2 * time.Hour)
			if _, known := k.get(t.Context(), ""); !known || asked.Load() != 3 {
				t.Errorf("%s: asked %d times, want again after it", name, asked.Load())
			}
		})
	}
}

func TestWithoutAnAnswerAPageGoesOnWithoutThatPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keep(5*time.Second, func(ctx context.Context, _ string) (string, error) {
			<-ctx.Done() // the question ends, too
			return "", ctx.Err()
		})
		began := time.Now()
		if got, known := k.get(t.Context(), ""); known || got != "" || time.Since(began) != partPatience {
			t.Errorf("%q %v after %s", got, known, time.Since(began))
		}
		time.Sleep(askPatience) // else the question would outlive the test
	})
}

// The visitor who asked first may close the window: the others' answer still comes.
func TestTheFirstVisitorMayLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keep(5*time.Second, func(ctx context.Context, _ string) (string, error) {
			select {
			case <-time.After(100 * time.Millisecond):
				return "there", nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		})
		first, leave := context.WithCancel(t.Context())
		go k.get(first, "")
		synctest.Wait()
		leave()
		if got, known := k.get(t.Context(), ""); got != "there" || !known {
			t.Errorf("%q %v", got, known)
		}
	})
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	k := keep(time.Hour, func(_ context.Context, key string) (string, error) { return key, nil })
	for n := range 3 * mostKept {
		if got, _ := k.get(t.Context(), string(rune('a'+n))); got != string(rune('a'+n)) {
			t.Fatalf("%q", got)
		}
	}
	if len(k.entries) > mostKept {
		t.Errorf("%d are kept", len(k.entries))
	}
}
