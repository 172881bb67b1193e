// Package eventstest gives tests a real NATS server of their own.
package eventstest

import (
	"context"
	"sync"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/natsserver"
)

// Start runs a server that ends with the test.
func Start(t testing.TB) *natsserver.Server {
	t.Helper()
	s, err := natsserver.Start(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// Bus connects to a server until the test ends.
func Bus(t testing.TB, s *natsserver.Server) events.Bus {
	t.Helper()
	bus, err := events.Connect(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bus.Close() })
	return bus
}

// Ready is a bus that is there, for who asks for one when he needs it.
func Ready(bus events.Bus) func() (events.Bus, error) {
	return func() (events.Bus, error) { return bus, nil }
}

// Log collects what is taken, in order.
type Log struct {
	mu  sync.Mutex
	all []events.Event
}

// Take notes an event.
func (l *Log) Take(_ context.Context, e events.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, e)
	return nil
}

// All is what was taken so far.
func (l *Log) All() []events.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]events.Event{}, l.all...)
}
