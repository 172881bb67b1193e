package invoicing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// acceptedData is what is read of goods that came back.
type acceptedData struct {
	Acceptance uuid.UUID      `json:"acceptance"`
	Order      uuid.UUID      `json:"order"`
	Lines      []acceptedLine `json:"lines"`
	Shipping   *struct {
		Gross money.Money `json:"gross"`
	} `json:"shipping,omitempty"`
	Refund money.Money `json:"refund"`
}

type acceptedLine struct {
	Line     int `json:"line"`
	Quantity int `json:"quantity"`
}

// returned notes goods that came back, once, and credits them if their order is invoiced; otherwise that is done when it is.
func (d *desk) returned(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var a acceptedData
	if err := e.Into(&a); err != nil {
		return err
	}
	lines, err := json.Marshal(a.Lines)
	if err != nil {
		return fmt.Errorf("writing what came back: %w", err)
	}
	var shipping int64
	if a.Shipping != nil {
		shipping = a.Shipping.Gross.Minor()
	}
	if err := lock(ctx, tx, a.Order); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO invoicing.returns (acceptance, order_id, lines, shipping_minor, gross_minor, currency) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		a.Acceptance, a.Order, lines, shipping, a.Refund.Minor(), a.Refund.Currency())
	if err != nil {
		return fmt.Errorf("noting what came back: %w", err)
	}
	return d.settle(ctx, tx, a.Order)
}

// back is goods that came back and are not credited by their lines yet.
type back struct {
	acceptance uuid.UUID
	lines      []acceptedLine
	shipping   int64
}

// wish is the credit note of goods that came back. Shipping is in it where all of it goes back; a part of it is credited as an amount.
func (b back) wish(c Credited, reason string) Wish {
	w := Wish{Lines: map[int]int{}, Reason: reason}
	for _, l := range b.lines {
		w.Lines[l.Line] += l.Quantity // some of them may be damaged: the same line twice is both
	}
	var paid int64
	for _, s := range c.Invoice.Shipping {
		paid += s.Gross.Minor()
	}
	w.Shipping = b.shipping > 0 && b.shipping == paid && !c.shipped()
	return w
}

// nextBack is the first of an order's returns that is not credited yet, which is from now on.
func nextBack(ctx context.Context, tx pgx.Tx, order uuid.UUID) (b back, there bool, err error) {
	var lines []byte
	err = tx.QueryRow(ctx, `UPDATE invoicing.returns SET credited = true
		WHERE acceptance = (SELECT acceptance FROM invoicing.returns WHERE order_id = $1 AND NOT credited ORDER BY acceptance LIMIT 1)
		RETURNING acceptance, lines, shipping_minor`, order).Scan(&b.acceptance, &lines, &b.shipping)
	if errors.Is(err, pgx.ErrNoRows) {
		return back{}, false, nil
	}
	if err == nil {
		err = json.Unmarshal(lines, &b.lines)
	}
	if err != nil {
		return back{}, false, fmt.Errorf("reading what came back: %w", err)
	}
	return b, true, nil
}

// creditMissing credits what went back and is not credited: goods that came back by their lines, as far as they can be, and what is left as an
// amount. Lines that staff credited by hand, or whose money went back before, are not credited again.
func (d *desk) creditMissing(ctx context.Context, tx pgx.Tx, invoice Stored, missing int64) error {
	for {
		b, there, err := nextBack(ctx, tx, invoice.Order)
		if err != nil {
			return err
		}
		if !there {
			break
		}
		note, err := d.byLines(ctx, tx, invoice, b, missing)
		if err != nil {
			return err
		}
		missing -= note
	}
	if missing <= 0 {
		return nil
	}
	amount := money.New(missing, invoice.Currency)
	_, err := d.credit(ctx, tx, invoice, Wish{Amount: &amount, Reason: words(invoice.Locale).refund})
	return err
}

// byLines issues the credit note of goods that came back, and says how much it is: nothing where these lines cannot be credited, or not for so much.
func (d *desk) byLines(ctx context.Context, tx pgx.Tx, invoice Stored, b back, missing int64) (int64, error) {
	_, c, _, err := credited(ctx, tx, invoice.Order)
	if err != nil {
		return 0, err
	}
	w := b.wish(c, words(invoice.Locale).returned)
	switch note, err := c.Credit(w); {
	case fault.Is(err, fault.ConflictKind) || fault.Is(err, fault.InvalidKind):
		return 0, nil
	case err != nil:
		return 0, err
	case note.Totals.Gross.Minor() > missing || note.Totals.Gross.IsZero():
		return 0, nil
	}
	issued, err := d.credit(ctx, tx, invoice, w)
	return issued.Totals.Gross.Minor(), err
}
