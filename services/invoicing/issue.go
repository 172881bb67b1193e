package invoicing

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/outbox"
)

// desk issues documents.
type desk struct {
	// seller is nil where the environment does not say who sells: then there are credit notes alone, which have the invoice's.
	seller *Party
	days   calendar.Calendar
	now    func() time.Time
}

// issuedData is what invoicing.invoice.issued.v1 and invoicing.invoice.credited.v1 tell.
type issuedData struct {
	Invoice uuid.UUID `json:"invoice"`
	// Note is the credit note.
	Note   *uuid.UUID  `json:"note,omitempty"`
	Number string      `json:"number"`
	Order  uuid.UUID   `json:"order"`
	Total  money.Money `json:"total"`
}

// issue gives a document its id, its number and its day, and writes it: all of it in one transaction, or nothing.
func (d *desk) issue(ctx context.Context, tx pgx.Tx, s Stored) (Stored, error) {
	if err := queue(ctx, tx, s.Kind); err != nil {
		return Stored{}, err
	}
	if s.ID == uuid.Nil { // a sample has one
		id, err := uuid.NewV7() // in the queue, so that ids are in the order of numbers
		if err != nil {
			return Stored{}, fmt.Errorf("making an id: %w", err)
		}
		s.ID = id
	}
	s.IssuedAt = instant(d.now())
	s.IssuedOn = d.days.Day(s.IssuedAt)
	year, err := strconv.Atoi(s.IssuedOn[:4])
	if err != nil {
		return Stored{}, fmt.Errorf("reading the year of %s: %w", s.IssuedOn, err)
	}
	n, err := draw(ctx, tx, s.Kind, year, s.ID)
	if err != nil {
		return Stored{}, err
	}
	s.Number = Number(s.Kind, year, n)
	text, err := s.Document.UBL()
	if err != nil {
		return Stored{}, err
	}
	wrong, err := Check(text)
	if err != nil {
		return Stored{}, err
	}
	if len(wrong) > 0 {
		return Stored{}, broken(wrong)
	}
	s.UBL = string(text)
	if err := insert(ctx, tx, s, year, n); err != nil {
		return Stored{}, err
	}
	return s, tell(ctx, tx, s.Document)
}

// tell puts what was issued into the outbox.
func tell(ctx context.Context, tx pgx.Tx, d Document) error {
	kind, data := events.InvoiceIssued, issuedData{Invoice: d.ID, Number: d.Number, Order: d.Order, Total: d.Totals.Gross}
	if d.Corrects != nil {
		kind, data.Invoice, data.Note = events.InvoiceCredited, d.Corrects.ID, &d.ID
	}
	e, err := events.New(ctx, "invoicing", kind, data.Invoice.String(), data)
	if err != nil {
		return err
	}
	return outbox.Put(ctx, tx, "invoicing", e)
}

// settle does what is due for an order by all that is known of it: the invoice when it is placed and paid, credit of the rest when
// it is cancelled, and credit of what went back and is not credited. It is asked after each thing that is told, so the order in
// which they come does not matter. The caller has the order's lock.
func (d *desk) settle(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	k, err := order(ctx, tx, id)
	if err != nil {
		return err
	}
	invoice, c, there, err := credited(ctx, tx, id)
	switch {
	case err != nil:
		return err
	case there:
		return d.correct(ctx, tx, invoice, c, k)
	case k.cancelled && !k.paid:
		return forget(ctx, tx, id) // nothing was paid, so there is nothing to invoice
	case k.placed == nil || !k.paid:
		return nil
	}
	return d.invoice(ctx, tx, *k.placed, k)
}

// invoice issues the invoice of an order.
func (d *desk) invoice(ctx context.Context, tx pgx.Tx, p Placed, k known) error {
	if d.seller == nil {
		return errSeller
	}
	bill, err := p.Bill(*d.seller)
	if err != nil {
		return err
	}
	s, err := d.issue(ctx, tx, Stored{Document: bill, Customer: p.Customer, TokenHash: hashOf(p.Token)})
	if err != nil {
		return err
	}
	if err := forget(ctx, tx, p.Order); err != nil {
		return err
	}
	return d.correct(ctx, tx, s, Credited{Invoice: s.Document}, k)
}

// correct credits what an order that is invoiced does not cost any more.
func (d *desk) correct(ctx context.Context, tx pgx.Tx, invoice Stored, c Credited, k known) error {
	alone, returns, err := refunded(ctx, tx, invoice.Order, invoice.Currency)
	if err != nil {
		return err
	}
	total, left := invoice.Totals.Gross.Minor(), c.Left().Minor()
	// A return is worth what its goods cost, also where less was left of what was taken: no more goes back than the invoice is about.
	missing := min(alone+returns, total) - (total - left)
	switch {
	case alone > total:
		return errTooMuch
	case k.cancelled && left > 0:
		_, err = d.credit(ctx, tx, invoice, Wish{All: true, Reason: words(invoice.Locale).cancelled})
	case missing > 0:
		return d.creditMissing(ctx, tx, invoice, missing)
	}
	return err
}

var errTooMuch = fault.Conflict(fault.ConflictKind, "More money went back than the invoice is about.")

// credit issues a credit note. What is credited already is read again in the queue: nobody else can issue one meanwhile.
func (d *desk) credit(ctx context.Context, tx pgx.Tx, invoice Stored, w Wish) (Stored, error) {
	if err := queue(ctx, tx, CreditNote); err != nil {
		return Stored{}, err
	}
	_, c, _, err := credited(ctx, tx, invoice.Order)
	if err != nil {
		return Stored{}, err
	}
	note, err := c.Credit(w)
	if err != nil {
		return Stored{}, err
	}
	return d.issue(ctx, tx, Stored{Document: note, Customer: invoice.Customer, TokenHash: invoice.TokenHash})
}
