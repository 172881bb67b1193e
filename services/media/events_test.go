package media

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// What who takes it may read of it.
func TestAVariantIsToldAsTheContractSays(t *testing.T) {
	eventstest.Reads[ready](t, events.VariantReady)
}

// Through a real NATS: sizes that are made at once, each event with all that there were before.
func TestEachSizeIsToldOnceWithThoseBeforeIt(t *testing.T) {
	v := newMaker(pgtest.Open(t, schema()))
	h := v.original(t, file(t, quarters(500, 400), "image/png"))
	addresses := []Address{{h, 160, PNG}, {h, 160, JPEG}, {h, 320, PNG}, {h, 480, JPEG}, {h, 640, PNG}, {h, 1920, PNG}} // the last two are one
	many(t, 3, []maker{v}, addresses...)
	bus := eventstest.Bus(t, eventstest.Start(t))
	ctx, stop := context.WithCancel(t.Context())
	done, log := make(chan error, 2), &eventstest.Log{}
	go func() { done <- outbox.Relay(v.store.db, eventstest.Ready(bus))(ctx) }()
	go func() { done <- bus.Consume(ctx, "catalog", []events.Type{events.VariantReady}, log.Take) }()
	defer func() {
		stop()
		<-done
		<-done
	}()
	servicetest.Eventually(t, "all five are told", func() bool { return len(log.All()) >= 5 })
	var before []readySize
	for n, e := range log.All() {
		var data ready
		if err := json.Unmarshal(e.Data, &data); err != nil {
			t.Fatal(err)
		}
		if e.Subject != string(h) || e.Source != "media" || data.Hash != h || len(data.Sizes) != n+1 {
			t.Errorf("event %d: %+v %+v", n, e, data)
		}
		for _, s := range before {
			if !slices.Contains(data.Sizes, s) {
				t.Errorf("event %d lacks %+v, which was told before", n, s)
			}
		}
		before = data.Sizes
	}
	whole := readySize{500, 400, PNG, fmt.Sprintf("%s/%s/640.png", root, h)}
	if !slices.Contains(before, whole) || len(before) != 5 {
		t.Errorf("%+v", before)
	}
	for _, s := range before { // what is told is answered
		hash, file, _ := strings.Cut(strings.TrimPrefix(s.Path, root+"/"), "/")
		a, err := ParseAddress(hash, file)
		if err == nil {
			_, err = v.get(t.Context(), a)
		}
		if err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
	if v.count.Load() != 5 {
		t.Errorf("%d were made", v.count.Load())
	}
}
