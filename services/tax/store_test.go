package tax

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/catalog"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

// The rates that a shop begins with, at days on which they turned.
func TestRatesOfTheUnion(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	for _, c := range []struct{ country, class, day, want string }{
		{"DE", "standard", "2026-06-01", "19"}, {"DE", "reduced", "2026-06-01", "7"}, {"NL", "standard", "2026-06-01", "21"}, {"DK", "reduced", "2026-06-01", "25"},
		{"FI", "standard", "2024-08-31", "24"}, {"FI", "standard", "2024-09-01", "25.5"}, {"FI", "reduced", "2026-01-01", "13.5"}, {"FR", "super-reduced", "2026-06-01", "2.1"},
		{"EE", "standard", "2025-06-30", "22"}, {"EE", "standard", "2025-07-01", "24"}, {"RO", "standard", "2025-08-01", "21"}, {"SK", "standard", "2025-01-01", "23"},
		{"GR", "standard", "2026-06-01", "24"}, {"IE", "reduced", "2026-06-01", "13.5"}, {"FR", "second-reduced", "2026-06-01", "5.5"},
	} {
		rates, _, err := s.basis(t.Context(), c.country, nil)
		if got, there := rates.At(c.class, c.day); err != nil || !there || got.PercentText() != c.want {
			t.Errorf("%+v: %s (%v)", c, got.PercentText(), err)
		}
	}
	countries := map[string]bool{}
	for after := (place{}); ; {
		list, err := s.list(t.Context(), "", after, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			countries[r.Country] = countries[r.Country] || r.Class == Standard
			after = place{r.Country, r.Class, r.From, r.ID}
		}
		if len(list) < 10 {
			break
		}
	}
	if len(countries) != 27 {
		t.Errorf("%d countries: %v", len(countries), countries)
	}
	for country, standard := range countries {
		if !standard {
			t.Errorf("%s has no standard rate", country)
		}
	}
}

func TestAProductIsStandardUntilItIsClassed(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	for version, class := range []string{"reduced", "zero", "standard"} {
		if err := s.classify(t.Context(), "A", class, int64(version)); err != nil {
			t.Fatal(err)
		}
		if err := s.classify(t.Context(), "A", "reduced", int64(version)); !fault.Is(err, fault.StaleKind) {
			t.Errorf("who read version %d: %v", version, err)
		}
		if got, v, err := s.class(t.Context(), "A"); err != nil || got != class || v != int64(version+1) {
			t.Errorf("%s in version %d (%v)", got, v, err)
		}
	}
	if err := s.classify(t.Context(), "B", "reduced", 3); !fault.Is(err, fault.StaleKind) {
		t.Errorf("a version of what was never classed: %v", err)
	}
	if _, of, err := s.basis(t.Context(), "DE", []string{"A", "B"}); err != nil || of["A"] != "standard" || of["B"] != "" {
		t.Errorf("%v (%v)", of, err)
	}
}

func TestOfTwoRatesOfADayTheLaterEntryCounts(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	for _, text := range []string{"20", "20.5"} {
		err := pgx.BeginFunc(t.Context(), s.db, func(tx pgx.Tx) error {
			return insert(t.Context(), tx, Rate{uuid.Must(uuid.NewV7()), "DE", Standard, percent(t, text), "2099-01-01"})
		})
		rates, _, err2 := s.basis(t.Context(), "DE", nil)
		if got, _ := rates.At(Standard, "2099-01-01"); err != nil || err2 != nil || got.PercentText() != text {
			t.Errorf("%s is %s (%v, %v)", text, got.PercentText(), err, err2)
		}
	}
	if _, err := s.rate(t.Context(), uuid.New()); !fault.Is(err, fault.NotFoundKind) {
		t.Errorf("what was never entered: %v", err)
	}
}

func TestWhatTheRegisterSaidStandsForADay(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	n, now := Number{"FR", "40303265045"}, time.Now()
	for _, v := range []Verdict{NotRegistered, Registered} {
		if err := s.note(t.Context(), n, v, now); err != nil {
			t.Fatal(err)
		}
		for at, want := range map[time.Time]Verdict{now.Add(kept - time.Second): v, now.Add(kept + time.Second): Unchecked} {
			if got, err := s.checked(t.Context(), n, at); err != nil || got != want {
				t.Errorf("%s (%v), want %s", got, err, want)
			}
		}
	}
}

func TestSampleGoodsOfTheReducedClassAreCoffeeAndTea(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	for range 2 {
		if err := seed(context.Background(), s.db); err != nil {
			t.Fatal(err)
		}
	}
	goods := catalog.Service()
	db := pgtest.Open(t, goods.Schema)
	if err := goods.Seed(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(t.Context(), `SELECT sku FROM catalog.products WHERE name ~ '^(Filter Coffee|Espresso Beans|Green Tea|Herbal Infusion),' ORDER BY sku`)
	if err != nil {
		t.Fatal(err)
	}
	want, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || !slices.Equal(want, reduced) {
		t.Errorf("%v, want %v (%v)", reduced, want, err)
	}
	if _, of, err := s.basis(t.Context(), "DE", want); err != nil || len(of) != len(want) {
		t.Errorf("%v (%v)", of, err)
	}
}
