package follow

import (
	"sync"
	"time"
)

// contact remembers since when no watch stands. A watch that was ended by the server is
// not lost before the next one fails: the API ends each after some minutes.
type contact struct {
	now func() time.Time

	mu    sync.Mutex
	since time.Time
	err   error
}

func (c *contact) lost(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err = err; c.since.IsZero() {
		c.since = c.now()
	}
}

func (c *contact) found() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since, c.err = time.Time{}, nil
}

func (c *contact) broken() (time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.since, c.err
}
