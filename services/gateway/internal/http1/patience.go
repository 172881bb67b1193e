package http1

import (
	"context"
	"net"
	"os"
	"time"
)

const (
	// coarse is the deadline of a read while a pod answers at once. It is set
	// again only when less than least is left, so that a fast answer costs no timer.
	coarse = 120 * time.Millisecond
	least  = 20 * time.Millisecond
)

// patience is how long the reads of one exchange wait. They begin under a
// deadline that was set for many; only a read that outlasts it asks for the
// true one, and hears of a client that leaves.
type patience struct {
	socket net.Conn
	// armed is the coarse deadline that is set; zero when none is.
	armed time.Time

	ctx    context.Context
	waiter Waiter
	// limit is the true deadline; zero is none.
	limit time.Time
	// stop ends the watching of ctx; nil before it begins.
	stop func() bool
}

// begin starts the patience of an exchange.
func (p *patience) begin(ctx context.Context, waiter Waiter, now, limit time.Time) error {
	p.ctx, p.waiter, p.limit, p.stop = ctx, waiter, limit, nil
	if p.armed.Sub(now) >= least {
		return nil
	}
	p.armed = now.Add(coarse)
	return p.socket.SetReadDeadline(p.armed)
}

// extend is asked when a read has outlasted its deadline. Nil: read on.
func (p *patience) extend() error {
	if err := p.left(); err != nil {
		return err
	}
	if p.stop != nil {
		return os.ErrDeadlineExceeded
	}
	p.armed = time.Time{}
	if err := p.socket.SetReadDeadline(p.limit); err != nil {
		return err
	}
	// The deadline is set first: a client that left in between is heard by this.
	p.stop = context.AfterFunc(p.ctx, func() { _ = p.socket.SetReadDeadline(time.Unix(1, 0)) })
	return nil
}

// left tells whether the client did. It is asked only after a while, so that nobody watches
// the client of a fast answer.
func (p *patience) left() error {
	if p.waiter != nil {
		p.ctx, p.waiter = p.waiter.Waits(p.ctx), nil
	}
	return p.ctx.Err()
}

// unlimited lets a body take its time once the head has arrived: streams last
// as long as they last.
func (p *patience) unlimited() error {
	p.limit = time.Time{}
	if p.stop == nil {
		return nil
	}
	if err := p.socket.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	return p.ctx.Err() // its deadline may have been overwritten just now
}

// end tells whether the socket may serve another exchange: it must not once a
// client that left is about to end its reads.
func (p *patience) end() bool {
	stopped := p.stop == nil || p.stop()
	p.ctx, p.waiter, p.stop = nil, nil, nil
	return stopped
}
