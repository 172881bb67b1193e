package catalog

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/prices"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// spring is when the first price is valid; later ones n hours after it.
var spring = time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC)

func says(sku, list string, minor, low int64, hours int) prices.Changed {
	c := prices.Changed{SKU: sku, List: list, Price: money.New(minor, list[:3]), ValidFrom: spring.Add(time.Duration(hours) * time.Hour)}
	if low > 0 {
		m := money.New(low, list[:3])
		c.Low30 = &m
	}
	return c
}

func taken(t testing.TB, s *store, all ...prices.Changed) {
	t.Helper()
	for _, c := range all {
		if err := postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) error { return take(t.Context(), tx, c) }); err != nil {
			t.Fatal(err)
		}
	}
}

// shows fails unless a product costs so much, with so much as the lowest price before it.
func shows(t testing.TB, s *store, sku string, minor, low int64) {
	t.Helper()
	p, err := s.product(t.Context(), sku)
	if err != nil || p.Price != money.New(minor, "EUR") || p.Low30.Minor() != low || (low > 0) != (p.Low30.Currency() == "EUR") {
		t.Errorf("%s costs %s, lowest %s; want %d, %d (%v)", sku, p.Price, p.Low30, minor, low, err)
	}
}

func TestTheCatalogShowsThePriceThatWasToldLast(t *testing.T) {
	s := seeded(t)
	taken(t, s, says("KIT-1001", "EUR", 2990, 3490, 1))
	shows(t, s, "KIT-1001", 2990, 3490)
	taken(t, s, says("KIT-1001", "EUR", 2490, 2990, 3), says("KIT-1001", "EUR", 9990, 0, 2)) // which is late
	shows(t, s, "KIT-1001", 2490, 2990)
	taken(t, s, says("KIT-1001", "EUR-AT", 100, 0, 4), says("KIT-1001", "SEK", 100, 0, 4)) // another country's, another currency's
	shows(t, s, "KIT-1001", 2490, 2990)
	taken(t, s, says("KIT-1001", "EUR", 3490, 0, 5))
	shows(t, s, "KIT-1001", 3490, 0)
}

// What pricing says of all sample goods leaves the catalog as it is: nobody's shelf is loaded anew, and no ETag changes.
func TestAPriceThatIsKnownChangesNothing(t *testing.T) {
	s := seeded(t)
	before, err := s.product(t.Context(), "KIT-1001")
	if err != nil {
		t.Fatal(err)
	}
	taken(t, s, says("KIT-1001", "EUR", before.Price.Minor(), 0, 1), says("KIT-1001", "EUR", before.Price.Minor(), 0, 1))
	if after, err := s.product(t.Context(), "KIT-1001"); err != nil || after != before {
		t.Errorf("%+v became %+v (%v)", before, after, err)
	}
}

// Pricing may tell of a product before the catalog has it.
func TestGoodsThatComeLaterHaveThePriceThatWasTold(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	taken(t, s, says("KIT-1001", "EUR", 1990, 2490, 1))
	if err := seed(t.Context(), s.db); err != nil {
		t.Fatal(err)
	}
	shows(t, s, "KIT-1001", 1990, 2490)
}

// Through a real NATS, with what comes twice and out of turn, up to what a customer reads.
func TestAPriceReachesTheCustomerThroughTheBus(t *testing.T) {
	s := seeded(t)
	bus := eventstest.Bus(t, eventstest.Start(t))
	h := replica(t, s.url())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- inbox.Consumer(s.db, eventstest.Ready(bus), "catalog", prices.Handlers(take))(ctx) }()
	defer func() { stop(); <-ended }()
	e, err := events.New(t.Context(), "pricing", events.PriceChanged, "KIT-1001", says("KIT-1001", "EUR", 2990, 3490, 1))
	other, more := events.New(t.Context(), "pricing", events.PriceChanged, "KIT-1002", says("KIT-1002", "EUR", 1, 0, 1))
	if err = errors.Join(err, more); err == nil {
		err = bus.Publish(t.Context(), []events.Event{e, other, e})
	}
	if err != nil {
		t.Fatal(err)
	}
	servicetest.Eventually(t, "the price is read", func() bool {
		body := h.Ask("GET", "/api/catalog/products/KIT-1001", "").Body.String()
		return strings.Contains(body, `"price":{"amount":"29.90","currency":"EUR"},"low30":{"amount":"34.90","currency":"EUR"}`)
	})
	servicetest.Eventually(t, "that of another product, too", func() bool {
		p, err := s.product(t.Context(), "KIT-1002")
		return err == nil && p.Price == money.New(1, "EUR")
	})
}

// What an editor changes is told once, in the commit that changes it; what was refused is told to nobody.
func TestAProductThatChangedIsToldOnceWithItsVersion(t *testing.T) {
	s := seeded(t)
	before, err := s.product(t.Context(), "KIT-1001")
	if err != nil {
		t.Fatal(err)
	}
	pictures := galleryOf([]Picture{{strings.Repeat("ab", 32), 800, 600, "A pot"}})
	after, err := s.save(t.Context(), before.With(Change{Name: ptrTo("Moka Pot, six cups"), Media: &pictures}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.save(t.Context(), before.With(Change{Name: ptrTo("late")})); err == nil {
		t.Error("an old version was written over")
	}
	rows, err := s.db.Query(t.Context(), `SELECT event FROM catalog.outbox`)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[events.Event])
	if err != nil || len(all) != 1 {
		t.Fatalf("%d are told of: %v", len(all), err)
	}
	var got told
	if err := all[0].Into(&got); err != nil || all[0].Type != events.ProductChanged || all[0].Subject != "KIT-1001" ||
		got.Name != "Moka Pot, six cups" || len(got.Media) != 1 || got.Media[0] != "/api/media/"+strings.Repeat("ab", 32)+"/640.jpg" || got.Version != after.Version || got.Slug == "" || got.Category == "" || got.Brand == "" {
		t.Errorf("%+v %+v %v", all[0], got, err)
	}
}

func ptrTo[T any](v T) *T { return &v }
