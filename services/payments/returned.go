package payments

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// acceptedData is what is read of goods that came back.
type acceptedData struct {
	Acceptance uuid.UUID   `json:"acceptance"`
	Return     uuid.UUID   `json:"return"`
	Order      uuid.UUID   `json:"order"`
	Refund     money.Money `json:"refund"`
}

// request names the refund of an acceptance as a request would: it is made once.
func (d acceptedData) request() string { return digest("event", source, d.Acceptance.String()) }

// source is who tells that goods came back.
const source = "returns"

var errCapturing = errors.New("the order's payment is being captured: what there is to give back is not known yet")

// owed is what of a return's refund the payment still owes. Never more than the provider took and gift cards paid, and did not get back: the
// rest went back by hand.
func (p Payment) owed(refund money.Money) (money.Money, error) {
	switch {
	case p.Capturing > 0:
		return money.Money{}, errCapturing
	case refund.Currency() != p.Currency:
		return money.Money{}, fmt.Errorf("a refund in %s of a payment in %s", refund.Currency(), p.Currency)
	}
	return p.Money(max(0, min(refund.Minor(), p.givable()))), nil
}

// accepted has what goods cost given back that came back, once for an acceptance. It is the effect of an event, so it may come again.
// The goods were sent, so the order was paid: what there is to be given back is here. An order without a payment
// cost nothing, or was paid by gift cards before payments knew of them. Loyalty hears of the return too, and gives the cards the same part.
func (t *till) accepted(ctx context.Context, tx pgx.Tx, d acceptedData) error {
	p, err := scanPayment(tx.QueryRow(ctx, `SELECT `+paymentColumns+` FROM payments.payments WHERE order_id = $1`+locked, d.Order))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the payment of an order: %w", err)
	}
	before, err := attempt(ctx, tx, "request", d.request())
	if err != nil || before != nil {
		return err
	}
	amount, err := p.owed(d.Refund)
	if err != nil {
		return err
	}
	if amount != d.Refund {
		slog.WarnContext(ctx, "giving back less than a return asks for, because less is left of what was taken", "payment", p.ID, "return", d.Return)
	}
	if amount.IsZero() {
		return nil
	}
	after, err := p.BeginRefund(amount)
	if err != nil {
		return err
	}
	a := after.refundOf(p)
	a.Request, a.Return = d.request(), &d.Return
	if err := t.add(ctx, tx, p, a, 0); err != nil {
		return err
	}
	return save(ctx, tx, p, after, after.State(false))
}

// cardsPart tells what of a return went to gift cards, where the provider refused his part of it: loyalty gives it by the return alone.
func (t *till) cardsPart(ctx context.Context, tx pgx.Tx, p Payment, refused Attempt) error {
	if refused.Cards == 0 {
		return nil
	}
	return t.add(ctx, tx, p, Attempt{Kind: Refund, Target: refused.Target, Amount: p.Money(0), Cards: refused.Cards, Return: refused.Return}, 0)
}

// byHand is the return that a refund by staff is of: one that the provider refused exactly this amount of before, and that got it in no other
// way since. So it is credited, booked and taken off points with the return, and not once more.
func byHand(ctx context.Context, tx pgx.Tx, a Attempt, payment uuid.UUID) (*uuid.UUID, error) {
	if a.Kind != Refund || a.Cards > 0 {
		return nil, nil //nolint:nilnil // it is of no return
	}
	var of uuid.UUID
	err := tx.QueryRow(ctx, `SELECT r.return_id FROM payments.attempts r WHERE r.payment_id = $1 AND r.kind = 'refund' AND r.outcome = 'failed' AND r.return_id IS NOT NULL AND r.amount = $2
		AND NOT EXISTS (SELECT FROM payments.attempts b WHERE b.payment_id = $1 AND b.kind = 'refund' AND b.return_id = r.return_id AND b.amount = $2
			AND b.outcome <> 'failed' AND b.created_at > r.created_at)
		ORDER BY r.created_at LIMIT 1`, payment, a.Amount.Minor()).Scan(&of)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil //nolint:nilnil // it is of no return
	}
	if err != nil {
		return nil, fmt.Errorf("looking for the return of a refund: %w", err)
	}
	return &of, nil
}

// returnAccepted is accepted as the inbox asks for it.
func (t *till) returnAccepted(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data acceptedData
	if err := e.Into(&data); err != nil {
		return err
	}
	return t.accepted(ctx, tx, data)
}
