package payments

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL. Whoever changes a payment or an attempt of it holds the lock of
// the payment's row, so all that is decided of it is decided one after the other.
type store struct{ db *postgres.DB }

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

const (
	paymentColumns = `id, saga, order_id, currency, amount, authorized, reference, captured, capturing, refunded, refunding, released, closing, cancelled, tax, refunded_tax, cards, cards_back, version`
	attemptColumns = `id, payment_id, kind, reference, target, amount, currency, final, card, outcome, provided, reason, request, print, tries, return_id, cards`
	locked         = ` FOR UPDATE`
)

func scanPayment(row pgx.Row) (p Payment, err error) {
	err = row.Scan(&p.ID, &p.Saga, &p.Order, &p.Currency, &p.Amount, &p.Authorized, &p.Reference, &p.Captured, &p.Capturing, &p.Refunded, &p.Refunding,
		&p.Released, &p.Closing, &p.Cancelled, &p.Tax, &p.RefundedTax, &p.Cards, &p.CardsBack, &p.Version)
	return p, err
}

func scanAttempt(row pgx.Row) (a Attempt, err error) {
	var minor int64
	var currency string
	err = row.Scan(&a.ID, &a.Payment, &a.Kind, &a.Reference, &a.Target, &minor, &currency, &a.Final, &a.Card, &a.Outcome, &a.Provided, &a.Reason, &a.Request, &a.Print, &a.Tries, &a.Return, &a.Cards)
	a.Amount = money.New(minor, currency)
	return a, err
}

func readPayment(ctx context.Context, db querier, id uuid.UUID, lock string) (Payment, error) {
	p, err := scanPayment(db.QueryRow(ctx, `SELECT `+paymentColumns+` FROM payments.payments WHERE id = $1`+lock, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return p, fault.NotFound("payment", id.String())
	}
	if err != nil {
		return p, fmt.Errorf("reading a payment: %w", err)
	}
	return p, nil
}

// paymentOf is the payment of a saga, made where there is none, and locked.
func paymentOf(ctx context.Context, tx pgx.Tx, saga string, amount money.Money) (Payment, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Payment{}, fmt.Errorf("naming a payment: %w", err)
	}
	// Nothing is updated but the row's version, so that it is locked and returned in either case, in one round trip.
	p, err := scanPayment(tx.QueryRow(ctx, `INSERT INTO payments.payments (id, saga, currency, amount) VALUES ($1, $2, $3, $4)
		ON CONFLICT (saga) DO UPDATE SET saga = excluded.saga RETURNING `+paymentColumns, id, saga, amount.Currency(), amount.Minor()))
	if err != nil {
		return p, fmt.Errorf("making a payment: %w", err)
	}
	return p, nil
}

// attemptsOf lists a payment's attempts of a kind, oldest first.
func attemptsOf(ctx context.Context, db querier, payment uuid.UUID, kind Kind) ([]Attempt, error) {
	rows, err := db.Query(ctx, `SELECT `+attemptColumns+` FROM payments.attempts WHERE payment_id = $1 AND kind = $2 ORDER BY created_at, id`, payment, kind)
	if err != nil {
		return nil, fmt.Errorf("reading attempts: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Attempt, error) { return scanAttempt(row) })
	if err != nil {
		return nil, fmt.Errorf("reading attempts: %w", err)
	}
	return list, nil
}

// attempt finds one by what is unique of it: id or reference. None is nil.
func attempt(ctx context.Context, db querier, by string, value any) (*Attempt, error) {
	a, err := scanAttempt(db.QueryRow(ctx, `SELECT `+attemptColumns+` FROM payments.attempts WHERE `+by+` = $1`, value))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil //nolint:nilnil // none is no error
	}
	if err != nil {
		return nil, fmt.Errorf("reading an attempt: %w", err)
	}
	return &a, nil
}

// insertAttempt notes what the provider will be asked for. In later seconds the
// worker takes it up, unless its outcome is known by then.
func insertAttempt(ctx context.Context, tx pgx.Tx, a Attempt, later float64) error {
	_, err := tx.Exec(ctx, `INSERT INTO payments.attempts (id, payment_id, kind, reference, target, amount, currency, final, card, request, print, due_at, return_id, cards)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, clock_timestamp() + $12 * interval '1 second', $13, $14)`,
		a.ID, a.Payment, a.Kind, a.Reference, a.Target, a.Amount.Minor(), a.Amount.Currency(), a.Final, a.Card, a.Request, a.Print, later, a.Return, a.Cards)
	if err != nil {
		return fmt.Errorf("noting an attempt: %w", err)
	}
	return nil
}

// save writes the facts of a payment whose row is locked, and books what changed: one round trip.
func save(ctx context.Context, tx pgx.Tx, before, after Payment, state State) error {
	var b pgx.Batch
	b.Queue(`UPDATE payments.payments SET order_id = $2, currency = $3, amount = $4, authorized = $5, reference = $6, captured = $7, capturing = $8,
			refunded = $9, refunding = $10, released = $11, closing = $12, cancelled = $13, tax = $14, refunded_tax = $15, version = $16, state = $17, cards_back = $18 WHERE id = $1`,
		after.ID, after.Order, after.Currency, after.Amount, after.Authorized, after.Reference, after.Captured, after.Capturing,
		after.Refunded, after.Refunding, after.Released, after.Closing, after.Cancelled, after.Tax, after.RefundedTax, before.Version+1, state, after.CardsBack)
	entries(&b, after, Entries(before, after))
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("writing a payment and booking: %w", err)
	}
	return nil
}

// entries queues the entries of one movement.
func entries(b *pgx.Batch, p Payment, all []Entry) {
	if len(all) == 0 {
		return
	}
	accounts, minors := make([]string, len(all)), make([]int64, len(all))
	for n, e := range all {
		accounts[n], minors[n] = e.Account, e.Minor
	}
	b.Queue(`INSERT INTO payments.ledger (movement, payment_id, account, minor, currency) SELECT $1::uuid, $2::uuid, account, minor, $3::text
		FROM unnest($4::text[], $5::bigint[]) AS e(account, minor)`, uuid.New(), p.ID, p.Currency, accounts, minors)
}

func saveAttempt(ctx context.Context, tx pgx.Tx, a Attempt) error {
	_, err := tx.Exec(ctx, `UPDATE payments.attempts SET outcome = $2, provided = $3, reason = $4, card = $5 WHERE id = $1`, a.ID, a.Outcome, a.Provided, a.Reason, a.Card)
	if err != nil {
		return fmt.Errorf("writing an attempt: %w", err)
	}
	return nil
}

// due takes attempts that are to be asked for, and puts them off at once: by a
// second, then twice as long each time, up to half a minute. So one whose process
// dies is taken up again.
func (s *store) due(ctx context.Context, limit int) ([]Attempt, error) {
	rows, err := s.db.Query(ctx, `UPDATE payments.attempts SET tries = tries + 1, due_at = clock_timestamp() + (5 + least(power(2, tries), 25)) * interval '1 second'
		WHERE id IN (SELECT id FROM payments.attempts WHERE outcome = 'open' AND due_at <= clock_timestamp() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)
		RETURNING `+attemptColumns, limit)
	if err != nil {
		return nil, fmt.Errorf("taking attempts: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Attempt, error) { return scanAttempt(row) })
	if err != nil {
		return nil, fmt.Errorf("taking attempts: %w", err)
	}
	return list, nil
}

// putOff lets the worker ask soon: the provider answered, but not yet this.
func (s *store) putOff(ctx context.Context, id uuid.UUID, seconds float64) error {
	_, err := s.db.Exec(ctx, `UPDATE payments.attempts SET due_at = least(due_at, clock_timestamp() + $2 * interval '1 second') WHERE id = $1 AND outcome = 'open'`, id, seconds)
	if err != nil {
		return fmt.Errorf("putting an attempt off: %w", err)
	}
	return nil
}

// open is how many attempts have no outcome yet.
func (s *store) open(ctx context.Context) (n int, err error) {
	if err = s.db.QueryRow(ctx, `SELECT count(*) FROM payments.attempts WHERE outcome = 'open'`).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting attempts: %w", err)
	}
	return n, nil
}

// heard notes a webhook, and tells whether it is the first time.
func heard(ctx context.Context, tx pgx.Tx, id, kind string) (bool, error) {
	tag, err := tx.Exec(ctx, `INSERT INTO payments.webhooks (id, type) VALUES ($1, $2) ON CONFLICT DO NOTHING`, id, kind)
	if err != nil {
		return false, fmt.Errorf("noting a webhook: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}
