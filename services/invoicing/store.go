package invoicing

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL that reads.
type store struct{ db *postgres.DB }

// Stored is a document with who may see it.
type Stored struct {
	Document
	Customer string
	// TokenHash is that of the order's token; nil where the order was told without one.
	TokenHash []byte
	UBL       string
}

// Mine tells whether a document is shown to a customer, or to whoever has the order's token.
func (s Stored) Mine(customer, token string) bool {
	hash := hashOf(token)
	return (customer != "" && customer == s.Customer) || (hash != nil && subtle.ConstantTimeCompare(hash, s.TokenHash) == 1)
}

// hashOf a token: it is long and random, so nobody finds it by trying. No token has none.
func hashOf(token string) []byte {
	if token == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

const columns = `document, customer, token_hash, ubl`

func scan(row pgx.CollectableRow) (s Stored, err error) {
	var text []byte
	if err = row.Scan(&text, &s.Customer, &s.TokenHash, &s.UBL); err != nil {
		return Stored{}, err
	}
	return s, json.Unmarshal(text, &s.Document)
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func find(ctx context.Context, q querier, where string, args ...any) ([]Stored, error) {
	rows, err := q.Query(ctx, `SELECT `+columns+` FROM invoicing.invoices WHERE `+where, args...)
	var list []Stored
	if err == nil {
		list, err = pgx.CollectRows(rows, scan)
	}
	if err != nil {
		return nil, fmt.Errorf("reading invoices: %w", err)
	}
	return list, nil
}

func (s *store) document(ctx context.Context, id uuid.UUID) (Stored, error) {
	list, err := find(ctx, s.db, `id = $1`, id)
	if err == nil && len(list) == 0 {
		err = fault.NotFound("invoice", id.String())
	}
	if err != nil {
		return Stored{}, err
	}
	return list[0], nil
}

// ofOrder are the documents of an order, the invoice first.
func (s *store) ofOrder(ctx context.Context, order uuid.UUID) ([]Stored, error) {
	return find(ctx, s.db, `order_id = $1 ORDER BY id`, order)
}

// filter is what a list is of; empty is all.
type filter struct {
	customer, kind string
	order          uuid.UUID
}

// list returns up to limit documents before one, the newest first.
func (s *store) list(ctx context.Context, f filter, before uuid.UUID, limit int) ([]Stored, error) {
	return find(ctx, s.db, `id < $1 AND ($2 = '' OR customer = $2) AND ($3 = '' OR series = $3) AND ($4::uuid = $5::uuid OR order_id = $4) ORDER BY id DESC LIMIT $6`,
		before, f.customer, f.kind, f.order, uuid.Nil, limit)
}

// lock lets those wait for each other who tell of one order, by whatever name: first that of its saga, then its own.
func lock(ctx context.Context, tx pgx.Tx, names ...uuid.UUID) error {
	for _, name := range names {
		if name == uuid.Nil {
			continue
		}
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('invoicing/order/' || $1, 0))`, name.String()); err != nil {
			return fmt.Errorf("waiting for who tells of the same order: %w", err)
		}
	}
	return nil
}

// insert writes a document that has its number.
func insert(ctx context.Context, tx pgx.Tx, s Stored, year, number int) error {
	text, err := json.Marshal(s.Document)
	if err != nil {
		return fmt.Errorf("writing a document: %w", err)
	}
	var corrects *uuid.UUID
	if s.Corrects != nil {
		corrects = &s.Corrects.ID
	}
	_, err = tx.Exec(ctx, `INSERT INTO invoicing.invoices (id, series, year, number, order_id, corrects, customer, token_hash, gross_minor, currency, issued_at, document, ubl)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		s.ID, s.Kind, year, number, s.Order, corrects, s.Customer, s.TokenHash, s.Totals.Gross.Minor(), s.Currency, s.IssuedAt, text, s.UBL)
	if err != nil {
		return fmt.Errorf("keeping a document: %w", err)
	}
	return nil
}

// credited reads the invoice of an order with its credit notes; false where it has none.
func credited(ctx context.Context, q querier, order uuid.UUID) (Stored, Credited, bool, error) {
	list, err := find(ctx, q, `order_id = $1 ORDER BY id`, order)
	if err != nil || len(list) == 0 {
		return Stored{}, Credited{}, false, err
	}
	var invoice Stored
	var c Credited
	for _, s := range list {
		if s.Kind == Invoice {
			invoice, c.Invoice = s, s.Document
		} else {
			c.Notes = append(c.Notes, s.Document)
		}
	}
	return invoice, c, true, nil
}

// known is what was told of an order.
type known struct {
	placed          *Placed
	paid, cancelled bool
}

// order reads what is known of an order.
func order(ctx context.Context, tx pgx.Tx, id uuid.UUID) (k known, err error) {
	var text []byte
	err = tx.QueryRow(ctx, `SELECT placed, paid_at IS NOT NULL, cancelled_at IS NOT NULL FROM invoicing.orders WHERE id = $1`, id).Scan(&text, &k.paid, &k.cancelled)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return known{}, nil
	case err == nil && text != nil:
		k.placed = new(Placed)
		err = json.Unmarshal(text, k.placed)
	}
	if err != nil {
		return known{}, fmt.Errorf("reading an order: %w", err)
	}
	return k, nil
}

// note writes what is told of an order; column is paid_at or cancelled_at.
func note(ctx context.Context, tx pgx.Tx, id uuid.UUID, column string, value any) error {
	_, err := tx.Exec(ctx, `INSERT INTO invoicing.orders (id, `+column+`) VALUES ($1, $2)
		ON CONFLICT (id) DO UPDATE SET `+column+` = coalesce(orders.`+column+`, excluded.`+column+`)`, id, value)
	if err != nil {
		return fmt.Errorf("noting what is told of an order: %w", err)
	}
	return nil
}

// keep notes what an order is about, until it is invoiced.
func keep(ctx context.Context, tx pgx.Tx, p Placed) error {
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("writing an order: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO invoicing.orders (id, saga, placed) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET saga = excluded.saga, placed = excluded.placed
		WHERE orders.cancelled_at IS NULL AND NOT EXISTS (SELECT FROM invoicing.invoices WHERE order_id = excluded.id)`, p.Order, p.Saga, text)
	if err != nil {
		return fmt.Errorf("noting an order: %w", err)
	}
	return nil
}

// forget takes the personal data of an order out: the invoice has what the law wants.
func forget(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	if _, err := tx.Exec(ctx, `UPDATE invoicing.orders SET placed = NULL WHERE id = $1`, id); err != nil {
		return fmt.Errorf("forgetting who ordered: %w", err)
	}
	return nil
}

// refunded is what went back of an order, in smallest units: by itself, and for goods that came back. The refund of a return is its money,
// and not more of it.
func refunded(ctx context.Context, tx pgx.Tx, id uuid.UUID, currency string) (alone, returns int64, err error) {
	var mixed bool
	err = tx.QueryRow(ctx, `SELECT coalesce(sum(minor) FILTER (WHERE NOT goods), 0)::bigint, coalesce(sum(minor) FILTER (WHERE goods), 0)::bigint, coalesce(bool_or(currency <> $2), false) FROM (
			SELECT amount_minor AS minor, currency, false AS goods FROM invoicing.refunds
			WHERE return_id IS NULL AND (order_id = $1 OR saga = (SELECT saga FROM invoicing.orders WHERE id = $1))
			UNION ALL SELECT gross_minor, currency, true FROM invoicing.returns WHERE order_id = $1) b`, id, currency).Scan(&alone, &returns, &mixed)
	switch {
	case err != nil:
		return 0, 0, fmt.Errorf("reading what went back: %w", err)
	case mixed:
		return 0, 0, errCurrency
	}
	return alone, returns, nil
}

var errCurrency = errors.New("money went back in another currency than that of the invoice")

// broken tells of the rules that a document breaks.
func broken(list []Broken) error {
	var text []string
	for _, b := range list {
		text = append(text, b.Error())
	}
	return fmt.Errorf("it would be no invoice by EN 16931: %s", strings.Join(text, "; "))
}
