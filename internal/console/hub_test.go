package console

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// watcher is a Person who does nothing but watch.
type watcher struct {
	Person
	open, begun int
	change      func()
	fail        chan error
}

func (w *watcher) Watch(ctx context.Context, _ string, changed func()) error {
	w.open, w.change = w.open+1, changed
	w.begun++
	defer func() { w.open-- }()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-w.fail:
		return err
	}
}

func inBubble(t *testing.T, test func(*hub, *identity, *watcher)) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		w := &watcher{fail: make(chan error)}
		h := newHub()
		test(h, &identity{person: w}, w)
		h.close()
	})
}

func joined(t *testing.T, h *hub, who *identity, namespace string) (*reader, func()) {
	t.Helper()
	r, leave, err := h.join(who, namespace)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return r, leave
}

func news(r *reader) (n int) {
	synctest.Wait()
	for len(r.changed) > 0 {
		<-r.changed
		n++
	}
	return n
}

func TestTabsOfOnePersonShareAWatch(t *testing.T) {
	inBubble(t, func(h *hub, ana *identity, w *watcher) {
		first, leaveFirst := joined(t, h, ana, "acme")
		second, leaveSecond := joined(t, h, ana, "acme")
		if w.begun != 1 {
			t.Errorf("%d watches for two tabs", w.begun)
		}
		w.change()
		time.Sleep(coalesce)
		if news(first) != 1 || news(second) != 1 {
			t.Error("not both tabs were told")
		}
		bob := &watcher{fail: make(chan error)}
		_, leaveBob := joined(t, h, &identity{person: bob}, "acme")
		_, leaveOther := joined(t, h, ana, "bazaar")
		if bob.begun != 1 || w.begun != 2 {
			t.Error("another person, or another namespace, shares a watch")
		}
		for _, leave := range []func(){leaveFirst, leaveSecond, leaveBob, leaveOther} {
			leave()
		}
	})
}

func TestManyChangesAreOneNews(t *testing.T) {
	inBubble(t, func(h *hub, ana *identity, w *watcher) {
		r, leave := joined(t, h, ana, "acme")
		for range 100 {
			w.change()
			time.Sleep(time.Millisecond)
		}
		if n := news(r); n != 0 {
			t.Errorf("told %d times before a quarter of a second was over", n)
		}
		time.Sleep(coalesce)
		if n := news(r); n != 1 {
			t.Errorf("100 changes were told %d times", n)
		}
		leave()
	})
}

func TestAWatchEndsAWhileAfterItsLastReader(t *testing.T) {
	inBubble(t, func(h *hub, ana *identity, w *watcher) {
		_, leave := joined(t, h, ana, "acme")
		leave()
		time.Sleep(linger - time.Second)
		_, leave = joined(t, h, ana, "acme") // the page was loaded anew
		time.Sleep(2 * time.Second)
		if w.begun != 1 || w.open != 1 {
			t.Errorf("%d watches were begun, %d are open", w.begun, w.open)
		}
		leave()
		time.Sleep(linger + time.Second)
		synctest.Wait()
		if w.open != 0 || len(h.all) != 0 {
			t.Error("the watch goes on without readers")
		}
	})
}

// A watch that ends is begun again, more and more slowly while the API server is away, and at once when it is back.
func TestAWatchThatEndsIsBegunAgain(t *testing.T) {
	inBubble(t, func(h *hub, ana *identity, w *watcher) {
		_, leave := joined(t, h, ana, "acme")
		for _, wait := range []time.Duration{firstWait, 2 * firstWait, 4 * firstWait} {
			before := w.begun
			w.fail <- errors.New("away")
			time.Sleep(wait - time.Millisecond)
			synctest.Wait()
			if w.begun != before {
				t.Errorf("begun again before %s", wait)
			}
			time.Sleep(2 * time.Millisecond)
			synctest.Wait()
			if w.begun != before+1 {
				t.Errorf("not begun again after %s", wait)
			}
		}
		w.change()
		before := w.begun
		w.fail <- errors.New("ended")
		time.Sleep(firstWait + time.Millisecond)
		synctest.Wait()
		if w.begun != before+1 {
			t.Error("a watch that worked is begun again late")
		}
		leave()
	})
}

// Nothing is asked any more in the name of somebody whom the API server does not know.
func TestWhoseTokenExpiredIsToldAndNotAskedForAgain(t *testing.T) {
	inBubble(t, func(h *hub, ana *identity, w *watcher) {
		r, leave := joined(t, h, ana, "acme")
		w.fail <- apierrors.NewUnauthorized("expired")
		synctest.Wait()
		select {
		case <-r.out:
		default:
			t.Error("the reader was not told")
		}
		time.Sleep(time.Hour)
		if w.begun != 1 {
			t.Errorf("watched %d times", w.begun)
		}
		leave()
		_, leave = joined(t, h, ana, "acme")
		if w.begun != 2 {
			t.Error("a new reader finds the dead watch")
		}
		leave()
	})
}

func TestOnePersonHasABoundOfReaders(t *testing.T) {
	inBubble(t, func(h *hub, ana *identity, _ *watcher) {
		for range mostReaders {
			joined(t, h, ana, "acme")
		}
		if _, _, err := h.join(ana, "acme"); !errors.Is(err, errTooMany) {
			t.Error("there is no bound:", err)
		}
	})
}

func TestAHubThatIsClosedTakesNobody(t *testing.T) {
	inBubble(t, func(h *hub, ana *identity, w *watcher) {
		joined(t, h, ana, "acme")
		h.close()
		if _, _, err := h.join(ana, "acme"); err == nil || w.open != 0 {
			t.Error("it goes on")
		}
	})
}
