package events

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Bus carries events. It may be used by several goroutines.
type Bus interface {
	// Publish stores events: when it returns nil, all of them will be delivered. An
	// event is sent when those of its subject before it are stored. After an error
	// publish all of them again; what is stored already is not stored twice.
	Publish(ctx context.Context, all []Event) error
	// Consume calls take with each event of the types until ctx ends: those of one
	// subject one after another and in order, those of different subjects at the
	// same time. What take returns nil for does not come again. An error of take
	// ends Consume; whoever consumes under the name next gets what was not done.
	//
	// The place in the stream belongs to the name durable, which one process
	// consumes under at a time: the one that begins ends the one before it.
	Consume(ctx context.Context, durable string, types []Type, take func(context.Context, Event) error) error
	// Follow calls take with each event of the types since a time, for this process alone: see natsBus.
	Follow(ctx context.Context, types []Type, since time.Time, take func(context.Context, Event) error) error
	Close() error
}

const (
	// streamName is the stream of the whole shop.
	streamName = "shop"
	// kept is how long an event can be taken. A worker that is away longer misses some.
	kept = 7 * 24 * time.Hour
	// window is how long JetStream knows an event that comes again. Later it is
	// the inbox that does.
	window = 2 * time.Minute
	// patience is how long one question to NATS may take.
	patience = 5 * time.Second
)

// natsBus is a Bus on NATS JetStream.
type natsBus struct {
	conn   *nats.Conn
	js     jetstream.JetStream
	stream stream
}

// Connect makes a bus at an address: nats://nats:4222. NATS need not be there
// yet; until it is, Publish and Consume fail.
func Connect(url string) (Bus, error) {
	conn, err := nats.Connect(url,
		nats.Name("emporium"), nats.Timeout(2*time.Second),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(200*time.Millisecond), nats.ReconnectJitter(100*time.Millisecond, 100*time.Millisecond),
		// What is published while nobody listens fails: it must not be sent behind what is published after it.
		nats.ReconnectBufSize(-1),
		nats.PingInterval(5*time.Second), nats.MaxPingsOutstanding(2))
	if err != nil {
		return nil, fmt.Errorf("reading EVENTS_URL: %w", hidden(err))
	}
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(patience))
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("making a JetStream client: %w", err)
	}
	return &natsBus{conn: conn, js: js, stream: stream{js: js}}, nil
}

// hidden takes the address out of an error of parsing it: it may hold a password.
func hidden(err error) error {
	if text := err.Error(); strings.Contains(text, "://") || strings.Contains(text, "parse ") {
		return errors.New("it is no address such as nats://nats:4222")
	}
	return err
}

// Close ends the connection. What is being consumed comes again.
func (b *natsBus) Close() error {
	b.conn.Close()
	return nil
}
