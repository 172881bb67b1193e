package loyalty

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// acceptedData is what is read of goods that came back. Shipping earned nothing; it is in what is given back.
type acceptedData struct {
	Acceptance uuid.UUID   `json:"acceptance"`
	Order      uuid.UUID   `json:"order"`
	Refund     money.Money `json:"refund"`
	Lines      []struct {
		Net   money.Money `json:"net"`
		Gross money.Money `json:"gross"`
	} `json:"lines"`
}

// sums are what the goods cost, with tax and without.
func (d acceptedData) sums() (gross, net money.Money, err error) {
	for n, l := range d.Lines {
		if n == 0 {
			gross, net = l.Gross, l.Net
			continue
		}
		var one, two error
		gross, one = gross.Add(l.Gross)
		net, two = net.Add(l.Net)
		if err := errors.Join(one, two); err != nil {
			return gross, net, fmt.Errorf("adding up what came back: %w", err)
		}
	}
	return gross, net, nil
}

// cameBack notes goods that came back, once for an acceptance. What they earned is taken back, by their own net (C45), and the cards
// that paid get their part of what is given back (C44).
func cameBack(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data acceptedData
	if err := e.Into(&data); err != nil {
		return err
	}
	gross, net, err := data.sums()
	if err != nil {
		return err
	}
	if err := lockOrder(ctx, tx, data.Order); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO loyalty.returns (acceptance, order_id, gross_minor, net_minor, refund_minor) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		data.Acceptance, data.Order, gross.Minor(), net.Minor(), data.Refund.Minor()); err != nil {
		return fmt.Errorf("noting what came back: %w", err)
	}
	return settle(ctx, tx, data.Order, at(e))
}
