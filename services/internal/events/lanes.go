package events

import (
	"context"
	"errors"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// lanes let events of one subject wait for each other, and nobody else.
type lanes struct {
	ctx  context.Context //nolint:containedctx // the lanes live as long as a call of Consume
	stop context.CancelCauseFunc
	take func(context.Context, Event) error

	mu      sync.Mutex
	waiting map[string][]*turn
	// known are the turns by their place in the stream: JetStream may send a
	// message again that still waits.
	known map[uint64]*turn
	all   sync.WaitGroup
}

// turn is an event that is not done, with the newest message that brought it.
type turn struct {
	event   Event
	message jetstream.Msg
	place   uint64
}

func newLanes(ctx context.Context, take func(context.Context, Event) error) *lanes {
	l := &lanes{take: take, waiting: map[string][]*turn{}, known: map[uint64]*turn{}}
	l.ctx, l.stop = context.WithCancelCause(ctx)
	return l
}

var errBroken = errors.New("the connection to NATS broke")

// endWith ends the lanes when the connection breaks. The client would connect again and go on; but what was on its way then, an
// event or an acknowledgement, would only come again when its time is up (ackWait), behind what is newer.
func (l *lanes) endWith(broken <-chan nats.Status) {
	select {
	case <-broken:
		l.stop(errBroken)
	case <-l.ctx.Done():
	}
}

// put lets an event wait for its turn.
func (l *lanes) put(e Event, message jetstream.Msg) {
	var place uint64
	if meta, err := message.Metadata(); err == nil {
		place = meta.Sequence.Stream
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if again := l.known[place]; again != nil {
		again.message = message
		return
	}
	t := &turn{e, message, place}
	l.known[place] = t
	l.waiting[e.Subject] = append(l.waiting[e.Subject], t)
	if len(l.waiting[e.Subject]) == 1 {
		l.all.Go(func() { l.run(e.Subject) })
	}
}

// run goes through the events of a subject, until there is none or one fails.
func (l *lanes) run(subject string) {
	for t := l.first(subject); t != nil && l.ctx.Err() == nil; t = l.next(t) {
		if err := l.take(l.ctx, t.event); err != nil {
			l.stop(err)
			return
		}
	}
}

func (l *lanes) first(subject string) *turn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting[subject][0]
}

// next acknowledges what is done, and returns what comes after it. An
// acknowledgement that is lost costs a look into the inbox.
func (l *lanes) next(done *turn) *turn {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = done.message.Ack()
	delete(l.known, done.place)
	subject := done.event.Subject
	rest := l.waiting[subject][1:]
	if len(rest) == 0 {
		delete(l.waiting, subject)
		return nil
	}
	l.waiting[subject] = rest
	return rest[0]
}

// end waits for what is being done, and says why it ended: nil when whoever
// called Consume wanted so.
func (l *lanes) end(ctx context.Context, err error) error {
	failed := context.Cause(l.ctx) //nolint:contextcheck // the lanes' context is made of ctx
	l.stop(nil)
	l.all.Wait()
	switch {
	case ctx.Err() != nil:
		return nil
	case failed != nil && !errors.Is(failed, context.Canceled):
		return failed
	}
	return err
}
