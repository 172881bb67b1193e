package pricing

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/prices"
)

// told are the events in the outbox, in their order: "A EUR 80.00 low 100.00".
func (s *store) told(t testing.TB) (list []string) {
	t.Helper()
	rows, err := s.db.Query(context.Background(), `SELECT event->'data'->>'sku', event->'data'->>'list', event->'data'->'price'->>'amount', coalesce(event->'data'->'low30'->>'amount', '-')
		FROM pricing.outbox ORDER BY seq`)
	if err != nil {
		t.Fatal(err)
	}
	var sku, name, price, low string
	if _, err := pgx.ForEachRow(rows, []any{&sku, &name, &price, &low}, func() error {
		list = append(list, fmt.Sprintf("%s %s %s low %s", sku, name, price, low))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

// at is an announcer for whom it is a day.
func (s *store) at(t testing.TB, day string) announcer {
	now := midnight(t, day)
	return announcer{s.db, berlin(t), func() time.Time { return now }}
}

func pass(t testing.TB, a announcer) time.Duration {
	t.Helper()
	wait, err := a.pass(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return wait
}

// C04's history as it is told: each change when it becomes valid, the end of a campaign too, and what changes nothing not at all.
func TestPricesAreToldWhenTheyBecomeValid(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	s.keep(t, append(c04(t), entry(t, "EUR", "2026-05-20", "", 10000), entry(t, "EUR-AT", "2026-06-02", "2026-06-03", 6000))...)
	for _, c := range []struct {
		day  string
		want []string
	}{
		{"2025-12-31", nil},
		{"2026-01-01", []string{"A EUR 100.00 low -"}},
		{"2026-05-30", []string{"A EUR 80.00 low 100.00", "A EUR 100.00 low 80.00"}},
		{"2026-06-02", []string{"A EUR 70.00 low 80.00", "A EUR-AT 60.00 low 70.00"}},
		{"2026-06-20", []string{"A EUR-AT 70.00 low 60.00", "A EUR 100.00 low 70.00", "A EUR 75.00 low 70.00"}},
		{"2026-07-01", nil},
	} {
		before := len(s.told(t))
		if pass(t, s.at(t, c.day)); !slices.Equal(s.told(t)[before:], c.want) {
			t.Errorf("up to %s: %v, want %v", c.day, s.told(t)[before:], c.want)
		}
	}
}

func TestTheWorkerWaitsForTheNextPrice(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	s.keep(t, entry(t, "EUR", "2026-01-01", "", 100))
	begins := midnight(t, "2026-01-01")
	for before, want := range map[time.Duration]time.Duration{time.Hour: longestWait, time.Second: time.Second} {
		if wait := pass(t, announcer{s.db, berlin(t), func() time.Time { return begins.Add(-before) }}); wait != want {
			t.Errorf("%v before: %v", before, wait)
		}
	}
}

// Two workers and who enters a price at once tell of each change once, and in the order of the prices.
func TestManyWhoTellAtOnceTellEachChangeOnce(t *testing.T) {
	for range 20 {
		s := &store{pgtest.Open(t, schema())}
		s.keep(t, c04(t)...)
		a := s.at(t, "2026-06-20")
		var all sync.WaitGroup
		for n := range 4 {
			all.Go(func() {
				err := postgres.InTx(context.Background(), s.db, func(tx pgx.Tx) error { return a.tell(context.Background(), tx, "A", a.now()) })
				if n%2 == 0 {
					_, err = a.pass(context.Background())
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		want := []string{"A EUR 100.00 low -", "A EUR 80.00 low 100.00", "A EUR 100.00 low 80.00", "A EUR 70.00 low 80.00", "A EUR 100.00 low 70.00", "A EUR 75.00 low 70.00"}
		if got := s.told(t); !slices.Equal(got, want) {
			t.Fatalf("told %v", got)
		}
	}
}

// Over HTTP: what is valid at once is told in the commit of its entry, and a refusal and a replay tell nothing.
func TestAPriceThatIsValidAtOnceIsToldWithItsEntry(t *testing.T) {
	url := pgtest.URL(t, schema())
	s := serve(t, "DATABASE_URL", url)
	db, err := postgres.Open(postgres.Options{URL: url}, schema())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	key := []string{"Idempotency-Key", uuid.NewString()}
	for range 2 {
		s.send("POST", root, `{"sku":"A","list":"EUR","price":{"amount":"20.00","currency":"EUR"}}`, key...)
	}
	s.enter("A", "EUR", "1.00", `,"validFrom":"2099-01-01"`)
	s.enter("A", "EUR", "20.00", "")
	s.enter("A", "EUR", "15.00", "")
	s.send("POST", root, `{"sku":"A","list":"SEK","price":{"amount":"20.00","currency":"EUR"}}`, "Idempotency-Key", uuid.NewString())
	if got := (&store{db}).told(t); !slices.Equal(got, []string{"A EUR 20.00 low -", "A EUR 15.00 low 20.00"}) {
		t.Errorf("told %v", got)
	}
}

// Who takes prices reads what the outbox holds.
func TestWhatIsToldCanBeRead(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	s.keep(t, c04(t)...)
	pass(t, s.at(t, "2026-06-02"))
	var text []byte
	if err := s.db.QueryRow(t.Context(), `SELECT event FROM pricing.outbox ORDER BY seq DESC LIMIT 1`).Scan(&text); err != nil {
		t.Fatal(err)
	}
	var e events.Event
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatal(err)
	}
	c, err := prices.Read(e)
	if err != nil || c.SKU != "A" || !c.Everywhere() || c.Price != eur(7000) || c.Low30 == nil || *c.Low30 != eur(8000) || c.ValidFrom.IsZero() {
		t.Errorf("%+v (%v)", c, err)
	}
}
