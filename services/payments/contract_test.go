package payments

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/emporium-shop/emporium/services/internal/contracttest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// asking is a store in which the payment of the examples was promised, and so much of it taken.
func asking(t *testing.T, captured int64) (*postgres.DB, *till) {
	t.Helper()
	db := pgtest.Open(t, schema())
	_, err := db.Exec(t.Context(), `INSERT INTO payments.payments (id, saga, currency, amount, authorized, reference, captured, state) VALUES ($1, $2, 'EUR', 1250, true, 'r', $3, $4)`,
		contracttest.Payment, contracttest.Saga, captured, map[bool]string{true: "authorized", false: "captured"}[captured == 0])
	if err != nil {
		t.Fatal(err)
	}
	return db, &till{&store{db}, nil, prometheus.NewCounter(prometheus.CounterOpts{Name: "mismatches"})}
}

const asked = `SELECT string_agg(kind || ' ' || amount, ', ' ORDER BY kind) FROM payments.attempts`

// What orders and returns tell, by the contract's own examples: what the provider is to be asked for. Nobody asks him here.
func TestTheProviderIsAskedForWhatTheContractShows(t *testing.T) {
	db, till := asking(t, 0)
	contracttest.Takes(t, db, till.handlers(), events.OrderPlaced, asked, "capture 1250")
	contracttest.Takes(t, db, till.handlers(), events.OrderCancelled, `SELECT cancelled FROM payments.payments`, "true")
	db, till = asking(t, 1250)
	if _, err := db.Exec(t.Context(), `UPDATE payments.payments SET order_id = $1`, contracttest.Order); err != nil {
		t.Fatal(err)
	}
	contracttest.Takes(t, db, till.handlers(), events.ReturnAccepted, asked, "refund 1250")
}

// Each outcome as a provider makes it, told as the contract shows it.
func TestOutcomesAreToldAsTheContractShowsThem(t *testing.T) {
	w := newWorld(t)
	taken, given, declined := w.authorized("12.50", "EUR"), w.authorized("12.50", "EUR"), newKey()
	w.happens(func(ctx context.Context, tx pgx.Tx, till *till) error {
		return till.placed(ctx, tx, uuid.MustParse(taken.ID), uuid.New(), money.New(200, "EUR"))
	})
	w.quiet()
	w.happens(func(ctx context.Context, tx pgx.Tx, till *till) error {
		order := uuid.MustParse(w.value(`SELECT order_id FROM payments.payments WHERE id = $1`, taken.ID))
		return till.accepted(ctx, tx, acceptedData{uuid.New(), uuid.New(), order, money.New(1250, "EUR")})
	})
	w.void(0, given)
	w.post(0, authorizations, order(declined, "5.00", "EUR", "tok_declined"), declined+":auth")
	w.quiet()
	contracttest.Produced(t, w.db(), events.PaymentAuthorized, taken.ID)
	contracttest.Produced(t, w.db(), events.PaymentCaptured, taken.ID)
	contracttest.Produced(t, w.db(), events.PaymentRefunded, taken.ID)
	contracttest.Produced(t, w.db(), events.PaymentVoided, given.ID)
	contracttest.Produced(t, w.db(), events.PaymentFailed, w.value(`SELECT id FROM payments.payments WHERE saga = $1`, declined))
}

// value is one text of the database.
func (w *world) value(sql string, args ...any) (text string) {
	w.t.Helper()
	if err := w.db().QueryRow(context.Background(), sql, args...).Scan(&text); err != nil {
		w.t.Fatal(err)
	}
	return text
}
