package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// mostWaiting is how many events a consumer has that are not done.
	mostWaiting = 256
	// ackWait is when JetStream sends again what nobody acknowledged. It is long,
	// because it is not what repairs a death: whoever consumes next begins at the
	// first event that was not done.
	ackWait = 5 * time.Minute
)

// Consume implements Bus.
func (b *natsBus) Consume(ctx context.Context, durable string, types []Type, take func(context.Context, Event) error) error {
	if err := b.stream.holds(ctx, types); err != nil {
		return err
	}
	broken := b.conn.StatusChanged(nats.DISCONNECTED, nats.RECONNECTING, nats.CLOSED)
	defer b.conn.RemoveStatusListener(broken)
	consumer, err := b.takeOver(ctx, durable, types)
	if err != nil {
		return fmt.Errorf("beginning to consume as %s: %w", durable, err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(mostWaiting), jetstream.PullHeartbeat(5*time.Second), jetstream.PullExpiry(30*time.Second),
		jetstream.WithMessagesErrOnMissingHeartbeat(true))
	if err != nil {
		return fmt.Errorf("consuming as %s: %w", durable, err)
	}
	lanes := newLanes(ctx, take)
	go lanes.endWith(broken)
	stop := context.AfterFunc(lanes.ctx, messages.Stop) //nolint:contextcheck // the lanes' context is made of ctx
	defer stop()
	for {
		message, err := messages.Next()
		if err != nil {
			messages.Stop()
			return lanes.end(ctx, err)
		}
		if e, ok := decode(ctx, message); ok {
			lanes.put(e, message)
		}
	}
}

// decode reads a message. One that is no event will never be one.
func decode(ctx context.Context, message jetstream.Msg) (Event, bool) {
	var e Event
	err := json.Unmarshal(message.Data(), &e)
	if err == nil && string(e.Type) != message.Subject() {
		err = errEnvelope
	}
	if err != nil {
		Parked.WithLabelValues("undecodable").Inc()
		slog.ErrorContext(ctx, "leaving alone a message that is no event", "subject", message.Subject(), "error", err)
		_ = message.TermWithReason("no event of this subject") // it comes again, and is left alone again
	}
	return e, err == nil
}

// takeOver makes the consumer anew at the first event that is not done. This ends
// whoever still consumes under the name, such as a process that was cut off and
// does not know it; and what he had taken is delivered at once and in order, not
// one by one when its time is up. What he did since his last acknowledgement
// comes twice, which the inbox sees.
func (b *natsBus) takeOver(ctx context.Context, durable string, types []Type) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	config := jetstream.ConsumerConfig{
		Durable: durable, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxAckPending: mostWaiting, MaxDeliver: -1,
		DeliverPolicy: jetstream.DeliverAllPolicy,
	}
	for _, t := range types {
		config.FilterSubjects = append(config.FilterSubjects, string(t))
	}
	before, err := b.js.Consumer(ctx, streamName, durable)
	switch {
	case errors.Is(err, jetstream.ErrConsumerNotFound):
	case err != nil:
		return nil, err
	default:
		if done := doneBy(before.CachedInfo(), config.FilterSubjects); done > 0 {
			config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, done+1
		}
		// Dying here loses the place: then all that is kept comes again, and the inbox knows it.
		if err := b.js.DeleteConsumer(ctx, streamName, durable); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return nil, err
		}
	}
	return b.js.CreateConsumer(ctx, streamName, config)
}

// doneBy is up to where all is done in the stream: nothing, when a type is asked
// for that was not before.
func doneBy(before *jetstream.ConsumerInfo, filters []string) uint64 {
	known := before.Config.FilterSubjects
	if before.Config.FilterSubject != "" {
		known = append(slices.Clone(known), before.Config.FilterSubject)
	}
	if len(without(filters, known)) > 0 {
		return 0
	}
	done := before.AckFloor.Stream
	if before.Config.OptStartSeq > 0 {
		done = max(done, before.Config.OptStartSeq-1)
	}
	return done
}
