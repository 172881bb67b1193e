package events_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/events"
)

// closed is an event about a subject.
func closed(t testing.TB, ctx context.Context, subject string) events.Event { //nolint:revive // the context is the subject of some tests
	t.Helper()
	e, err := events.New(ctx, "cart", events.CartClosed, subject, map[string]any{"cart": uuid.NewString(), "order": uuid.NewString()})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// rotated is an event of another type, about a subject.
func rotated(t testing.TB, subject string) events.Event {
	t.Helper()
	e, err := events.New(t.Context(), "auth", events.KeysRotated, subject, map[string]any{"kid": subject, "notBefore": "2026-11-26T14:30:00Z"})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// several are n events of each of some subjects, one after another.
func several(t testing.TB, subjects, n int) (all []events.Event) {
	t.Helper()
	for range n {
		for s := range subjects {
			all = append(all, closed(t, t.Context(), fmt.Sprintf("s-%d", s)))
		}
	}
	return all
}

func publish(t testing.TB, bus events.Bus, all ...events.Event) {
	t.Helper()
	if err := bus.Publish(t.Context(), all); err != nil {
		t.Fatal(err)
	}
}

// consuming takes events until it is stopped; stop returns what Consume returned.
func consuming(t testing.TB, bus events.Bus, durable string, take func(context.Context, events.Event) error, types ...events.Type) (stop func() error) {
	t.Helper()
	if types == nil {
		types = []events.Type{events.CartClosed}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- bus.Consume(ctx, durable, types, take) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = stop() })
	return stop
}

// until waits for what others bring about.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// inOrder compares, subject by subject, what was published with what was taken first.
func inOrder(t testing.TB, published, taken []events.Event) {
	t.Helper()
	of := func(all []events.Event) map[string][]uuid.UUID {
		seen, out := map[uuid.UUID]bool{}, map[string][]uuid.UUID{}
		for _, e := range all {
			if !seen[e.ID] {
				out[e.Subject] = append(out[e.Subject], e.ID)
			}
			seen[e.ID] = true
		}
		return out
	}
	want, got := of(published), of(taken)
	for subject := range want {
		if fmt.Sprint(want[subject]) != fmt.Sprint(got[subject]) {
			t.Errorf("%s: published %v, taken %v", subject, want[subject], got[subject])
		}
	}
}
