package loyalty

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// wanted is what a checkout asks of a card.
type wanted struct {
	Code   string
	Amount money.Money
}

// Everybody locks in this order: order, hold, accounts, cards.

// reserve takes points and cards for a checkout, all of them or none.
func reserve(ctx context.Context, tx pgx.Tx, h Hold, cards []wanted, now time.Time) error {
	customer, err := unlessErased(ctx, tx, h.Customer)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `INSERT INTO loyalty.holds (id, saga, state, customer, points) VALUES ($1, $2, $3, $4, 0) ON CONFLICT (saga) DO NOTHING`, h.ID, h.Saga, h.State, customer)
	if err != nil {
		return fmt.Errorf("noting a hold: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fault.Conflict(fault.ConflictKind, "This checkout holds something already, by another key.")
	}
	if err := reservePoints(ctx, tx, h, now); err != nil {
		return err
	}
	return reserveCards(ctx, tx, h.ID, cards, now)
}

func reservePoints(ctx context.Context, tx pgx.Tx, h Hold, now time.Time) error {
	if h.Points == 0 {
		return nil
	}
	if err := lockAccounts(ctx, tx, h.Customer); err != nil {
		return err
	}
	s, err := lapse(ctx, tx, h.Customer, now)
	if err != nil {
		return err
	}
	if err := s.Reserve(h.Points); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE loyalty.holds SET points = $2 WHERE id = $1`, h.ID, h.Points); err != nil {
		return fmt.Errorf("holding points: %w", err)
	}
	return nil
}

func reserveCards(ctx context.Context, tx pgx.Tx, hold uuid.UUID, cards []wanted, now time.Time) error {
	ids, err := cardsOf(ctx, tx, cards)
	if err != nil {
		return err
	}
	if err := lockCards(ctx, tx, ids); err != nil {
		return err
	}
	for n, id := range ids {
		c, err := readCard(ctx, tx, id)
		if err != nil {
			return err
		}
		amount := cards[n].Amount
		if err := c.Take(amount, pointer(n)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO loyalty.hold_cards (hold, position, card, amount_minor, currency) VALUES ($1, $2, $3, $4, $5)`, hold, n, id, amount.Minor(), amount.Currency()); err != nil {
			return fmt.Errorf("noting what a card pays: %w", err)
		}
		if err := bookCard(ctx, tx, id, redeemed, -amount.Minor(), &hold, now); err != nil {
			return err
		}
	}
	return nil
}

func pointer(n int) string { return "#/cards/" + strconv.Itoa(n) }

// cardsOf are the cards of codes, each once.
func cardsOf(ctx context.Context, tx pgx.Tx, cards []wanted) (ids []uuid.UUID, err error) {
	seen := map[uuid.UUID]bool{}
	for n, w := range cards {
		id, there, err := cardOf(ctx, tx, w.Code)
		switch {
		case err != nil:
			return nil, err
		case !there:
			return nil, gone(pointer(n))
		case seen[id]:
			return nil, fault.Invalid(pointer(n)+"/code", "It is there twice.")
		}
		seen[id], ids = true, append(ids, id)
	}
	return ids, nil
}

// lockHold reads a hold, and keeps others from changing it until the transaction ends.
func lockHold(ctx context.Context, tx pgx.Tx, where string, args ...any) (h Hold, err error) {
	return readHold(ctx, tx, where+` FOR UPDATE`, args...)
}

func readHold(ctx context.Context, db querier, where string, args ...any) (h Hold, err error) {
	err = db.QueryRow(ctx, `SELECT id, saga, state, order_id, customer, points, owed_minor FROM loyalty.holds WHERE `+where, args...).
		Scan(&h.ID, &h.Saga, &h.State, &h.Order, &h.Customer, &h.Points, &h.Owed)
	if errors.Is(err, pgx.ErrNoRows) {
		return Hold{}, fault.NotFound("hold", fmt.Sprint(args[0]))
	}
	if err != nil {
		return Hold{}, fmt.Errorf("reading a hold: %w", err)
	}
	rows, err := db.Query(ctx, `SELECT card, amount_minor, back_minor, currency FROM loyalty.hold_cards WHERE hold = $1 ORDER BY position`, h.ID)
	if err != nil {
		return Hold{}, fmt.Errorf("reading what cards pay: %w", err)
	}
	h.Parts, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Part, err error) {
		var amount, back int64
		var currency string
		err = row.Scan(&p.Card, &amount, &back, &currency)
		p.Amount, p.Back = money.New(amount, currency), money.New(back, currency)
		return p, err
	})
	if err != nil {
		return Hold{}, fmt.Errorf("reading what cards pay: %w", err)
	}
	return h, nil
}

func saveHold(ctx context.Context, tx pgx.Tx, h Hold) error {
	if _, err := tx.Exec(ctx, `UPDATE loyalty.holds SET state = $2, order_id = $3, owed_minor = $4 WHERE id = $1`, h.ID, h.State, h.Order, h.Owed); err != nil {
		return fmt.Errorf("changing a hold: %w", err)
	}
	return nil
}

// commit says which order a hold was for, and takes the points. The order is locked.
func commit(ctx context.Context, tx pgx.Tx, h Hold, order uuid.UUID, now time.Time) error {
	after, err := h.Commit(order)
	if err != nil || after.State == h.State {
		return err
	}
	if err := saveHold(ctx, tx, after); err != nil {
		return err
	}
	if h.Points == 0 {
		return nil
	}
	if err := lockAccounts(ctx, tx, h.Customer); err != nil {
		return err
	}
	return post(ctx, tx, h.Customer, Spent, -h.Points, &order, now)
}

// release gives back what no order will have.
func release(ctx context.Context, tx pgx.Tx, h Hold, now time.Time) error {
	after, err := h.Release()
	if err != nil || after.State == h.State {
		return err
	}
	if err := saveHold(ctx, tx, after); err != nil {
		return err
	}
	// What was held may be due by now.
	if _, err := tx.Exec(ctx, `UPDATE loyalty.accounts SET sweep_at = least(sweep_at, $2) WHERE customer = $1`, h.Customer, now); err != nil {
		return fmt.Errorf("noting that points may be due: %w", err)
	}
	return backToCards(ctx, tx, h, h.rest(), now)
}

// rest is all that did not come back to the cards yet.
func (h Hold) rest() (parts []Part) {
	for _, p := range h.Parts {
		parts = append(parts, Part{p.Card, p.Amount, p.left()})
	}
	return parts
}

// backToCards books what comes back to cards: Back of each part.
func backToCards(ctx context.Context, tx pgx.Tx, h Hold, parts []Part, now time.Time) error {
	var ids []uuid.UUID
	for _, p := range parts {
		ids = append(ids, p.Card)
	}
	if err := lockCards(ctx, tx, ids); err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := tx.Exec(ctx, `UPDATE loyalty.hold_cards SET back_minor = back_minor + $3 WHERE hold = $1 AND card = $2`, h.ID, p.Card, p.Back.Minor()); err != nil {
			return fmt.Errorf("noting what came back to a card: %w", err)
		}
		if err := bookCard(ctx, tx, p.Card, returned, p.Back.Minor(), &h.ID, now); err != nil {
			return err
		}
	}
	return nil
}

// refund divides a refund of an order, gives the cards their part, and books what follows for points.
func refund(ctx context.Context, tx pgx.Tx, id uuid.UUID, amount, provider money.Money, now time.Time) (byProvider money.Money, parts []Part, err error) {
	seen, err := readHold(ctx, tx, `id = $1`, id)
	if err != nil {
		return money.Money{}, nil, err
	}
	if seen.Order == nil {
		_, _, err := seen.Refund(amount, provider)
		return money.Money{}, nil, err
	}
	if err := lockOrder(ctx, tx, *seen.Order); err != nil {
		return money.Money{}, nil, err
	}
	h, err := lockHold(ctx, tx, `id = $1`, id)
	if err != nil {
		return money.Money{}, nil, err
	}
	o, err := readOrder(ctx, tx, *h.Order)
	if err == nil {
		err = lockAccounts(ctx, tx, o.Customer, h.Customer)
	}
	if err == nil {
		byProvider, parts, err = h.Refund(amount, provider)
	}
	if err == nil {
		err = backToCards(ctx, tx, h, parts, now)
	}
	if err == nil {
		err = settle(ctx, tx, o.ID, now)
	}
	return byProvider, parts, err
}
