package payments

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// wanted is what a request asks for.
type wanted struct {
	key  idempotency.Key
	sent []byte
	// answer writes the answer of what was done.
	answer func(Payment, Attempt) (idempotency.Stored, error)
}

// request names a request in the row of its attempt.
func (w wanted) request() string {
	return digest(w.key.Caller, w.key.Route, w.key.Value)
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

func printOf(amount money.Money, more ...string) string {
	return digest(append([]string{amount.String()}, more...)...)
}

// declined is a payment whose card was refused, for good.
const declined fault.Kind = "payment-declined"

// words tell people why.
var words = map[string]string{
	"insufficient_funds": "There is not enough money on the card. Choose another one.",
	"expired_card":       "The card has expired. Choose another one.",
	"invalid_number":     "There is no such card. Look at its number again.",
	Mismatch:             "The bank confirmed another amount than yours. Nothing was taken; try again.",
}

func refusal(reason string) error {
	why := words[reason]
	if why == "" {
		why = "The bank did not accept the card. Choose another one."
	}
	f := fault.Conflict(declined, why)
	f.Fields = []fault.Field{{Pointer: "#/card", Detail: why}}
	return f
}

// authorize lets a saga's payment be promised: once, however often it is asked for.
func (t *till) authorize(ctx context.Context, w wanted, saga, card string, amount money.Money) (idempotency.Stored, error) {
	if amount.Sign() <= 0 {
		return idempotency.Stored{}, fault.Invalid("#/amount/amount", "It must be more than zero.")
	}
	var a Attempt
	err := postgres.InTx(ctx, t.store.db, func(tx pgx.Tx) (err error) {
		a, err = t.beginAuthorize(ctx, tx, w, saga, card, amount)
		return err
	})
	if err != nil {
		return t.before(ctx, w, err)
	}
	return t.complete(ctx, w, a, refusal)
}

// before is the answer that a key got before what refuses it now: one that was
// promised, and undone since, is told by its key as it was told the first time.
func (t *till) before(ctx context.Context, w wanted, refused error) (idempotency.Stored, error) {
	if !fault.Is(refused, fault.ConflictKind) {
		return idempotency.Stored{}, refused
	}
	switch stored, err := idempotency.Answered(ctx, t.store.db, w.key, w.sent); {
	case err != nil:
		return idempotency.Stored{}, err
	case stored != nil:
		return *stored, nil
	}
	return idempotency.Stored{}, refused
}

func (t *till) beginAuthorize(ctx context.Context, tx pgx.Tx, w wanted, saga, card string, amount money.Money) (Attempt, error) {
	p, err := paymentOf(ctx, tx, saga, amount)
	if err != nil {
		return Attempt{}, err
	}
	before, err := attemptsOf(ctx, tx, p.ID, Authorize)
	if err != nil {
		return Attempt{}, err
	}
	fingerprint := printOf(amount, saga, card)
	known, err := Next(p, before, w.request(), fingerprint)
	if err != nil || known != nil {
		return deref(known), err
	}
	if p.Money(p.Amount) != amount { // the card before was declined, and the customer pays something else now
		after := p
		after.Amount, after.Currency = amount.Minor(), amount.Currency()
		if err := save(ctx, tx, p, after, Pending); err != nil {
			return Attempt{}, err
		}
	}
	return t.begin(ctx, tx, p, Attempt{Kind: Authorize, Reference: referenceOf(saga, len(before)), Amount: amount, Card: card, Request: w.request(), Print: fingerprint}, inHand)
}

func deref(a *Attempt) Attempt {
	if a == nil {
		return Attempt{}
	}
	return *a
}

// operate captures or refunds a part of a payment, once for a key.
func (t *till) operate(ctx context.Context, w wanted, id uuid.UUID, kind Kind, amount money.Money, final bool) (idempotency.Stored, error) {
	var a Attempt
	err := postgres.InTx(ctx, t.store.db, func(tx pgx.Tx) (err error) {
		a, err = t.beginOperate(ctx, tx, w, id, kind, amount, final)
		return err
	})
	if err != nil {
		return idempotency.Stored{}, err
	}
	return t.complete(ctx, w, a, func(string) error {
		return conflict("The provider did not do it. Nothing was changed.")
	})
}

func (t *till) beginOperate(ctx context.Context, tx pgx.Tx, w wanted, id uuid.UUID, kind Kind, amount money.Money, final bool) (Attempt, error) {
	p, err := readPayment(ctx, tx, id, locked)
	if err != nil {
		return Attempt{}, err
	}
	fingerprint := printOf(amount, string(kind), fmt.Sprint(final))
	known, err := attempt(ctx, tx, "outcome <> 'failed' AND kind <> 'authorize' AND request", w.request())
	switch {
	case err != nil:
		return Attempt{}, err
	case known != nil && known.Print != fingerprint:
		return Attempt{}, fault.Mismatch()
	case known != nil:
		return *known, nil
	}
	after, err := p.BeginCapture(amount, final)
	a := Attempt{Kind: kind, Target: p.Reference, Amount: amount, Final: final}
	if kind == Refund {
		after, err = p.BeginRefund(amount)
		a = after.refundOf(p)
	}
	if err != nil {
		return Attempt{}, err
	}
	if a.Return, err = byHand(ctx, tx, a, p.ID); err != nil {
		return Attempt{}, err
	}
	if err := save(ctx, tx, p, after, after.State(false)); err != nil {
		return Attempt{}, err
	}
	a.Request, a.Print = w.request(), fingerprint
	return t.begin(ctx, tx, p, a, inHand)
}

// complete asks for an attempt. That it was done, and the answer that is given to
// its key from now on, are one commit.
func (t *till) complete(ctx context.Context, w wanted, a Attempt, refused func(reason string) error) (idempotency.Stored, error) {
	said := Answer{Outcome: a.Outcome, ID: a.Provided, Reason: a.Reason, Amount: a.Amount}
	if a.Outcome == Open {
		var err error
		if said, err = t.ask(ctx, a); err != nil {
			// The worker needs not wait for this request any more.
			_ = t.store.putOff(context.WithoutCancel(ctx), a.ID, 1)
			return idempotency.Stored{}, unknown(err)
		}
	}
	// As long as it takes: the provider has done it, whoever still waits.
	ctx = context.WithoutCancel(ctx)
	if said.Outcome == Done && (a.Kind != Authorize || said.Amount == a.Amount) {
		return idempotency.Once(ctx, t.store.db, w.key, w.sent, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
			p, now, err := t.settle(ctx, tx, a, said)
			if err != nil || now.Outcome != Done {
				return idempotency.Stored{}, orRefused(err, refused, now.Reason)
			}
			return w.answer(p, now)
		})
	}
	err := postgres.InTx(ctx, t.store.db, func(tx pgx.Tx) (err error) {
		_, a, err = t.settle(ctx, tx, a, said)
		return err
	})
	return idempotency.Stored{}, orRefused(err, refused, a.Reason)
}

func orRefused(err error, refused func(string) error, reason string) error {
	if err != nil {
		return err
	}
	return refused(reason)
}

// void releases a payment of which nothing was taken. find locks its row. What is
// under way is waited for: its outcome decides what there is to release.
func (t *till) void(ctx context.Context, w wanted, find func(context.Context, pgx.Tx) (Payment, error)) (idempotency.Stored, error) {
	var p Payment
	err := postgres.InTx(ctx, t.store.db, func(tx pgx.Tx) (err error) {
		if p, err = find(ctx, tx); err != nil {
			return err
		}
		after, _, err := p.BeginVoid()
		if err != nil {
			return err
		}
		failed, err := t.failed(ctx, tx, p)
		if err != nil {
			return err
		}
		if after, err = t.unwind(ctx, tx, after); err == nil && after != p {
			err = save(ctx, tx, p, after, after.State(failed))
		}
		return err
	})
	if err == nil {
		err = t.finish(ctx, p.ID, Authorize, Void)
	}
	if err != nil {
		return idempotency.Stored{}, err
	}
	return idempotency.Once(ctx, t.store.db, w.key, w.sent, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		now, err := readPayment(ctx, tx, p.ID, "")
		if err == nil && now.Authorized && now.Released == 0 && now.Captured == 0 {
			err = unknown(nil)
		}
		if err != nil {
			return idempotency.Stored{}, err
		}
		return w.answer(now, Attempt{})
	})
}

// failed tells whether the last card of a payment was refused.
func (t *till) failed(ctx context.Context, db querier, p Payment) (bool, error) {
	list, err := attemptsOf(ctx, db, p.ID, Authorize)
	return len(list) > 0 && list[len(list)-1].Outcome == NotDone, err
}

// placed notes the order of a payment and has it captured, all of it: an order is
// there, so the money is due. It is the effect of an event, so it may come again.
func (t *till) placed(ctx context.Context, tx pgx.Tx, id, order uuid.UUID, tax money.Money) error {
	p, err := readPayment(ctx, tx, id, locked)
	if err != nil || p.Order != nil {
		return err
	}
	after := p
	after.Order, after.Tax = &order, tax.Minor()
	if left := p.Capturable(); left > 0 {
		whole := p.Money(left)
		if after, err = after.BeginCapture(whole, true); err != nil {
			return err
		}
		if err := t.add(ctx, tx, p, Attempt{Kind: Capture, Target: p.Reference, Amount: whole, Final: true}, 0); err != nil {
			return err
		}
	}
	return save(ctx, tx, p, after, after.State(false))
}

// cancelled gives back what an order's payment took, or releases it.
func (t *till) cancelled(ctx context.Context, tx pgx.Tx, order uuid.UUID) error {
	p, err := scanPayment(tx.QueryRow(ctx, `SELECT `+paymentColumns+` FROM payments.payments WHERE order_id = $1`+locked, order))
	if err != nil {
		return fmt.Errorf("reading the payment of an order: %w", err)
	}
	after, err := t.unwind(ctx, tx, p.Cancel())
	if err != nil {
		return err
	}
	return save(ctx, tx, p, after, after.State(false))
}
