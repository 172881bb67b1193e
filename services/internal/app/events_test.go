package app

import (
	"context"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// telling is a service that has events.
func telling(p *play) Service {
	s := p.service()
	s.Emits, s.Takes = []events.Type{events.CartClosed}, []events.Type{events.OrderPlaced}
	return s
}

func TestAWorkerOfAServiceWithEventsNeedsEVENTSURLAndAPodThatServesDoesNot(t *testing.T) {
	for name, c := range map[string]struct {
		options Options
		starts  bool
	}{"serve": {Options{}, true}, "work": {Options{Work: true}, false}, "inline": {Options{Inline: true}, false}} {
		c.options.Host, c.options.Log, c.options.Environment = "127.0.0.1", io.Discard, stack()
		p, err := Start(t.Context(), telling(&play{}), c.options)
		if c.starts != (err == nil) || err != nil && !strings.Contains(err.Error(), "EVENTS_URL") {
			t.Errorf("%s: %v", name, err)
		}
		if p != nil {
			_ = p.Stop(context.Background())
		}
	}
}

func TestContractAndMetricsTellOfEvents(t *testing.T) {
	p, err := Start(t.Context(), telling(&play{}), Options{Host: "127.0.0.1", Log: io.Discard, Environment: stack()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(context.Background()) })
	if _, body, _ := get(p.URL() + "/contract"); !strings.Contains(body, `"emits":["cart.cart.closed.v1"],"takes":["orders.order.placed.v1"]`) {
		t.Errorf("%s", body)
	}
	events.Parked.WithLabelValues("orders.order.placed.v1").Add(0)
	if _, body, _ := get(p.SideURL() + "/metrics"); !strings.Contains(body, `shop_events_parked_total{type="orders.order.placed.v1"}`) {
		t.Errorf("%s", body)
	}
}

func TestAllOfAProcessShareABusThatEndsWithIt(t *testing.T) {
	server := eventstest.Start(t)
	p, err := Start(t.Context(), telling(&play{}), Options{Host: "127.0.0.1", Log: io.Discard, Environment: stack("EVENTS_URL", server.URL())})
	if err != nil {
		t.Fatal(err)
	}
	one, err := p.Kit().Bus()
	other, again := p.Kit().Bus()
	if err != nil || again != nil || one != other {
		t.Errorf("%v and %v (%v, %v)", one, other, err, again)
	}
	e, err := events.New(t.Context(), "play", events.CartClosed, "c", map[string]any{"cart": uuid.NewString(), "order": uuid.NewString()})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "it is published", func() bool { return one.Publish(t.Context(), []events.Event{e}) == nil })
	if err := p.Stop(context.Background()); err != nil || one.Publish(context.Background(), []events.Event{e}) == nil {
		t.Errorf("after the process has ended its bus publishes (%v)", err)
	}
}

// Services share a database, so a single worker of one must not keep that of
// another from its turn.
func TestSingleWorkersOfTwoServicesDoNotWaitForEachOther(t *testing.T) {
	var begun atomic.Int32
	p := &play{schema: true, workers: []Worker{{Name: "resume", Single: true, Run: func(ctx context.Context) error {
		begun.Add(1)
		<-ctx.Done()
		return nil
	}}}}
	url := pgtest.URL(t, p.service().Schema)
	for _, name := range []string{"play", "other"} {
		p.start(t, Options{Work: true}, "DATABASE_URL", url, "SHOP_SERVICE", name)
	}
	until(t, "both work", func() bool { return begun.Load() == 2 })
}
