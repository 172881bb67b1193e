package inbox

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/pause"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

const (
	// tries is how often an event may fail before it is parked, firstPause how long
	// it rests after the first time, and each time four times as long.
	tries      = 5
	firstPause = 100 * time.Millisecond
	longest    = 30 * time.Second
	// again is after how long a consumer begins again that lost NATS or PostgreSQL.
	again = time.Second
	// sweepEvery is how often old rows are deleted.
	sweepEvery = 10 * time.Minute
)

// Consumer returns a worker that takes the events of the handlers' types until
// its context ends. One replica of all stacks does so, the others wait for their
// turn: so the order of a subject's events is kept, whoever dies. The name
// durable is one in the shop, the service's as a rule; it is the place in the
// stream, and begins with the oldest event that is kept.
//
// An event that fails comes again after growing pauses; those of its subject wait
// behind it, and nobody else. After five tries it is parked. What fails because
// PostgreSQL or another service is away (fault.Unavailable) is no try.
func Consumer(db *postgres.DB, bus func() (events.Bus, error), durable string, h Handlers) func(context.Context) error {
	c := &consumer{box: &box{db, durable, h}, bus: bus, pause: firstPause}
	c.busy = make(chan struct{}, max(1, db.Config().MaxConns))
	return c.run
}

type consumer struct {
	*box
	bus   func() (events.Bus, error)
	pause time.Duration
	// busy bounds the transactions at a time: as many as the pool has connections.
	busy chan struct{}
}

// run begins again whenever PostgreSQL or NATS is away, and says so once.
func (c *consumer) run(ctx context.Context) error {
	if len(c.handlers) == 0 {
		return errNoHandler
	}
	for told := false; ctx.Err() == nil; {
		began := time.Now()
		err := c.db.Alone(ctx, "inbox "+c.taker, c.consume)
		if ctx.Err() != nil {
			return nil
		}
		if told = told && time.Since(began) < longest; !told {
			slog.WarnContext(ctx, "taking events again soon", "taker", c.taker, "error", err)
		}
		told = true
		pause.For(ctx, again)
	}
	return nil
}

// consume has the turn.
func (c *consumer) consume(ctx context.Context) error {
	bus, err := c.bus()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	swept := make(chan struct{})
	go func() { defer close(swept); c.keepSweeping(ctx) }()
	defer func() { stop(); <-swept }()
	return bus.Consume(ctx, c.taker, slices.Sorted(maps.Keys(c.handlers)), c.deliver)
}

// deliver has the effect of an event, or parks it. It returns an error only when
// ctx ends: whatever else happens, it does not let the next one of the subject pass.
func (c *consumer) deliver(ctx context.Context, e events.Event) error {
	own := e.Context(ctx)
	for rest := c.pause; ; rest = min(4*rest, longest) {
		err := c.try(own, e)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil && !fault.Is(err, fault.UnavailableKind) {
			n, uncounted := c.failed(own, e)
			if uncounted == nil && n >= tries && c.park(own, e, err) == nil {
				return nil
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		slog.WarnContext(own, "taking an event again soon", "type", e.Type, "event", e.ID, "taker", c.taker, "error", err)
		pause.For(ctx, rest)
	}
}

// try waits for its turn, so that an event that rests keeps nobody waiting.
func (c *consumer) try(ctx context.Context, e events.Event) error {
	select {
	case c.busy <- struct{}{}:
		defer func() { <-c.busy }()
		return c.take(ctx, e)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *consumer) keepSweeping(ctx context.Context) {
	for ctx.Err() == nil {
		if err := c.sweep(ctx); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "forgetting old events", "taker", c.taker, "error", err)
		}
		pause.For(ctx, sweepEvery)
	}
}
