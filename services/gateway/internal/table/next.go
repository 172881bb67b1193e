package table

import (
	"slices"
	"time"
)

// patience is how long a switch waits for the pods of its release to be known. The operator
// has seen them ready before it wrote the table, so this replica will hear of them within
// a moment; and a release that has lost a service is better than one that answers nothing.
const patience = 2 * time.Second

// next is a table that waits until its release can serve.
type next struct {
	table *Compiled
	timer *time.Timer
	late  bool
}

// EndpointsChanged is called when pods of a service come or go.
func (c *Current) EndpointsChanged() {
	c.writing.Lock()
	defer c.writing.Unlock()
	switch {
	case c.next != nil:
		c.advance()
	case c.unconfirmed.Load():
		c.confirm()
	}
}

// IsConfirmed tells whether the endpoints of the release that is routed to are known.
func (c *Current) IsConfirmed() bool { return !c.unconfirmed.Load() }

// advance routes by the next table if its release can serve as well as the one before, or
// has been waited for; it tells whether it did. While nothing at all is known of the
// release, it is this replica that is blind: it stays with what it knows.
func (c *Current) advance() bool {
	to, last := c.next.table, c.table.Load()
	if last.Routed() == "" || to.Routed() == "" || to.Routed() == last.Routed() ||
		c.isAble(to, last) || c.next.late && !c.isBlind(to) {
		c.drop()
		c.swap(to)
		return true
	}
	return false
}

// wait lets time pass before the next table is taken as it is.
func (c *Current) wait() {
	waits := c.next
	c.log.Warn("Waiting for the endpoints of a release before routing to it", "table", waits.table.Hash,
		"release", waits.table.Routed(), "unknown", c.unknown(waits.table))
	waits.timer = time.AfterFunc(patience, func() {
		c.writing.Lock()
		defer c.writing.Unlock()
		if waits.late = true; c.next == waits {
			c.advance()
		}
	})
	c.tell(Waiting)
}

// drop forgets the table that waits.
func (c *Current) drop() {
	if c.next != nil && c.next.timer != nil {
		c.next.timer.Stop()
	}
	c.next = nil
}

// confirm reports a switch whose endpoints were not known when it was routed by.
func (c *Current) confirm() {
	t := c.table.Load()
	if len(c.unknown(t)) > 0 {
		return
	}
	report := c.reportOf(t, *c.report.Load())
	c.report.Store(&report)
	c.log.Info("The endpoints of the release are known", "table", t.Hash, "active", report.Active)
	c.tell(Confirmed)
}

// isAble tells whether every service of the release is known, and has a pod if it has one
// in the release before.
func (c *Current) isAble(to, last *Compiled) bool {
	if len(c.unknown(to)) > 0 {
		return false
	}
	before := last.Stack(Active).Upstreams()
	for service, upstream := range to.Stack(Active).Upstreams() {
		if c.pods(upstream) == 0 && c.pods(before[service]) > 0 {
			return false
		}
	}
	return true
}

// isBlind tells whether no service of the release is known.
func (c *Current) isBlind(t *Compiled) bool {
	unknown := len(c.unknown(t))
	return unknown > 0 && unknown == len(t.Stack(Active).Upstreams())
}

// unknown returns the services of the active release whose endpoints are not known.
func (c *Current) unknown(t *Compiled) (services []string) {
	if c.Upstreams == nil {
		return nil
	}
	for service, upstream := range t.Stack(Active).Upstreams() {
		if _, known := c.Upstreams.Pods(upstream); !known {
			services = append(services, service)
		}
	}
	slices.Sort(services)
	return services
}

func (c *Current) pods(upstream string) (n int) {
	if c.Upstreams != nil {
		n, _ = c.Upstreams.Pods(upstream)
	}
	return n
}
