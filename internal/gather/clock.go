package gather

import (
	"net/http"
	"sync"
	"time"

	"k8s.io/client-go/rest"
)

// Clock is the time of the API server, as its last answer said: the laptop's clock may be off, and ages would be wrong by that.
type Clock struct {
	// Local is the clock of this machine, for the time that passed since the last answer.
	Local func() time.Time

	mu     sync.Mutex
	offset time.Duration
	known  bool
}

// Follow returns a config whose answers set the clock.
func (c *Clock) Follow(config *rest.Config) *rest.Config {
	out := rest.CopyConfig(config)
	out.Wrap(func(next http.RoundTripper) http.RoundTripper { return &clocked{next: next, clock: c} })
	return out
}

// Now is the API server's time; until it has answered, this machine's.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Local().Add(c.offset)
}

// heard takes the Date of an answer. It has whole seconds and is some time on its way, so a difference of less than two
// seconds is none: else times would jump by a second from one answer to the next.
func (c *Clock) heard(date string) {
	at, err := http.ParseTime(date)
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	offset := at.Sub(c.Local())
	if change := offset - c.offset; c.known && change.Abs() < 2*time.Second {
		return
	}
	if offset.Abs() < 2*time.Second {
		offset = 0
	}
	c.offset, c.known = offset, true
}

type clocked struct {
	next  http.RoundTripper
	clock *Clock
}

func (c *clocked) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := c.next.RoundTrip(r)
	if err == nil {
		c.clock.heard(answer.Header.Get("Date"))
	}
	return answer, err
}

// WrappedRoundTripper lets client-go find what is below, as for upgrades.
func (c *clocked) WrappedRoundTripper() http.RoundTripper { return c.next }
