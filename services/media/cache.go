package media

import (
	"container/list"
	"sync"
)

// cache keeps the pictures that were asked for last, within a bound of bytes. What an
// address answers never changes, so nothing in it gets old.
type cache struct {
	mu    sync.Mutex
	most  int
	size  int
	order *list.List // the last one first
	known map[Address]*list.Element
}

// cached is a picture under its address.
type cached struct {
	address Address
	picture *picture
}

// newCache keeps so many bytes at most.
func newCache(most int) *cache {
	return &cache{most: most, order: list.New(), known: map[Address]*list.Element{}}
}

// get returns a picture that is kept.
func (c *cache) get(a Address) (*picture, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, known := c.known[a]
	if !known {
		return nil, false
	}
	c.order.MoveToFront(at)
	return at.Value.(*cached).picture, true //nolint:forcetypeassert // the list holds nothing else
}

// put keeps a picture, and lets go of those that nobody asked for longest. One that is
// larger than a quarter of it all is not kept: it would drive out too many.
func (c *cache) put(a Address, p *picture) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.known[a]; known || len(p.content) > c.most/4 {
		return
	}
	c.known[a] = c.order.PushFront(&cached{a, p})
	c.size += len(p.content)
	for c.size > c.most {
		last := c.order.Back()
		old := c.order.Remove(last).(*cached) //nolint:forcetypeassert // the list holds nothing else
		delete(c.known, old.address)
		c.size -= len(old.picture.content)
	}
}

// bytes is how much is kept.
func (c *cache) bytes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size
}
