package http1

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Options are what a Client is made of. All are required.
type Options struct {
	// Dial connects to a pod. Its errors are returned as they are.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// ResponseTimeout is how long a pod may take to begin its response.
	ResponseTimeout time.Duration
	// IdleTimeout is how long an unused connection is kept. It must be shorter
	// than the services' own, or both ends meet while one is closing.
	IdleTimeout time.Duration
	// IdlePerPod is how many unused connections are kept to one pod.
	IdlePerPod int
	Now        func() time.Time
}

// Client sends small requests to pods.
type Client struct {
	Options
	pool pool
}

// New returns a Client. Run closes what it does not need any more.
func New(o Options) *Client {
	return &Client{Options: o, pool: pool{idle: map[string][]*conn{}, perPod: o.IdlePerPod, maxIdle: o.IdleTimeout}}
}

// Run closes connections that are unused for too long, until ctx ends, and then
// all that are unused.
func (c *Client) Run(ctx context.Context) {
	tick := time.NewTicker(max(c.IdleTimeout/2, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			c.Close()
			return
		case <-tick.C:
			c.pool.sweep(c.Now())
		}
	}
}

// Close closes the unused connections, and the others once they are not used.
func (c *Client) Close() { c.pool.close() }

// Idle counts the unused connections to a pod.
func (c *Client) Idle(address string) int { return c.pool.len(address) }

// Do sends a request to the pod at an address and returns when the final head
// of its response is there; the response must then be closed. A kept connection
// that turns out to be closed is replaced: when nothing was sent on it, or when
// no byte of a response has come and the Resender agrees. The errors are those of
// Dial and of the context, or a PodError.
func (c *Client) Do(ctx context.Context, address string, q *Request) (*Response, error) {
	for fresh := false; ; {
		conn, err := c.connection(ctx, address, q.Waiter, fresh)
		if err != nil {
			return nil, err
		}
		reused := conn.reused // asking may close it
		res, err := c.ask(ctx, conn, q)
		switch {
		case err == nil:
			return res, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case reused && (errors.Is(err, errStale) || errors.Is(err, errUnsent)):
			continue
		case reused && errors.Is(err, errSilent) && q.resender != nil && q.resender.MayResend():
			fresh = true
			continue
		}
		return nil, err
	}
}

func (c *Client) connection(ctx context.Context, address string, waiter Waiter, fresh bool) (*conn, error) {
	if !fresh {
		now := c.Now()
		if kept := c.pool.take(address, now); kept != nil {
			kept.begun = now
			return kept, nil
		}
	}
	if waiter != nil {
		ctx = waiter.Waits(ctx) // who does not listen may be waited for for seconds
	}
	socket, err := c.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	made, err := newConn(socket, address, c.Now)
	if err != nil {
		_ = socket.Close()
		return nil, err
	}
	made.begun = c.Now()
	return made, nil
}

// ask makes one exchange on one connection, which is closed when that fails.
func (c *Client) ask(ctx context.Context, conn *conn, q *Request) (*Response, error) {
	res := newResponse(c, conn)
	err := conn.exchange(ctx, q, &res.in, c.ResponseTimeout)
	if err != nil {
		err = exchangeFailed(err)
	} else if err = res.begin(q); err == nil {
		err = conn.patience.unlimited()
	}
	if err != nil {
		res.Close()
		return nil, err
	}
	return res, nil
}

// exchangeFailed tells of an exchange without a byte of a response.
func exchangeFailed(err error) error {
	if isCut(err) {
		err = fmt.Errorf("%w: %w", errSilent, err)
	}
	return podFailed("asking a pod", err)
}
