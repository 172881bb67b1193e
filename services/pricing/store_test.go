package pricing

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/emporium-shop/emporium/services/catalog"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

func (s *store) keep(t testing.TB, prices ...Price) {
	t.Helper()
	for _, p := range prices {
		if err := pgx.BeginFunc(t.Context(), s.db, func(tx pgx.Tx) error { return insert(t.Context(), tx, p) }); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAHistoryIsReadAsItWasEntered(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	s.keep(t, append(c04(t), entry(t, "EUR-AT", "2026-01-01", "", 12000), entry(t, "EUR-FR", "2026-01-01", "", 1), entry(t, "SEK", "2026-01-01", "", 1))...)
	for list, want := range map[string]int{"EUR": 4, "EUR-AT": 5, "EUR-DE": 4, "SEK": 1, "SEK-SE": 1, "USD": 0} {
		found, err := histories(t.Context(), s.db, ParseList(list), "A", "B")
		if err != nil || len(found["A"]) != want || len(found["B"]) != 0 {
			t.Errorf("%s: %v (%v)", list, found, err)
		}
	}
	found, err := histories(t.Context(), s.db, ParseList("EUR"), "A")
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := found["A"].Show(berlin(t), midnight(t, "2026-06-01")); got.Percent != "12.5" || *got.Prior != eur(8000) {
		t.Errorf("C04 out of PostgreSQL: %+v", got)
	}
	if _, err := s.price(t.Context(), uuid.New()); !fault.Is(err, fault.NotFoundKind) {
		t.Errorf("what was never entered: %v", err)
	}
}

// C04: the history cannot be changed afterwards, not even by the service's own role.
func TestC04TheHistoryCannotBeChanged(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	s.keep(t, c04(t)...)
	for _, statement := range []string{
		`UPDATE pricing.prices SET price_minor = 1`, `DELETE FROM pricing.prices`, `TRUNCATE pricing.prices`,
		`INSERT INTO pricing.prices (id, sku, currency, price_minor, valid_from, entered_at) VALUES (gen_random_uuid(), 'A', 'EUR', 1, now() - interval '1 day', now())`,
		`INSERT INTO pricing.prices (id, sku, currency, price_minor, valid_from, valid_until, entered_at) VALUES (gen_random_uuid(), 'A', 'EUR', 1, now(), now(), now())`,
	} {
		_, err := s.db.Exec(t.Context(), statement)
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code[:2] != "23" {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if list, err := s.list(t.Context(), "A", uuid.Nil, 100); err != nil || len(list) != 4 {
		t.Errorf("%v (%v)", list, err)
	}
}

// The sample prices are those of the catalog's sample goods. UPDATE=1 makes the file anew.
func TestSamplePricesAreTheCatalogs(t *testing.T) {
	goods := catalog.Service()
	db := pgtest.Open(t, goods.Schema)
	if err := goods.Seed(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(t.Context(), `SELECT sku || ' ' || price_minor, currency FROM catalog.products ORDER BY right(sku, 4)`)
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	var line, currency string
	if _, err := pgx.ForEachRow(rows, []any{&line, &currency}, func() error {
		if currency != seedCurrency {
			return fmt.Errorf("%s is in %s", line, currency)
		}
		_, err := want.WriteString(line + "\n")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile("seed.txt", []byte(want.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if want.String() != seedText {
		t.Error("seed.txt is not what the catalog writes: UPDATE=1 go test ./services/pricing")
	}
}

func TestSamplePricesAreWrittenOnceIntoAnEmptyTable(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := seed(context.Background(), s.db); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	var n, turns int
	if err := s.db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM pricing.prices), (SELECT count(*) FROM pricing.turns)`).Scan(&n, &turns); err != nil || n != 300 || turns != 300 { // each is told
		t.Errorf("%d prices, %d turns (%v)", n, turns, err)
	}
	if _, err := readSeed("KIT-1001 x\n", time.Now()); err == nil {
		t.Error("a line without a price was read")
	}
}
