package inventory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
)

// byReturns stands for the member of staff at movements of goods that came back: who inspected them, returns knows.
const byReturns = "returns"

// acceptedData is what is read of goods that came back.
type acceptedData struct {
	Acceptance uuid.UUID `json:"acceptance"`
	Order      uuid.UUID `json:"order"`
	Lines      []struct {
		SKU      string `json:"sku"`
		Quantity int64  `json:"quantity"`
		Sellable bool   `json:"sellable"`
	} `json:"lines"`
}

// sellable are the goods that go back on the shelf.
func (d acceptedData) sellable() (all []Want) {
	for _, l := range d.Lines {
		if l.Sellable {
			all = append(all, Want{l.SKU, l.Quantity})
		}
	}
	return all
}

// Return puts back what came back and can be sold; lines say of a carton how many pieces it was. A product that is not kept any more
// is left out. What was missing when the order was placed comes into being: the goods are here.
func (l *Ledger) Return(lines []Line) {
	back := map[string]int64{}
	for _, line := range lines {
		l.set(line.Taken, func(s *Stock) {
			s.OnHand += line.Units
			back[line.Taken] += line.Units
		})
	}
	for _, sku := range slices.Sorted(maps.Keys(back)) {
		l.Movements = append(l.Movements, Movement{SKU: sku, Quantity: back[sku], Cause: Received, Staff: byReturns})
	}
}

// returnAccepted puts goods that came back on the shelf, once for an acceptance.
func returnAccepted(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data acceptedData
	if err := e.Into(&data); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `INSERT INTO inventory.returns (acceptance, order_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, data.Acceptance, data.Order)
	if err != nil {
		return fmt.Errorf("noting goods that came back: %w", err)
	}
	wants := data.sellable()
	if tag.RowsAffected() == 0 || len(wants) == 0 {
		return nil
	}
	lines, err := soldAs(ctx, tx, data.Order, wants)
	if err != nil {
		return err
	}
	skus := make([]string, len(lines))
	for n, line := range lines {
		skus[n] = line.Taken
	}
	l, err := lock(ctx, tx, skus)
	if err != nil {
		return err
	}
	l.Return(lines)
	var b pgx.Batch
	save(&b, l)
	if b.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("putting goods back that came back: %w", err)
	}
	return nil
}

// soldAs are goods as they were sold to an order: whose stock each took, and how many of it.
func soldAs(ctx context.Context, tx pgx.Tx, order uuid.UUID, wants []Want) ([]Line, error) {
	lines := make([]Line, len(wants))
	for n, w := range wants {
		lines[n] = Line{SKU: w.SKU, Quantity: w.Quantity, Taken: w.SKU}
		var each int64
		err := tx.QueryRow(ctx, `SELECT l.taken, l.units / l.quantity FROM inventory.hold_lines l JOIN inventory.holds h ON h.id = l.hold WHERE h.order_id = $1 AND l.sku = $2`, order, w.SKU).
			Scan(&lines[n].Taken, &each)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return nil, fmt.Errorf("looking how goods were sold: %w", err)
		}
		lines[n].Units = w.Quantity * max(1, each)
	}
	return lines, nil
}
