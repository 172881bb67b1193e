// Package events is how services tell each other what happened: CloudEvents in
// NATS JetStream, each of a type that the contract has a schema for.
//
// Who has an effect puts its event into the outbox in the same transaction
// (package outbox); who takes one has its effect and the note that it was taken in
// one transaction (package inbox). In between events are delivered at least once,
// and those of one subject in order.
package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/trace"
)

const (
	specVersion = "1.0"
	jsonType    = "application/json"
	// mostData bounds the data of an event in bytes, well below what NATS takes in one message.
	mostData = 256 << 10
	// mostSubject bounds a subject, as schemas/event.json does.
	mostSubject = 255
)

// Event says that something happened. As JSON it is a CloudEvent 1.0.
type Event struct {
	// ID is a UUID of version 7: who gets the event again knows it by this.
	ID uuid.UUID
	// Source is the service that says so.
	Source string
	Type   Type
	// Subject is what it is about, the id of an order for example. Events of one
	// subject arrive in the order in which they happened.
	Subject string
	Time    time.Time
	// TraceParent is that of the request that caused it; empty where there was none.
	TraceParent string
	Data        json.RawMessage
}

// envelope is an event on the wire.
type envelope struct {
	SpecVersion     string          `json:"specversion"`
	ID              uuid.UUID       `json:"id"`
	Source          string          `json:"source"`
	Type            Type            `json:"type"`
	Subject         string          `json:"subject"`
	Time            time.Time       `json:"time"`
	TraceParent     string          `json:"traceparent,omitempty"`
	DataContentType string          `json:"datacontenttype"`
	Data            json.RawMessage `json:"data"`
}

var errEnvelope = errors.New("is no CloudEvent 1.0 with id, source, type, subject and data")

// New makes an event of what ctx is about. Data that does not fit the schema of
// its type is an error: the effect that it tells of must not be committed.
func New(ctx context.Context, source string, t Type, subject string, data any) (Event, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Event{}, fmt.Errorf("making the id of an event: %w", err)
	}
	text, err := json.Marshal(data)
	if err != nil {
		return Event{}, fmt.Errorf("writing the data of %s: %w", t, err)
	}
	if len(text) > mostData || subject == "" || len(subject) > mostSubject {
		return Event{}, fmt.Errorf("%s: an event has a subject, and data of at most %d bytes", t, mostData)
	}
	if err := t.check(text); err != nil {
		return Event{}, err
	}
	e := Event{ID: id, Source: source, Type: t, Subject: subject, Time: time.Now().UTC(), Data: text}
	e.TraceParent = trace.From(ctx).String()
	return e, nil
}

// Into reads the data. Members that are not known are ignored.
func (e Event) Into(data any) error {
	if err := json.Unmarshal(e.Data, data); err != nil {
		return fmt.Errorf("reading the data of %s: %w", e.Type, err)
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (e Event) MarshalJSON() ([]byte, error) {
	return json.Marshal(envelope{specVersion, e.ID, e.Source, e.Type, e.Subject, e.Time.UTC(), e.TraceParent, jsonType, e.Data})
}

// UnmarshalJSON implements json.Unmarshaler.
func (e *Event) UnmarshalJSON(text []byte) error {
	var in envelope
	if err := json.Unmarshal(text, &in); err != nil {
		return fmt.Errorf("reading an event: %w", err)
	}
	if in.SpecVersion != specVersion || in.ID == uuid.Nil || in.Source == "" || in.Type == "" || in.Subject == "" || len(in.Data) == 0 {
		return fmt.Errorf("reading an event: it %w", errEnvelope)
	}
	*e = Event{in.ID, in.Source, in.Type, in.Subject, in.Time.UTC(), in.TraceParent, in.Data}
	return nil
}

// Context is that of the event's effect: it goes on with the trace of the cause.
func (e Event) Context(ctx context.Context) context.Context {
	return trace.With(ctx, trace.Continue(e.TraceParent, ""))
}
