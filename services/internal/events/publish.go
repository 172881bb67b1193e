package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// cloudEvent is the media type of CloudEvents' structured mode.
const cloudEvent = "application/cloudevents+json"

// Publish implements Bus.
func (b *natsBus) Publish(ctx context.Context, all []Event) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var types []Type
	for _, e := range all {
		types = append(types, e.Type)
	}
	for _, round := range rounds(all) {
		err := b.publish(ctx, types, round)
		if errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, nats.ErrNoResponders) {
			b.stream.forget() // somebody deleted it, or took our subjects out
			err = b.publish(ctx, types, round)
		}
		if err != nil {
			return fmt.Errorf("publishing events: %w", err)
		}
	}
	return nil
}

// rounds puts events into groups that hold at most one of each subject, in
// order. A group is sent at once, and the next one when that is stored: a
// connection may break between two messages, and the second must not overtake.
func rounds(all []Event) (groups [][]Event) {
	next := map[string]int{}
	for _, e := range all {
		n := next[e.Subject]
		next[e.Subject] = n + 1
		if n == len(groups) {
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], e)
	}
	return groups
}

// publish sends events without waiting in between, and then waits until each is stored.
func (b *natsBus) publish(ctx context.Context, types []Type, all []Event) error {
	if err := b.stream.holds(ctx, types); err != nil {
		return err
	}
	var acks []jetstream.PubAckFuture
	for _, e := range all {
		message, err := messageOf(e)
		if err != nil {
			return err
		}
		ack, err := b.js.PublishMsgAsync(message, jetstream.WithMsgID(e.ID.String()))
		if err != nil {
			return err
		}
		acks = append(acks, ack)
	}
	for _, ack := range acks {
		select {
		case <-ack.Ok():
		case err := <-ack.Err():
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func messageOf(e Event) (*nats.Msg, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", e.Type, err)
	}
	m := nats.NewMsg(string(e.Type))
	m.Data = text
	m.Header.Set("Content-Type", cloudEvent)
	return m, nil
}
