package loyalty

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// cardKind is why money went onto a card or off it.
type cardKind string

const (
	issued   cardKind = "issued"
	redeemed cardKind = "redeemed"
	returned cardKind = "returned"
	closed   cardKind = "closed"
)

const cardColumns = `SELECT c.id, c.ending, c.currency, c.closed, c.order_id, c.version, c.created_at,
	(SELECT coalesce(sum(amount_minor), 0) FROM loyalty.card_entries e WHERE e.card = c.id),
	(SELECT coalesce(sum(amount_minor), 0) FROM loyalty.card_entries e WHERE e.card = c.id AND kind = 'issued') FROM loyalty.cards c `

func scanCard(row pgx.CollectableRow) (c Card, err error) {
	var currency string
	var balance, initial int64
	err = row.Scan(&c.ID, &c.Ending, &currency, &c.Closed, &c.Order, &c.Version, &c.Created, &balance, &initial)
	c.Balance, c.Initial, c.Created = money.New(balance, currency), money.New(initial, currency), c.Created.UTC()
	return c, err
}

func readCards(ctx context.Context, db querier, where string, args ...any) ([]Card, error) {
	rows, err := db.Query(ctx, cardColumns+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading cards: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanCard)
	if err != nil {
		return nil, fmt.Errorf("reading cards: %w", err)
	}
	return list, nil
}

func readCard(ctx context.Context, db querier, id uuid.UUID) (Card, error) {
	found, err := readCards(ctx, db, `WHERE c.id = $1`, id)
	if err == nil && len(found) == 0 {
		err = fault.NotFound("card", id.String())
	}
	if err != nil {
		return Card{}, err
	}
	return found[0], nil
}

// usable reads the card of a code, if something can be paid with it. A code that nobody has, a card that is closed and one that
// is used up are looked for in the same way, and told apart by nothing (C42).
func usable(ctx context.Context, db querier, code string) (*Card, error) {
	found, err := readCards(ctx, db, `WHERE c.code_hash = $1`, hashOf(code))
	if err != nil || len(found) == 0 || found[0].Closed || found[0].Balance.Sign() <= 0 {
		return nil, err
	}
	return &found[0], nil
}

// lockCards makes whoever else changes these cards wait until the transaction ends. All lock them in one order. Their balances are
// read afterwards: a statement sees what was committed before it began to wait.
func lockCards(ctx context.Context, tx pgx.Tx, ids []uuid.UUID) error {
	if _, err := tx.Exec(ctx, `SELECT FROM loyalty.cards WHERE id = ANY($1) ORDER BY id FOR UPDATE`, ids); err != nil {
		return fmt.Errorf("locking cards: %w", err)
	}
	return nil
}

// cardOf finds whose code it is.
func cardOf(ctx context.Context, db querier, code string) (id uuid.UUID, there bool, err error) {
	err = db.QueryRow(ctx, `SELECT id FROM loyalty.cards WHERE code_hash = $1`, hashOf(code)).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, false, nil
	}
	if err != nil {
		return uuid.Nil, false, fmt.Errorf("looking for a card: %w", err)
	}
	return id, true, nil
}

func insertCard(ctx context.Context, tx pgx.Tx, c Card, code string) error {
	if _, err := tx.Exec(ctx, `INSERT INTO loyalty.cards (id, code_hash, ending, currency, order_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		c.ID, hashOf(code), c.Ending, c.Initial.Currency(), c.Order, c.Created); err != nil {
		return fmt.Errorf("issuing a card: %w", err)
	}
	return bookCard(ctx, tx, c.ID, issued, c.Initial.Minor(), nil, c.Created)
}

// bookCard writes a line of a card's ledger; of nothing there is none.
func bookCard(ctx context.Context, tx pgx.Tx, card uuid.UUID, kind cardKind, minor int64, hold *uuid.UUID, at time.Time) error {
	if minor == 0 {
		return nil
	}
	id, err := uuid.NewV7()
	if err == nil {
		_, err = tx.Exec(ctx, `INSERT INTO loyalty.card_entries (id, card, kind, amount_minor, hold, at) VALUES ($1, $2, $3, $4, $5, $6)`, id, card, kind, minor, hold, at)
	}
	if err == nil && kind != issued {
		_, err = tx.Exec(ctx, `UPDATE loyalty.cards SET version = version + 1 WHERE id = $1`, card)
	}
	if err != nil {
		return fmt.Errorf("booking on a card: %w", err)
	}
	return nil
}

// closeCard takes what is left on a card, for whoever bought it gets that back.
func closeCard(ctx context.Context, tx pgx.Tx, id uuid.UUID, now time.Time) (Card, money.Money, error) {
	if err := lockCards(ctx, tx, []uuid.UUID{id}); err != nil {
		return Card{}, money.Money{}, err
	}
	before, err := readCard(ctx, tx, id)
	if err != nil {
		return Card{}, money.Money{}, err
	}
	_, refundable := before.Close()
	if _, err := tx.Exec(ctx, `UPDATE loyalty.cards SET closed = true, version = version + CASE WHEN closed THEN 0 ELSE 1 END WHERE id = $1`, id); err != nil {
		return Card{}, money.Money{}, fmt.Errorf("closing a card: %w", err)
	}
	if err := bookCard(ctx, tx, id, closed, -refundable.Minor(), nil, now); err != nil {
		return Card{}, money.Money{}, err
	}
	after, err := readCard(ctx, tx, id)
	return after, refundable, err
}
