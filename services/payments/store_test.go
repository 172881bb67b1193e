package payments

import (
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

// The database holds what the rules hold, should they be wrong one day.
func TestTheLedgerBalancesAndIsOnlyAddedTo(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	var p Payment
	book := func(minors ...int64) error {
		return postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) (err error) {
			if p, err = paymentOf(t.Context(), tx, "saga", money.New(100, "EUR")); err != nil {
				return err
			}
			movement := uuid.New()
			for _, minor := range minors {
				if _, err := tx.Exec(t.Context(), `INSERT INTO payments.ledger (movement, payment_id, account, minor, currency) VALUES ($1, $2, 'held', $3, 'EUR')`, movement, p.ID, minor); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := book(10, -10); err != nil {
		t.Fatal(err)
	}
	refused := func(name string, err error) {
		t.Helper()
		var sql *pgconn.PgError
		if !errors.As(err, &sql) || sql.Code != "23514" {
			t.Errorf("%s: %v", name, err)
		}
	}
	refused("one side only", book(10))
	refused("a cent short", book(10, -9))
	for name, statement := range map[string]string{
		"a changed entry": `UPDATE payments.ledger SET minor = 1`, "a deleted entry": `DELETE FROM payments.ledger`,
		"captured too much": `UPDATE payments.payments SET captured = 60, capturing = 41`, "refunded too much": `UPDATE payments.payments SET captured = 10, refunded = 6, refunding = 5`,
	} {
		_, err := s.db.Exec(t.Context(), statement)
		refused(name, err)
	}
}

func TestOneSagaHasOneAuthorisationInTheDatabase(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	err := postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) error {
		p, err := paymentOf(t.Context(), tx, "saga", money.New(100, "EUR"))
		for n := 0; n < 2 && err == nil; n++ {
			err = insertAttempt(t.Context(), tx, Attempt{ID: uuid.New(), Payment: p.ID, Kind: Authorize, Reference: uuid.NewString(), Amount: money.New(100, "EUR")}, 0)
		}
		return err
	})
	var sql *pgconn.PgError
	if !errors.As(err, &sql) || sql.ConstraintName != "attempts_authorize" {
		t.Errorf("a second authorisation: %v", err)
	}
}
