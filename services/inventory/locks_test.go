package inventory

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// basketOf are products that stand in the table, and in a basket, in the order in which nobody locks them.
var basketOf = []string{"E", "D", "C", "B", "A"}

func wants() (all []Want) {
	for _, sku := range basketOf {
		all = append(all, Want{sku, 1})
	}
	return all
}

// A basket waits for its first product with none of the others locked. If it had them, who has the first and wants one of those would
// wait for it, and it for him.
func TestABasketWaitsForItsFirstProductWithoutTheOthers(t *testing.T) {
	waitsWithoutTheOthers(t, func(t *testing.T, db *postgres.DB) func() error {
		return func() error { _, err := place(db, uuid.New(), wants()...); return err }
	})
}

// The same of every later step of a hold.
func TestAStepOfAHoldWaitsForItsFirstProductWithoutTheOthers(t *testing.T) {
	for name, step := range map[string]func(context.Context, pgx.Tx, uuid.UUID) (Hold, error){
		"release": func(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Hold, error) { return release(ctx, tx, id, Undone) },
		"commit": func(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Hold, error) {
			return commit(ctx, tx, id, uuid.New())
		},
	} {
		t.Run(name, func(t *testing.T) {
			waitsWithoutTheOthers(t, func(t *testing.T, db *postgres.DB) func() error {
				h := placedFor(t, db, uuid.New(), wants()...)
				return func() error {
					return does(func(ctx context.Context, tx pgx.Tx) (Hold, error) { return step(ctx, tx, h.ID) })(db)
				}
			})
		})
	}
}

// waitsWithoutTheOthers keeps the first product from what begin returns, and looks which others are locked while that waits.
func waitsWithoutTheOthers(t *testing.T, begin func(*testing.T, *postgres.DB) func() error) {
	t.Helper()
	url := pgtest.URL(t, schema())
	db, err := postgres.Open(postgres.Options{URL: url, Release: "test", MaxConns: 8}, schema())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	for _, sku := range basketOf {
		stocked(t, db, sku, 10)
	}
	do, ended := begin(t, db), make(chan error, 1)
	ctx := context.Background()
	holder := pgtest.Admin(t, url)
	other, err := holder.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(ctx, `SELECT FROM inventory.stock WHERE sku = 'A' FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	go func() { ended <- do() }()
	looks := pgtest.Admin(t, url)
	servicetest.Eventually(t, "it waits for the first product", func() bool {
		var waiting bool
		err := looks.QueryRow(ctx, `SELECT count(*) = 1 FROM pg_stat_activity WHERE $1::int = ANY(pg_blocking_pids(pid))`, holder.PgConn().PID()).Scan(&waiting)
		return err == nil && waiting
	})
	for _, sku := range basketOf[:len(basketOf)-1] {
		_, err := looks.Exec(ctx, `SELECT FROM inventory.stock WHERE sku = $1 FOR UPDATE NOWAIT`, sku)
		var sql *pgconn.PgError
		if errors.As(err, &sql) && sql.Code == "55P03" {
			t.Errorf("it waits for A, and has %s", sku)
		} else if err != nil {
			t.Error(err)
		}
	}
	if err := other.Commit(ctx); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("then: %v", err)
	}
}
