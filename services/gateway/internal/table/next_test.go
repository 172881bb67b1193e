package table

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// known is the Services whose endpoints are known, with the number of their pods.
type known map[string]int

func (k known) Pods(service string) (int, bool) { n, ok := k[service]; return n, ok }

// routed is a Current that routes to release a, which has a pod.
func routed(t *testing.T) (*Current, known) {
	t.Helper()
	c, k := New("", time.Now, slog.New(slog.DiscardHandler)), known{"web-a": 1}
	c.Upstreams = k
	apply(t, c, "a", time.Unix(1, 0))
	return c, k
}

func apply(t *testing.T, c *Current, active string, at time.Time) {
	t.Helper()
	if err := c.Apply(encode(t, active, "", at)); err != nil {
		t.Fatal(err)
	}
}

func (c *Current) wants(t *testing.T, when, release string, confirmed time.Time) {
	t.Helper()
	if r := c.Report(); c.Load().Routed() != release || r.Active != release || !r.Switch.Equal(confirmed) || r.AppliedAt.IsZero() != confirmed.IsZero() {
		t.Errorf("%s: it routes to %s and reports %+v; want %s, confirmed %s", when, c.Load().Routed(), r, release, confirmed)
	}
}

func TestATableIsNotConfirmedWhileTheEndpointsOfItsReleaseAreUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := routed(t)
		c.wants(t, "at first", "a", time.Unix(1, 0))
		apply(t, c, "b", time.Unix(2, 0))
		c.wants(t, "the slices of b are not there", "a", time.Unix(1, 0))
		time.Sleep(time.Hour)
		synctest.Wait()
		c.wants(t, "they never come: this replica is blind", "a", time.Unix(1, 0))
		k["web-b"] = 1
		c.EndpointsChanged()
		c.wants(t, "they come", "b", time.Unix(2, 0))
	})
}

func TestAReleaseWithoutPodsIsWaitedForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := routed(t)
		k["web-b"] = 0
		apply(t, c, "b", time.Unix(2, 0))
		c.wants(t, "b has no pod yet", "a", time.Unix(1, 0))
		k["web-b"] = 1
		c.EndpointsChanged()
		c.wants(t, "it has one", "b", time.Unix(2, 0))
		k["web-c"] = 0
		apply(t, c, "c", time.Unix(3, 0))
		time.Sleep(patience + time.Millisecond)
		synctest.Wait()
		c.wants(t, "c has none after all", "c", time.Unix(3, 0))
	})
}

func TestAReleaseThatLacksOneServiceIsRoutedToAndNotConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := routed(t)
		const two = `{"schema":1,"shop":"demo","active":"b","switch":{"at":"1970-01-01T00:00:02Z"},"releases":[{"name":"b","routes":[
			{"path":"/","service":"web","upstream":"web-b"},{"path":"/cart","service":"cart","upstream":"cart-b"}]}]}`
		k["web-b"] = 1
		if err := c.Apply(two); err != nil {
			t.Fatal(err)
		}
		time.Sleep(patience + time.Millisecond)
		synctest.Wait()
		c.wants(t, "cart is unknown", "b", time.Time{})
		if c.IsConfirmed() {
			t.Error("it says that it is confirmed")
		}
		time.Sleep(time.Minute)
		k["cart-b"] = 0
		before := time.Now()
		c.EndpointsChanged()
		c.wants(t, "cart is known", "b", time.Unix(2, 0))
		if at := c.Report().AppliedAt; at.Before(before) {
			t.Errorf("it was confirmed for %s, before cart was known", at)
		}
	})
}

func TestAWaitingTableIsReplacedByALaterOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := routed(t)
		k["web-c"] = 1
		apply(t, c, "b", time.Unix(2, 0))
		apply(t, c, "c", time.Unix(3, 0))
		c.wants(t, "a later table can serve", "c", time.Unix(3, 0))
		apply(t, c, "b", time.Unix(4, 0))
		apply(t, c, "c", time.Unix(3, 0)) // taken back
		k["web-b"] = 1
		c.EndpointsChanged()
		time.Sleep(time.Minute)
		synctest.Wait()
		c.wants(t, "what was taken back", "c", time.Unix(3, 0))
	})
}

func TestAReplicaThatStartsRoutesAtOnceAndConfirmsLater(t *testing.T) {
	c, k := New("", time.Now, slog.New(slog.DiscardHandler)), known{}
	c.Upstreams = k
	apply(t, c, "a", time.Unix(1, 0))
	c.wants(t, "nothing is known", "a", time.Time{})
	k["web-a"] = 1
	c.EndpointsChanged()
	c.wants(t, "a is known", "a", time.Unix(1, 0))
}

// Somebody deleted a Service of the release that serves: its switch stays confirmed.
func TestAConfirmedSwitchStaysConfirmed(t *testing.T) {
	c, k := routed(t)
	before := c.Report().AppliedAt
	delete(k, "web-a")
	if err := c.Apply(encode(t, "a", "b", time.Unix(1, 0))); err != nil { // a candidate appears
		t.Fatal(err)
	}
	c.wants(t, "its Service is gone", "a", time.Unix(1, 0))
	if !c.Report().AppliedAt.Equal(before) || !c.IsConfirmed() {
		t.Errorf("it was confirmed at %s, and again at %s", before, c.Report().AppliedAt)
	}
}
