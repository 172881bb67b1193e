package payments

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// Whatever statement the process dies at, whoever comes after it with the same keys
// ends with one authorisation, one capture and one refund, and books that agree.
func TestAProcessThatDiesChargesOnce(t *testing.T) {
	w := newWorld(t)
	saga := uuid.NewString()
	key := func(step string) wanted {
		return wanted{
			key: idempotency.Key{Caller: "service:checkout", Route: "POST " + step, Value: saga + ":" + step}, sent: []byte(`{}`),
			answer: func(p Payment, _ Attempt) (idempotency.Stored, error) {
				return idempotency.Stored{Status: 201, Body: []byte(p.ID.String())}, nil
			},
		}
	}
	ctx := context.Background()
	servicetest.Crash(t, schema(), func(db *postgres.DB) error {
		till := w.newTill(db)
		made, err := till.authorize(ctx, key("auth"), saga, "tok_visa", money.New(5000, "EUR"))
		if err != nil {
			return err
		}
		id := uuid.MustParse(string(made.Body))
		if _, err := till.operate(ctx, key("capture"), id, Capture, money.New(3000, "EUR"), true); err != nil {
			return err
		}
		_, err = till.operate(ctx, key("refund"), id, Refund, money.New(1000, "EUR"), false)
		return err
	}, func(t testing.TB, db *postgres.DB) {
		got := booked(t, &store{db}, only(t, db)).body()
		theirs, n := w.charged(saga)
		if n != 1 || theirs.Captured != 3000 || theirs.Refunded != 1000 || theirs.Held != 0 {
			t.Errorf("the provider: %+v in %d authorisations", theirs, n)
		}
		if !got.Balanced || got.Captured.Minor() != 3000 || got.Refunded.Minor() != 1000 || got.Voided.Minor() != 2000 {
			t.Errorf("our books: %+v", got)
		}
		var told int
		if err := db.QueryRow(ctx, `SELECT count(*) FROM payments.outbox`).Scan(&told); err != nil || told != 3 {
			t.Errorf("%d events are told, of 3: %v", told, err)
		}
		saga = uuid.NewString()
	})
}

// The same for what events do: the handler dies, the worker dies, and both come again.
func TestAWorkerThatDiesUndoesOnce(t *testing.T) {
	w := newWorld(t)
	saga, o := uuid.NewString(), uuid.New()
	ctx := context.Background()
	once := wanted{answer: func(p Payment, _ Attempt) (idempotency.Stored, error) { return idempotency.Stored{Status: 201}, nil }}
	servicetest.Crash(t, schema(), func(db *postgres.DB) error {
		till, by := w.newTill(db), once
		by.key = idempotency.Key{Caller: "service:checkout", Route: "POST auth", Value: saga + ":auth"}
		if _, err := till.authorize(ctx, by, saga, "tok_visa", money.New(5000, "EUR")); err != nil {
			return err
		}
		err := postgres.InTx(ctx, db, func(tx pgx.Tx) error {
			var id uuid.UUID
			if err := tx.QueryRow(ctx, `SELECT id FROM payments.payments`).Scan(&id); err != nil {
				return err
			}
			if err := till.placed(ctx, tx, id, o, money.New(0, "EUR")); err != nil {
				return err
			}
			return till.cancelled(ctx, tx, o)
		})
		if err != nil {
			return err
		}
		for n := 1; n > 0 && err == nil; {
			if _, err = db.Exec(ctx, `UPDATE payments.attempts SET due_at = now()`); err != nil {
				return err
			}
			var list []Attempt
			list, err = till.store.due(ctx, 10)
			for _, a := range list {
				if err == nil {
					err = till.drive(ctx, a)
				}
			}
			n = len(list)
		}
		return err
	}, func(t testing.TB, db *postgres.DB) {
		if got := booked(t, &store{db}, only(t, db)).body(); !got.Balanced {
			t.Errorf("our books: %+v", got)
		}
		if theirs, n := w.charged(saga); n != 1 || theirs.Held != 0 || theirs.Captured != theirs.Refunded {
			t.Errorf("the provider: %+v in %d authorisations", theirs, n)
		}
		saga, o = uuid.NewString(), uuid.New()
	})
}

// only is the id of the only payment.
func only(t testing.TB, db *postgres.DB) (id uuid.UUID) {
	t.Helper()
	var n int
	if err := db.QueryRow(context.Background(), `SELECT count(*), (array_agg(id))[1] FROM payments.payments`).Scan(&n, &id); err != nil || n != 1 {
		t.Fatalf("%d payments: %v", n, err)
	}
	return id
}
