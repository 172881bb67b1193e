package events

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// followedFor is for how long the server keeps the place of a follower that does not ask.
const followedFor = time.Minute

// Follow calls take with each event of the types that was stored since a time, and with each one that is stored later, in the order
// of the stream, until ctx ends (nil) or NATS is away (an error). It is for what every process must know for itself: a cache, an
// index. Nothing of it is remembered: whoever follows again says since when, and may be told again what he knows. No event is left
// out in between; one that take fails for ends it.
func (b *natsBus) Follow(ctx context.Context, types []Type, since time.Time, take func(context.Context, Event) error) error {
	if err := b.stream.holds(ctx, types); err != nil {
		return err
	}
	broken := b.conn.StatusChanged(nats.DISCONNECTED, nats.RECONNECTING, nats.CLOSED)
	defer b.conn.RemoveStatusListener(broken)
	messages, err := b.followed(ctx, types, since)
	if err != nil {
		return fmt.Errorf("beginning to follow: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-broken:
			cancel(errBroken)
		case <-ctx.Done():
		}
	}()
	defer context.AfterFunc(ctx, messages.Stop)()
	for {
		message, err := messages.Next()
		if err != nil {
			return followEnds(ctx, err)
		}
		if e, ok := decode(ctx, message); ok {
			if err := take(e.Context(ctx), e); err != nil {
				messages.Stop()
				return err
			}
		}
	}
}

// followed is a consumer of this process's own, which begins anew by itself where it misses a message.
func (b *natsBus) followed(ctx context.Context, types []Type, since time.Time) (jetstream.MessagesContext, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	config := jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &since, InactiveThreshold: followedFor}
	for _, t := range types {
		config.FilterSubjects = append(config.FilterSubjects, string(t))
	}
	consumer, err := b.js.OrderedConsumer(ctx, streamName, config)
	if err != nil {
		return nil, err
	}
	return consumer.Messages(jetstream.PullMaxMessages(mostWaiting), jetstream.PullHeartbeat(5*time.Second), jetstream.PullExpiry(30*time.Second))
}

// followEnds says why following ended: nil when whoever called wanted so.
func followEnds(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errBroken) {
		return cause
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("following: %w", err)
}
