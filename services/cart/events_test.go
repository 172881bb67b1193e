package cart

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/prices"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestOrdersPromiseWhatTheCartReads(t *testing.T) {
	eventstest.Reads[ordered](t, events.OrderPlaced)
	eventstest.Reads[closed](t, events.CartClosed)
}

// orderOf is an order of a cart, as orders tells it.
func orderOf(t testing.TB, order uuid.UUID, c Cart) events.Event {
	t.Helper()
	euros := map[string]string{"amount": "20.00", "currency": "EUR"}
	lines := []any{}
	for _, l := range c.Lines {
		lines = append(lines, map[string]any{"sku": l.SKU, "name": l.Name, "quantity": l.Quantity, "unit": euros, "total": euros, "tax": euros})
	}
	e, err := events.New(context.Background(), "orders", events.OrderPlaced, order.String(), map[string]any{
		"order": order, "number": "1", "saga": uuid.New(), "hold": uuid.New(), "email": "a@x.example", "cart": c.ID, "currency": "EUR",
		"placedAt": "2026-06-01T12:00:00Z", "shipping": euros, "discount": euros, "total": euros, "tax": euros, "taxes": []any{}, "redemptions": []any{},
		"lines": lines, "address": map[string]string{"name": "A", "street": "S 1", "postcode": "1", "city": "C", "country": "DE"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// filled is a cart with so many of S-1, S-2 and so on.
func filled(t testing.TB, s *store, quantities ...int) Cart {
	t.Helper()
	c := New(uuid.New(), "EUR")
	if err := postgres.InTx(context.Background(), s.db, func(tx pgx.Tx) error { return insert(context.Background(), tx, c) }); err != nil {
		t.Fatal(err)
	}
	for n, quantity := range quantities {
		c = puts(t, s, c, n+1, quantity)
	}
	return c
}

func puts(t testing.TB, s *store, c Cart, n, quantity int) Cart {
	t.Helper()
	after, err := c.Put(thing(n), quantity)
	if err == nil {
		err = s.put(context.Background(), c, after, thing(n).SKU)
	}
	if err != nil {
		t.Fatal(err)
	}
	return after
}

func take(t testing.TB, s *store, e events.Event) {
	t.Helper()
	if err := postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) error { return handlers()[e.Type](t.Context(), tx, e) }); err != nil {
		t.Fatal(err)
	}
}

func told(t testing.TB, s *store) (n int) {
	t.Helper()
	if err := s.db.QueryRow(t.Context(), `SELECT count(*) FROM cart.outbox WHERE event->>'type' = 'cart.cart.closed.v1'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// holds fails unless a cart has these lines, as "S-1 2", and has made so many orders.
func holds(t testing.TB, s *store, c Cart, orders int, want ...string) Cart {
	t.Helper()
	got, err := s.cart(t.Context(), c.ID)
	lines := []string{}
	for _, l := range got.Lines {
		lines = append(lines, fmt.Sprint(l.SKU, " ", l.Quantity))
	}
	if err != nil || got.Orders != orders || !slices.Equal(lines, append([]string{}, want...)) {
		t.Errorf("the cart has %v and made %d orders, want %v and %d (%v)", lines, got.Orders, want, orders, err)
	}
	return got
}

// C21: what the customer put in while he paid stays; what he took out is not missed.
func TestC21AnOrderTakesOutWhatWasBought(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	bought := filled(t, s, 2, 1, 3)
	later := puts(t, s, bought, 4, 1)
	later = puts(t, s, later, 1, 5)
	if err := s.remove(t.Context(), later, "S-2"); err != nil {
		t.Fatal(err)
	}
	take(t, s, orderOf(t, uuid.New(), bought))
	after := holds(t, s, bought, 1, "S-1 3", "S-4 1")
	if after.Version != later.Version+2 {
		t.Errorf("version %d after %d", after.Version, later.Version)
	}
}

// Told three times, by three events: the cart closes once, and says so once. Then it fills again, and closes again.
func TestACartClosesOnceForEachOrder(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	c, order := filled(t, s, 2), uuid.New()
	for range 3 {
		take(t, s, orderOf(t, order, c))
	}
	again := puts(t, s, holds(t, s, c, 1), 1, 2)
	take(t, s, orderOf(t, order, c)) // and once more, late
	holds(t, s, again, 1, "S-1 2")
	take(t, s, orderOf(t, uuid.New(), again))
	holds(t, s, again, 2)
	if n := told(t, s); n != 2 {
		t.Errorf("told %d times", n)
	}
	take(t, s, orderOf(t, uuid.New(), Cart{ID: uuid.New(), Lines: c.Lines})) // of a cart that is gone
	if n := told(t, s); n != 2 {
		t.Errorf("told %d times", n)
	}
}

// Whatever is in the cart and whatever was bought, no quantity is below one, nothing is made, and what was not bought is left alone.
func TestNothingIsTakenOutThatWasNotBought(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := New(uuid.New(), "EUR")
		for n, quantity := range rapid.SliceOfN(rapid.IntRange(1, 99), 0, 5).Draw(t, "cart") {
			c, _ = c.Put(thing(n), quantity)
		}
		sold := map[string]int{}
		var lines []bought
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 6), 0, 8).Draw(t, "bought") {
			quantity := rapid.IntRange(1, 99).Draw(t, "quantity")
			lines = append(lines, bought{thing(n).SKU, quantity})
			sold[thing(n).SKU] += quantity
		}
		before := slices.Clone(c.Lines)
		after := c.Without(lines)
		if !slices.Equal(c.Lines, before) || after.Orders != 1 || after.Version != c.Version+1 {
			t.Fatalf("%+v became %+v", c, after)
		}
		for _, l := range before {
			now, there := after.Line(l.SKU)
			if want := l.Quantity - sold[l.SKU]; there != (want > 0) || there && now.Quantity != want {
				t.Fatalf("of %d %s, %d sold, %d are left", l.Quantity, l.SKU, sold[l.SKU], now.Quantity)
			}
		}
	})
}

// A customer and an order at one cart at once: none of both is lost.
func TestAnOrderAndACustomerAtOnce(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	for range 20 {
		c := filled(t, s, 2)
		var both sync.WaitGroup
		var refused error
		both.Go(func() {
			after, err := c.Put(thing(2), 1)
			if err == nil {
				err = s.put(context.Background(), c, after, "S-2")
			}
			refused = err
		})
		both.Go(func() { take(t, s, orderOf(t, uuid.New(), c)) })
		both.Wait()
		if refused != nil {
			holds(t, s, c, 1)
		} else {
			holds(t, s, c, 1, "S-2 1")
		}
	}
}

// Whatever statement the process dies at, the cart is closed whole or not, and once.
func TestAProcessThatDiesClosesACartWhole(t *testing.T) {
	c := New(uuid.New(), "EUR")
	order := uuid.New()
	servicetest.Crash(t, schema(), func(db *postgres.DB) error {
		return postgres.InTx(t.Context(), db, func(tx pgx.Tx) error {
			if _, err := locked(t.Context(), tx, c.ID); err != nil {
				if err := insert(t.Context(), tx, c); err != nil {
					return err
				}
				if _, err := tx.Exec(t.Context(), `INSERT INTO cart.lines (cart_id, sku, name, quantity, price_minor) VALUES ($1, 'S-1', 'A', 2, 1)`, c.ID); err != nil {
					return err
				}
			}
			e := orderOf(t, order, Cart{ID: c.ID, Lines: []Line{{SKU: "S-1", Name: "A", Quantity: 2}}})
			return handlers()[e.Type](t.Context(), tx, e)
		})
	}, func(t testing.TB, db *postgres.DB) { holds(t, &store{db}, c, 1) })
}

func costs(sku, list string, minor int64, hours int) prices.Changed {
	return prices.Changed{SKU: sku, List: list, Price: money.New(minor, list[:3]), ValidFrom: time.Date(2026, 3, 20, hours, 0, 0, 0, time.UTC)}
}

func changed(t testing.TB, c prices.Changed) events.Event {
	t.Helper()
	e, err := events.New(context.Background(), "pricing", events.PriceChanged, c.SKU, c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Over HTTP: the line has the new price at the next look, says what it was, and counts with it; setting the quantity again takes note of it.
func TestTheCustomerIsToldThatAPriceChanged(t *testing.T) {
	var price atomic.Value
	price.Store("12.90")
	catalog := clienttest.Double(t, catalogsDocument, map[string]http.HandlerFunc{oneProduct: func(w http.ResponseWriter, r *http.Request) {
		clienttest.JSON(w, http.StatusOK, map[string]any{"id": uuid.New(), "sku": r.PathValue("sku"), "slug": "thing", "name": "Moka Pot", "description": "",
			"category": "kitchen", "brand": "Alba", "price": map[string]any{"amount": price.Load(), "currency": "EUR"}, "image": "/i.svg"})
	}})
	url := pgtest.URL(t, schema())
	h := servicetest.Start(t, Service(), "CATALOG_URL", catalog.URL, "DATABASE_URL", url)
	db, err := postgres.Open(postgres.Options{URL: url}, schema())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := &store{db}
	path, tag := begin(t, h)
	put := h.Ask("PUT", path+"/items/A", `{"quantity":2}`, "If-Match", tag)
	for _, c := range []prices.Changed{costs("A", "EUR", 990, 2), costs("A", "EUR", 1, 1), costs("A", "EUR-AT", 2, 3), costs("A", "SEK", 3, 3), costs("B", "EUR", 4, 3)} {
		take(t, s, changed(t, c))
	}
	got := h.Ask("GET", path, "")
	want := `"price":{"amount":"9.90","currency":"EUR"},"was":{"amount":"12.90","currency":"EUR"},"total":{"amount":"19.80","currency":"EUR"}}],"total":{"amount":"19.80","currency":"EUR"}`
	if !strings.Contains(got.Body.String(), want) || got.Header().Get("ETag") == put.Header().Get("ETag") {
		t.Fatalf("%s, ETag %s after %s", got.Body, got.Header().Get("ETag"), put.Header().Get("ETag"))
	}
	price.Store("9.90")
	again := h.Ask("PUT", path+"/items/A", `{"quantity":3}`, "If-Match", put.Header().Get("ETag")) // a price is no change of the cart
	if got := h.Ask("GET", path, ""); again.Code != 200 || strings.Contains(got.Body.String(), `"was"`) || !strings.Contains(got.Body.String(), `"total":{"amount":"29.70","currency":"EUR"}}`) {
		t.Errorf("%d %s, then %s", again.Code, again.Body, got.Body)
	}
}

// Through a real NATS: prices and orders, doubled, up to what is told of the cart.
func TestEventsReachTheCart(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	bus := eventstest.Bus(t, eventstest.Start(t))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- inbox.Consumer(s.db, eventstest.Ready(bus), "cart", handlers())(ctx) }()
	defer func() { stop(); <-ended }()
	c := filled(t, s, 2, 1)
	order := orderOf(t, uuid.New(), Cart{ID: c.ID, Lines: c.Lines[:1]})
	if err := bus.Publish(t.Context(), []events.Event{order, changed(t, costs("S-2", "EUR", 77, 1)), order}); err != nil {
		t.Fatal(err)
	}
	servicetest.Eventually(t, "both have their effect", func() bool {
		got, err := s.cart(t.Context(), c.ID)
		return err == nil && len(got.Lines) == 1 && got.Lines[0].Price == money.New(77, "EUR") && got.Orders == 1
	})
	if n := told(t, s); n != 1 {
		t.Errorf("told %d times", n)
	}
}
