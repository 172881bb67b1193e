package registry

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// counted counts the questions, and answers another digest each time.
type counted struct {
	asked atomic.Int32
	gate  chan struct{} // nil: it answers at once
}

func (c *counted) Digest(ctx context.Context, _ string, _ authn.Keychain) (string, error) {
	n := c.asked.Add(1)
	if c.gate != nil {
		select {
		case <-c.gate:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	return "sha256:" + string(rune('0'+n)), nil
}

func TestWhatWasAskedAheadIsNotAskedAgainAtTheCut(t *testing.T) {
	c := &counted{gate: make(chan struct{})}
	r := resolver(t)
	r.Registry = c
	services := []v1alpha1.ReleaseService{service("cart", "cart:1")}
	for range 3 { // each pass of the settling time
		r.Ahead(acme, "acme-aaaaaaaa", services)
	}
	close(c.gate)
	for range 2 { // a cut that failed is tried again
		if got, why := resolve(r, services...); got["cart"] != "sha256:1" || why != "" {
			t.Errorf("%v, %q", got, why)
		}
	}
	if n := c.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// Twenty services are applied one after the other, and each of them is another release to be.
func TestARegistryIsAskedOnceAShopIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counted{}
		r := resolver(t)
		r.Registry = c
		services := []v1alpha1.ReleaseService{service("cart", "cart:1")}
		for n := range 20 {
			r.Ahead(acme, "acme-"+string(rune('a'+n)), services)
			time.Sleep(quiet / 2)
		}
		if n := c.asked.Load(); n != 0 {
			t.Errorf("asked %d times while services were changed", n)
		}
		time.Sleep(quiet)
		synctest.Wait()
		if n := c.asked.Load(); n != 1 {
			t.Errorf("asked %d times when the shop was quiet", n)
		}
	})
}

func TestACutDoesNotWaitUntilAShopIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counted{}
		r := resolver(t)
		r.Registry = c
		services := []v1alpha1.ReleaseService{service("cart", "cart:1")}
		begun := time.Now()
		r.Ahead(acme, "acme-aaaaaaaa", services)
		if got, why := resolve(r, services...); got["cart"] != "sha256:1" || why != "" || time.Since(begun) > 0 {
			t.Errorf("%v, %q after %s", got, why, time.Since(begun))
		}
		r.Ahead(acme, "acme-bbbbbbbb", services)
		r.Forget(acme)
		time.Sleep(2 * quiet)
		synctest.Wait()
		if n := c.asked.Load(); n != 1 {
			t.Errorf("asked %d times: one of them for what was dropped", n)
		}
	})
}

func TestAnAnswerIsForOneReleaseAndForgottenInTime(t *testing.T) {
	c := &counted{}
	r := resolver(t)
	r.Registry = c
	now := noon
	r.Now = func() time.Time { return now }
	services := []v1alpha1.ReleaseService{service("cart", "cart:1")}
	answer := func(release string) string {
		got, _ := r.Resolve(context.Background(), acme, release, services)
		return got["cart"]
	}
	if answer("acme-aaaaaaaa") != "sha256:1" || answer("acme-bbbbbbbb") != "sha256:2" {
		t.Error("another release got the answer of the one before")
	}
	now = now.Add(fresh + time.Second)
	if got := answer("acme-bbbbbbbb"); got != "sha256:3" {
		t.Errorf("an old answer was taken: %s", got)
	}
	r.Forget(acme)
	if got := answer("acme-bbbbbbbb"); got != "sha256:4" {
		t.Errorf("what was forgotten was taken: %s", got)
	}
}
