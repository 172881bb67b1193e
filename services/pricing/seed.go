package pricing

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// seedText has a line for each of the catalog's sample goods: article number and cents.
// Its test makes it from what the catalog writes: UPDATE=1 go test ./services/pricing.
//
//go:embed seed.txt
var seedText string

const seedCurrency = "EUR"

// seed writes the sample prices where there are none, all of them or nothing.
func seed(ctx context.Context, db *postgres.DB) error {
	all, err := readSeed(seedText, time.Now().UTC().Truncate(time.Microsecond))
	if err != nil {
		return err
	}
	err = postgres.InTx(ctx, db, func(tx pgx.Tx) error {
		// Of two who seed at once, the second waits here and finds it done.
		if _, err := tx.Exec(ctx, `LOCK TABLE pricing.prices IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return err
		}
		var used bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pricing.prices)`).Scan(&used); err != nil || used {
			return err
		}
		if err := copyAll(ctx, tx, all); err != nil {
			return err
		}
		// They are told as any others are: a catalog that was there before, with prices of its own, then shows these.
		_, err := tx.Exec(ctx, `INSERT INTO pricing.turns (at, sku, currency, country) SELECT valid_from, sku, currency, country FROM pricing.prices`)
		return err
	})
	if err != nil {
		return fmt.Errorf("seeding pricing: %w", err)
	}
	return nil
}

func copyAll(ctx context.Context, tx pgx.Tx, all []Price) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"pricing", "prices"}, []string{"id", "sku", "currency", "price_minor", "valid_from", "entered_at"},
		pgx.CopyFromSlice(len(all), func(n int) ([]any, error) {
			p := all[n]
			return []any{p.ID, p.SKU, p.List.Currency, p.Price.Minor(), p.Valid.From, p.Entered}, nil
		}))
	return err
}

func readSeed(text string, now time.Time) (all []Price, err error) {
	for line := range strings.Lines(text) {
		sku, cents, _ := strings.Cut(strings.TrimSpace(line), " ")
		minor, err := strconv.ParseInt(cents, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("reading the seed line %q: %w", line, err)
		}
		id, err := uuid.NewV7()
		if err != nil {
			return nil, err
		}
		p, err := New(id, sku, List{Currency: seedCurrency}, money.New(minor, seedCurrency), calendar.Range{From: now}, now)
		if err != nil {
			return nil, fmt.Errorf("reading the seed line %q: %w", line, err)
		}
		all = append(all, p)
	}
	return all, nil
}
