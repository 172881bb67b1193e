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

// owed is what of a return's refund the payment still owes. Never more than was taken and not given back: the rest was paid by other means,
// or went back by hand.
func (p Payment) owed(refund money.Money) (money.Money, error) {
	switch {
	case p.Capturing > 0:
		return money.Money{}, errCapturing
	case refund.Currency() != p.Currency:
		return money.Money{}, fmt.Errorf("a refund in %s of a payment in %s", refund.Currency(), p.Currency)
	}
	return p.Money(max(0, min(refund.Minor(), p.Refundable()))), nil
}

// accepted has what goods cost given back that came back, once for an acceptance. It is the effect of an event, so it may come again.
// The goods were sent, so the order was paid: what there is to be given back is here. An order without a payment
// cost nothing, or gift cards paid it: loyalty gives them their part.
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
	if err := t.add(ctx, tx, p, Attempt{Kind: Refund, Target: p.Reference, Amount: amount, Request: d.request(), Return: &d.Return}, 0); err != nil {
		return err
	}
	return save(ctx, tx, p, after, after.State(false))
}

// returnAccepted is accepted as the inbox asks for it.
func (t *till) returnAccepted(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data acceptedData
	if err := e.Into(&data); err != nil {
		return err
	}
	return t.accepted(ctx, tx, data)
}
