package search

import (
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/prices"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestWhatIsReadIsPromised(t *testing.T) {
	clienttest.Reads[pageOf[listed]](t, catalogsDocument, "GET /api/catalog/products")
	clienttest.Reads[stockList](t, "../inventory/openapi.json", "GET /api/inventory/stock")
	clienttest.Reads[pageOf[reviewed]](t, "../reviews/openapi.json", "GET /api/reviews")
	eventstest.Reads[changedData](t, events.ProductChanged)
	eventstest.Reads[removedData](t, events.ProductRemoved)
	eventstest.Reads[prices.Changed](t, events.PriceChanged)
	eventstest.Reads[stockData](t, events.StockChanged)
	eventstest.Reads[spokenData](t, events.ReviewPublished)
	eventstest.Reads[spokenData](t, events.ReviewRemoved)
}

func event(t testing.TB, of events.Type, sku string, data map[string]any) events.Event {
	t.Helper()
	data["sku"] = sku
	e, err := events.New(t.Context(), of.Domain(), of, sku, data)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// Out of turn, twice, and of what nobody listed yet.
func TestEventsSayThemselvesHowNewTheyAre(t *testing.T) {
	g := shelved(t, Product{SKU: "A", Name: "Kettle", Version: 3, Price: euros(100), Available: Unknown})
	f := &feed{goods: g, currency: "EUR", now: time.Now, poked: make(chan struct{}, 1)}
	named := func(version int, name string) events.Event {
		return event(t, events.ProductChanged, "A", map[string]any{"version": version, "name": name, "category": "kitchen", "brand": "", "slug": "a"})
	}
	price := func(minor int64, list string, hour int) events.Event {
		return event(t, events.PriceChanged, "A", map[string]any{"list": list, "price": euros(minor), "validFrom": noon.Add(time.Duration(hour) * time.Hour)})
	}
	stock := func(n, hour int) events.Event {
		return event(t, events.StockChanged, "A", map[string]any{"available": n, "at": noon.Add(time.Duration(hour) * time.Hour)})
	}
	for _, e := range []events.Event{
		named(5, "Pot"), named(4, "Late"), named(5, "Twice"), price(300, "EUR", 2), price(200, "EUR", 1), price(1, "EUR-AT", 3), stock(0, 2), stock(7, 1),
	} {
		if err := f.take(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if p := g.get("A"); p.Name != "Pot" || p.Price != euros(300) || p.InStock() {
		t.Errorf("%+v", p.Product)
	}
	if got, _ := g.asked(t, Question{Words: "kettle"}); len(got) > 0 {
		t.Errorf("the old name finds %v", got)
	}
	loaded(t, g, Product{SKU: "A", Name: "Old list", Version: 4, Price: euros(100), Available: Unknown})
	if p := g.get("A"); p.Name != "Pot" || p.Price != euros(300) {
		t.Errorf("a list that is older than the events: %+v", p.Product)
	}
	for _, e := range []events.Event{event(t, events.ProductRemoved, "A", map[string]any{"version": 6}), named(5, "Pot")} {
		_ = f.take(t.Context(), e)
	}
	if got, _ := g.asked(t, Question{}); len(got) > 0 {
		t.Errorf("what was removed is found: %v", got)
	}
	if err := f.take(t.Context(), event(t, events.StockChanged, "B", map[string]any{"available": 1, "at": noon})); err != nil || g.get("B").listed {
		t.Errorf("a product is listed that the catalog does not have: %v", err)
	}
}

// Two replicas on one stream: each hears of everything, and what came before it began is not missed.
func TestEveryReplicaFollowsTheShopsEvents(t *testing.T) {
	server := eventstest.Start(t)
	bus := eventstest.Bus(t, server)
	publish := func(all ...events.Event) {
		t.Helper()
		if err := bus.Publish(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	publish(event(t, events.StockChanged, "A", map[string]any{"available": 0, "at": noon}))
	c := newCatalog(t, thing("A", "Kettle"), thing("B", "Pan"), thing("C", "Pot"))
	replicas := []*servicetest.Service{serve(t, c, "EVENTS_URL", server.URL()), serve(t, c, "EVENTS_URL", server.URL())}
	price := map[string]any{"list": "EUR", "price": euros(500), "validFrom": noon}
	publish(event(t, events.PriceChanged, "B", price), event(t, events.PriceChanged, "B", price),
		event(t, events.ProductChanged, "C", map[string]any{"version": 9, "name": "Cauldron", "category": "kitchen", "brand": "", "slug": "c"}))
	for _, s := range replicas {
		servicetest.Eventually(t, "stock, price and name are those of the events", func() bool {
			return found(t, s, "inStock=true&sort=price") == "B C" && found(t, s, "q=cauldrons") == "C" && found(t, s, "price=-5.01") == "B"
		})
	}
	server.Stop()
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	publishes := func() bool {
		return bus.Publish(t.Context(), []events.Event{event(t, events.StockChanged, "A", map[string]any{"available": 3, "at": noon.Add(time.Hour)})}) == nil
	}
	servicetest.Eventually(t, "NATS is back", publishes)
	for _, s := range replicas {
		servicetest.Eventually(t, "what is told after NATS was away is heard", func() bool { return found(t, s, "inStock=true&sort=price") == "B A C" })
	}
}

func TestANewProductIsListedSoon(t *testing.T) {
	server := eventstest.Start(t)
	c := newCatalog(t, thing("A", "Kettle"))
	s := serve(t, c, "EVENTS_URL", server.URL())
	c.set(thing("A", "Kettle"), thing("N", "Novelty"))
	e := event(t, events.ProductChanged, "N", map[string]any{"version": 1, "name": "Novelty", "category": "kitchen", "brand": "", "slug": "n"})
	if err := eventstest.Bus(t, server).Publish(t.Context(), []events.Event{e}); err != nil {
		t.Fatal(err)
	}
	servicetest.Eventually(t, "it is found, with its price", func() bool { return found(t, s, "q=novelty&price=12.90-12.91") == "N" })
}

func TestSearchIsNotReadyBeforeTheListIsWhole(t *testing.T) {
	c := newCatalog(t, thing("A", "Kettle"))
	c.Close() // the catalog is away
	s := servicetest.Start(t, Service(), "CATALOG_URL", c.URL, "SEARCH_DIR", t.TempDir())
	if w := s.Ask("GET", "/readyz", ""); w.Code != 503 || !strings.Contains(w.Body.String(), "warm") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
