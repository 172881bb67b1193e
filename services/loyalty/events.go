package loyalty

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/erasure"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// takes are the events that come in.
func takes() []events.Type {
	return []events.Type{events.OrderPlaced, events.OrderPaid, events.OrderCompleted, events.OrderCancelled, events.PaymentRefunded, events.CustomerErased, events.ReturnAccepted}
}

// handlers are the effects of what others tell.
func handlers() inbox.Handlers {
	paid := learn(`paid = true`)
	return inbox.Handlers{
		events.OrderPlaced: placed, events.OrderPaid: paid,
		// Nothing is complete that was not paid: it says so where the other event was lost.
		events.OrderCompleted: paid, events.OrderCancelled: learn(`cancelled = true`), events.PaymentRefunded: refunded,
		events.CustomerErased: erasure.WhenEnded("loyalty", forget, spends),
		events.ReturnAccepted: cameBack,
	}
}

// at is when something happened, as the database keeps it.
func at(e events.Event) time.Time { return e.Time.UTC().Truncate(time.Microsecond) }

// placed notes what an order earns once it is paid, and commits the points and cards that its checkout held.
func placed(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data struct {
		Order, Saga        uuid.UUID
		Customer, Currency string
		Lines              []struct{ Total, Tax money.Money }
		Total              money.Money
	}
	if err := e.Into(&data); err != nil {
		return err
	}
	goods, net := money.New(0, data.Currency), money.New(0, data.Currency)
	for _, l := range data.Lines {
		without, err := l.Total.Sub(l.Tax)
		if err != nil {
			return fmt.Errorf("reading a line: %w", err)
		}
		var one, two error
		goods, one = goods.Add(l.Total)
		net, two = net.Add(without)
		if err := errors.Join(one, two); err != nil {
			return fmt.Errorf("adding up an order: %w", err)
		}
	}
	customer, err := unlessErased(ctx, tx, data.Customer)
	if err != nil {
		return err
	}
	if err := errors.Join(lockSaga(ctx, tx, data.Saga), lockOrder(ctx, tx, data.Order)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE loyalty.orders SET saga = $2, customer = $3, currency = $4, goods_minor = $5, net_minor = $6, total_minor = $7 WHERE id = $1`,
		data.Order, data.Saga, customer, data.Currency, goods.Minor(), net.Minor(), data.Total.Minor()); err != nil {
		return fmt.Errorf("noting an order: %w", err)
	}
	h, err := lockHold(ctx, tx, `saga = $1`, data.Saga)
	if err == nil {
		err = commit(ctx, tx, h, data.Order, at(e))
	}
	if err != nil && !fault.Is(err, fault.NotFoundKind) {
		return err
	}
	return settle(ctx, tx, data.Order, at(e))
}

// learn notes what became of an order, and books what follows.
func learn(what string) func(context.Context, pgx.Tx, events.Event) error {
	return func(ctx context.Context, tx pgx.Tx, e events.Event) error {
		var data struct{ Order uuid.UUID }
		if err := e.Into(&data); err != nil {
			return err
		}
		if err := lockOrder(ctx, tx, data.Order); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE loyalty.orders SET `+what+` WHERE id = $1`, data.Order); err != nil {
			return fmt.Errorf("noting what became of an order: %w", err)
		}
		return settle(ctx, tx, data.Order, at(e))
	}
}

// refunded notes a refund, once: two events of one refund are one. What it means for points and cards is settled when its order is known.
func refunded(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data struct {
		Saga   uuid.UUID
		Refund *uuid.UUID
		// Return is whose goods are taken off by their lines, so that the amount is not.
		Return *uuid.UUID
		// Amount is what the provider gave back, Cards what goes back to gift cards beside it.
		Amount money.Money
		Cards  *money.Money
	}
	if err := e.Into(&data); err != nil {
		return err
	}
	refund := e.ID
	if data.Refund != nil {
		refund = *data.Refund
	}
	var cards int64
	if data.Cards != nil {
		cards = data.Cards.Minor()
	}
	if err := lockSaga(ctx, tx, data.Saga); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO loyalty.refunds (refund, saga, amount_minor, cards_minor, return_id) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		refund, data.Saga, data.Amount.Minor(), cards, data.Return); err != nil {
		return fmt.Errorf("noting a refund: %w", err)
	}
	var order uuid.UUID
	err := tx.QueryRow(ctx, `SELECT id FROM loyalty.orders WHERE saga = $1`, data.Saga).Scan(&order)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for the order of a refund: %w", err)
	}
	if err := lockOrder(ctx, tx, order); err != nil {
		return err
	}
	return settle(ctx, tx, order, at(e))
}
