package warehouse

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/inbox"
)

// takes are the types of events that make, open and cancel tasks.
func takes() []events.Type {
	return []events.Type{events.OrderPlaced, events.OrderPaid, events.OrderCancelled}
}

func handlers() inbox.Handlers {
	return inbox.Handlers{events.OrderPlaced: placed, events.OrderPaid: paid, events.OrderCancelled: cancelled}
}

// placedData is what is read of an order that was placed: who ordered is not the warehouse's business.
type placedData struct {
	Order  uuid.UUID
	Number string
	Lines  []struct {
		SKU, Name string
		Quantity  int64
	}
}

// placed makes the tasks of an order, once, whatever was told of it before.
func placed(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data placedData
	if err := e.Into(&data); err != nil {
		return err
	}
	known, err := note(ctx, tx, data.Order, "placed")
	if err != nil || known.placed || known.cancelled {
		return err
	}
	ordered := make([]Line, len(data.Lines))
	for n, l := range data.Lines {
		ordered[n] = Line{SKU: l.SKU, Name: l.Name, Quantity: l.Quantity}
	}
	where, err := places(ctx, tx, ordered)
	if err != nil {
		return err
	}
	list, err := Split(data.Order, data.Number, ordered, where, known.begins())
	if err != nil {
		return err
	}
	return insert(ctx, tx, list)
}

// paid lets the tasks of an order be claimed: nothing is picked that is not paid.
func paid(ctx context.Context, tx pgx.Tx, e events.Event) error {
	return moves(ctx, tx, e, "paid", `UPDATE warehouse.tasks SET state = 'open', version = version + 1 WHERE order_id = $1 AND state = 'waiting'`)
}

// cancelled ends the tasks of an order, in whatever hands they are. What was picked already is listed to be put back.
func cancelled(ctx context.Context, tx pgx.Tx, e events.Event) error {
	return moves(ctx, tx, e, "cancelled", `UPDATE warehouse.tasks SET state = 'cancelled', version = version + 1 WHERE order_id = $1 AND state <> 'cancelled'`)
}

func moves(ctx context.Context, tx pgx.Tx, e events.Event, what, change string) error {
	var data struct{ Order uuid.UUID }
	if err := e.Into(&data); err != nil {
		return err
	}
	if _, err := note(ctx, tx, data.Order, what); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, change, data.Order); err != nil {
		return fmt.Errorf("changing the tasks of an order: %w", err)
	}
	return nil
}

// fate is what was told of an order so far.
type fate struct{ placed, paid, cancelled bool }

// begins is the state of new tasks.
func (f fate) begins() State {
	if f.paid {
		return Open
	}
	return Waiting
}

// note adds what is told of an order, and returns what was told before. Whoever tells of the same order waits meanwhile.
func note(ctx context.Context, tx pgx.Tx, order uuid.UUID, what string) (f fate, err error) {
	if _, err := tx.Exec(ctx, `INSERT INTO warehouse.orders (id) VALUES ($1) ON CONFLICT DO NOTHING`, order); err != nil {
		return f, fmt.Errorf("noting an order: %w", err)
	}
	err = tx.QueryRow(ctx, `SELECT placed, paid, cancelled FROM warehouse.orders WHERE id = $1 FOR UPDATE`, order).Scan(&f.placed, &f.paid, &f.cancelled)
	if err != nil {
		return f, fmt.Errorf("reading an order: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE warehouse.orders SET `+what+` = true WHERE id = $1`, order); err != nil {
		return f, fmt.Errorf("noting an order: %w", err)
	}
	return f, nil
}
