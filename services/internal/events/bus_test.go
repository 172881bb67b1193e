package events_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
)

func TestEventsOfASubjectAreTakenInOrderAndOfManyAtTheSameTime(t *testing.T) {
	bus := eventstest.Bus(t, eventstest.Start(t))
	all := several(t, 7, 40)
	publish(t, bus, all...)
	var log eventstest.Log
	var running, most atomic.Int32
	consuming(t, bus, "orders", func(ctx context.Context, e events.Event) error {
		most.Store(max(most.Load(), running.Add(1)))
		time.Sleep(rand.N(2 * time.Millisecond)) //nolint:gosec // disorder, if there can be any
		running.Add(-1)
		return log.Take(ctx, e)
	})
	until(t, "all are taken", func() bool { return len(log.All()) == len(all) })
	inOrder(t, all, log.All())
	if n := most.Load(); n < 2 || n > 7 {
		t.Errorf("%d subjects at the same time, of 7", n)
	}
}

func TestAnEventThatIsPublishedAgainIsStoredOnce(t *testing.T) {
	server := eventstest.Start(t)
	bus := eventstest.Bus(t, server)
	all := several(t, 2, 3)
	publish(t, bus, all...)
	publish(t, bus, all...)
	var log eventstest.Log
	consuming(t, bus, "orders", log.Take)
	until(t, "all are taken", func() bool { return done(all, &log) })
	stored, err := admin(t, server.URL()).Stream(t.Context(), "shop")
	if err != nil || stored.CachedInfo().State.Msgs != uint64(len(all)) {
		t.Errorf("%d messages are stored, of %d events (%v)", stored.CachedInfo().State.Msgs, len(all), err)
	}
}

// Whoever consumes next ends the one before him, and gets at once and in order
// what was not done, before anything new.
func TestWhoConsumesNextBeginsAtWhatWasNotDone(t *testing.T) {
	server := eventstest.Start(t)
	bus := eventstest.Bus(t, server)
	all := several(t, 3, 10)
	publish(t, bus, all[:20]...)
	var first, second eventstest.Log
	stuck := make(chan struct{})
	stop := consuming(t, bus, "orders", func(ctx context.Context, e events.Event) error {
		if e.Subject == "s-1" && len(first.All()) > 5 {
			select {
			case <-stuck: // as if it had hung with its events, while its process is believed dead
			case <-ctx.Done():
			}
			return errors.New("not done")
		}
		return first.Take(ctx, e)
	})
	until(t, "the others go on", func() bool { return len(first.All()) >= 13 })
	other := eventstest.Bus(t, server)
	consuming(t, other, "orders", second.Take)
	publish(t, other, all[20:]...)
	until(t, "all are done", func() bool { return done(all, &first, &second) })
	inOrder(t, all, append(first.All(), second.All()...))
	close(stuck)
	if err := stop(); err != nil && errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the first ended with %v", err)
	}
}

func done(all []events.Event, logs ...*eventstest.Log) bool {
	seen := map[string]bool{}
	for _, log := range logs {
		for _, e := range log.All() {
			seen[e.ID.String()] = true
		}
	}
	return len(seen) == len(all)
}

func TestTheOneBeforeIsEndedWhenAnotherBegins(t *testing.T) {
	server := eventstest.Start(t)
	one, other := eventstest.Bus(t, server), eventstest.Bus(t, server)
	ended := make(chan error, 1)
	var first, second eventstest.Log
	go func() {
		ended <- one.Consume(t.Context(), "orders", []events.Type{events.CartClosed}, first.Take)
	}()
	publish(t, one, closed(t, t.Context(), "a"))
	until(t, "the first consumes", func() bool { return len(first.All()) == 1 })
	consuming(t, other, "orders", second.Take)
	select {
	case err := <-ended:
		if err == nil {
			t.Error("it was not told")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it goes on")
	}
	publish(t, other, closed(t, t.Context(), "b"))
	until(t, "the second consumes", func() bool { return len(second.All()) >= 1 })
}

func TestAnErrorOfTakeEndsConsumeAndTheEventComesAgain(t *testing.T) {
	server := eventstest.Start(t)
	bus, js := eventstest.Bus(t, server), admin(t, server.URL())
	all := several(t, 1, 3)
	publish(t, bus, all...)
	failed := errors.New("no")
	var log eventstest.Log
	err := bus.Consume(t.Context(), "orders", []events.Type{events.CartClosed}, func(ctx context.Context, e events.Event) error {
		if e.ID == all[1].ID {
			return failed
		}
		return log.Take(ctx, e)
	})
	if !errors.Is(err, failed) {
		t.Errorf("it ended with %v", err)
	}
	for range 30 { // acknowledgements are on their way for a moment
		c, err := js.Consumer(t.Context(), "shop", "orders")
		if err != nil || c.CachedInfo().AckFloor.Stream > 1 {
			t.Fatalf("what failed is acknowledged (%v)", err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	consuming(t, bus, "orders", log.Take)
	until(t, "the rest is taken", func() bool { return done(all, &log) })
	inOrder(t, all, log.All())
}

// A release that takes more gets those events from the beginning, whatever an
// older one did meanwhile.
func TestATypeThatIsNewToAConsumerIsTakenFromTheBeginning(t *testing.T) {
	bus := eventstest.Bus(t, eventstest.Start(t))
	early, other := rotated(t, "auth/1"), closed(t, t.Context(), "a")
	publish(t, bus, early, other)
	var log eventstest.Log
	stop := consuming(t, bus, "orders", log.Take)
	until(t, "the one", func() bool { return done([]events.Event{other}, &log) })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	var more eventstest.Log
	stop = consuming(t, bus, "orders", more.Take, events.CartClosed, events.KeysRotated)
	until(t, "both types", func() bool { return done([]events.Event{early, other}, &more) })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	var less eventstest.Log // an older release is back
	late := closed(t, t.Context(), "b")
	publish(t, bus, late)
	consuming(t, bus, "orders", less.Take)
	until(t, "the old type", func() bool { return done([]events.Event{late}, &less) })
}

func TestNATSAwayAndBack(t *testing.T) {
	server := eventstest.Start(t)
	bus := eventstest.Bus(t, server)
	all := several(t, 2, 4)
	publish(t, bus, all[:4]...)
	server.Stop()
	began := time.Now()
	if err := bus.Publish(t.Context(), all[4:]); err == nil || time.Since(began) > 8*time.Second {
		t.Errorf("publishing to nobody: %v after %s", err, time.Since(began))
	}
	if err := bus.Consume(t.Context(), "orders", []events.Type{events.CartClosed}, nil); err == nil {
		t.Error("consuming from nobody is no error")
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	until(t, "it is published", func() bool { return bus.Publish(t.Context(), all[4:]) == nil })
	var log eventstest.Log
	consuming(t, bus, "orders", log.Take)
	until(t, "what was stored before is still there", func() bool { return done(all, &log) })
	inOrder(t, all, log.All())
}

// NATS dies while an event is being taken: its acknowledgement is lost. It is not waited for until its time is up.
func TestABrokenConnectionEndsConsumeSoThatNothingHangs(t *testing.T) {
	server := eventstest.Start(t)
	bus, began, goOn, ended := eventstest.Bus(t, server), make(chan struct{}), make(chan struct{}), make(chan error, 1)
	e := closed(t, t.Context(), "a")
	publish(t, bus, e)
	go func() {
		ended <- bus.Consume(t.Context(), "orders", []events.Type{events.CartClosed}, func(context.Context, events.Event) error {
			close(began)
			<-goOn
			return nil
		})
	}()
	<-began
	server.Stop()
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	select {
	case err := <-ended:
		if err == nil {
			t.Error("it ended as if it was told to")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it goes on without what is lost")
	}
	until(t, "it is connected again", func() bool { return bus.Publish(t.Context(), []events.Event{e}) == nil })
	var log eventstest.Log
	consuming(t, bus, "orders", log.Take)
	js := admin(t, server.URL())
	until(t, "nothing waits", func() bool { // it was acknowledged over the new connection, or is taken again
		c, err := js.Consumer(t.Context(), "shop", "orders")
		return err == nil && c.CachedInfo().NumAckPending == 0 && c.CachedInfo().NumPending == 0
	})
}

func TestNATSMayComeLater(t *testing.T) {
	server := eventstest.Start(t)
	server.Stop()
	bus := eventstest.Bus(t, server)
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	until(t, "it is published", func() bool { return bus.Publish(t.Context(), several(t, 1, 1)) == nil })
	if _, err := events.Connect("nats://jo:secret@%zz"); err == nil || len(err.Error()) > 120 {
		t.Errorf("no address: %v", err)
	}
}

// admin is somebody else at the same NATS.
func admin(t *testing.T, url string) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

func TestWhatIsNoEventIsLeftAloneAndKeepsNobodyWaiting(t *testing.T) {
	server := eventstest.Start(t)
	bus, js := eventstest.Bus(t, server), admin(t, server.URL())
	publish(t, bus, closed(t, t.Context(), "a"))
	for _, text := range []string{"", "{}", `{"specversion":"1.0","id":"0198c9a5-0000-7000-8000-000000000001","source":"x","type":"auth.keys.rotated.v1","subject":"c","data":{}}`} {
		if _, err := js.Publish(t.Context(), string(events.CartClosed), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	publish(t, bus, closed(t, t.Context(), "b"))
	var log eventstest.Log
	consuming(t, bus, "orders", log.Take)
	until(t, "both events are taken", func() bool { return len(log.All()) == 2 })
	until(t, "nothing waits", func() bool {
		c, err := js.Consumer(t.Context(), "shop", "orders")
		return err == nil && c.CachedInfo().NumAckPending == 0 && c.CachedInfo().NumPending == 0
	})
}

func TestTheStreamIsAsTheContractSays(t *testing.T) {
	server := eventstest.Start(t)
	one, js := eventstest.Bus(t, server), admin(t, server.URL())
	publish(t, one, closed(t, t.Context(), "a"))
	c := subjectsOf(t, js)
	types, err := events.Types()
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range types {
		if !slices.Contains(c.Subjects, of.Domain()+".>") {
			t.Errorf("the first who needs it makes it without the events of %s", of.Domain())
		}
	}
	if c.Storage != jetstream.FileStorage || c.MaxAge != 7*24*time.Hour || c.Duplicates != 2*time.Minute {
		t.Errorf("%+v", c)
	}
	if err := js.DeleteStream(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	publish(t, one, closed(t, t.Context(), "c")) // it is made anew
}

// An older release made it, and knew less.
func TestTheStreamGrows(t *testing.T) {
	server := eventstest.Start(t)
	one, other, js := eventstest.Bus(t, server), eventstest.Bus(t, server), admin(t, server.URL())
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "shop", Subjects: []string{"older.>"}}); err != nil {
		t.Fatal(err)
	}
	publish(t, one, closed(t, t.Context(), "a"))
	publish(t, other, rotated(t, "auth/1"))
	publish(t, one, closed(t, t.Context(), "b"))
	if c := subjectsOf(t, js); !slices.Equal(slices.Sorted(slices.Values(c.Subjects)), []string{"auth.>", "cart.>", "older.>"}) {
		t.Errorf("it holds %v", c.Subjects)
	}
}

func subjectsOf(t *testing.T, js jetstream.JetStream) jetstream.StreamConfig {
	t.Helper()
	s, err := js.Stream(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo().Config
}
