package upstream

import (
	"strconv"
	"testing"
	"time"
)

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func poolOf(c *clock, addresses ...string) *Pool {
	p := newPool(c.now)
	p.set(addresses)
	return p
}

func find(t *testing.T, p *Pool, address string) *Endpoint {
	t.Helper()
	for _, e := range *p.endpoints.Load() {
		if e.Address == address {
			return e
		}
	}
	t.Fatalf("no endpoint %s", address)
	return nil
}

func TestPickFromNothing(t *testing.T) {
	var unknown *Pool
	if unknown.Pick(nil) != nil || poolOf(&clock{}).Pick(nil) != nil {
		t.Error("a pod was found where there is none")
	}
}

func TestPickTakesTheLessLoaded(t *testing.T) {
	p := poolOf(&clock{}, "a", "b")
	find(t, p, "a").Acquire()
	for range 100 {
		if got := p.Pick(nil).Address; got != "b" {
			t.Fatalf("picked %s, which has more in flight", got)
		}
	}
}

// A hundred requests that stay in flight must spread: the newcomer catches up.
func TestANewPodTakesLoadAtOnce(t *testing.T) {
	p := poolOf(&clock{}, "a", "b")
	for range 100 {
		p.Pick(nil).Acquire()
	}
	p.set([]string{"a", "b", "new"})
	for range 50 {
		p.Pick(nil).Acquire()
	}
	if got := find(t, p, "new").InFlight(); got < 15 { // 33 are expected
		t.Errorf("the new pod got %d of 50 requests", got)
	}
	if a, b := find(t, p, "a").InFlight(), find(t, p, "b").InFlight(); a < 40 || b < 40 {
		t.Errorf("counts of the pods that stayed were lost: %d, %d", a, b)
	}
}

func TestARefusingPodIsPassedOverAndComesBack(t *testing.T) {
	c := &clock{time.Unix(100, 0)}
	p := poolOf(c, "bad", "good")
	bad := find(t, p, "bad")
	pause := firstEjection
	for range 8 {
		if !bad.Refused(c.now()) || bad.Refused(c.now()) {
			t.Fatal("one moment of refusing must count once")
		}
		for range 20 {
			if p.Pick(nil) == bad {
				t.Fatal("an ejected pod was picked")
			}
		}
		c.at = c.at.Add(pause)
		if bad.ejected(p.clock(c.now())) {
			t.Fatalf("still ejected after %s", pause)
		}
		pause = min(2*pause, longestEjection)
	}
	bad.Answered()
	bad.Refused(c.now())
	if c.at = c.at.Add(firstEjection); bad.ejected(p.clock(c.now())) {
		t.Error("an answer did not reset the pause")
	}
}

func TestNeverEjectsAll(t *testing.T) {
	c := &clock{time.Unix(100, 0)}
	var names []string
	for i := range 7 {
		names = append(names, strconv.Itoa(i))
	}
	p := poolOf(c, names...)
	for _, e := range *p.endpoints.Load() {
		e.Refused(c.now())
	}
	var tried []*Endpoint
	for range names {
		e := p.Pick(tried)
		if e == nil {
			t.Fatalf("nobody left after %d of %d", len(tried), len(names))
		}
		tried = append(tried, e)
	}
	if p.Pick(tried) != nil {
		t.Error("a pod was picked twice for one request")
	}
}

func BenchmarkPick(b *testing.B) {
	p := poolOf(&clock{time.Unix(1, 0)}, "a", "b", "c", "d", "e", "f", "g", "h")
	for b.Loop() {
		p.Pick(nil)
	}
}
