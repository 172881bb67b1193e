package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	schemaVersion = 1
	schemaFloor   = 1
)

const schemaSQL = `
CREATE TABLE IF NOT EXISTS gadgets.migrations (version_id bigint PRIMARY KEY, is_applied boolean NOT NULL);
CREATE TABLE IF NOT EXISTS gadgets.floor (one boolean PRIMARY KEY DEFAULT true, floor bigint NOT NULL);
CREATE TABLE IF NOT EXISTS gadgets.gadgets (
	id uuid PRIMARY KEY, name text NOT NULL, colour text NOT NULL, amount text NOT NULL, currency text NOT NULL,
	quantity int NOT NULL DEFAULT 0, version bigint NOT NULL DEFAULT 1, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS gadgets.idempotency (
	caller text NOT NULL, route text NOT NULL, key text NOT NULL, body text NOT NULL,
	status int NOT NULL, answer bytea NOT NULL, location text NOT NULL, etag text NOT NULL, PRIMARY KEY (caller, route, key));
CREATE TABLE IF NOT EXISTS gadgets.outbox (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event jsonb NOT NULL);
INSERT INTO gadgets.migrations VALUES (1, true) ON CONFLICT DO NOTHING;
INSERT INTO gadgets.floor (floor) VALUES (1) ON CONFLICT DO NOTHING;`

// store is the database, and what the last look at it said.
type store struct {
	pool *pgxpool.Pool
	fits atomic.Bool
}

func openStore(url string) (*store, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("reading DATABASE_URL: %w", err)
	}
	cfg.MaxConns, cfg.ConnConfig.ConnectTimeout = 4, time.Second
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		return nil, fmt.Errorf("making the pool: %w", err)
	}
	return &store{pool: pool}, nil
}

func (s *store) migrate(ctx context.Context) error {
	if _, err := s.pool.Exec(ctx, schemaSQL); err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	return nil
}

// watch looks at the schema in the background, so that a probe never waits for
// PostgreSQL; what does not answer leaves the last verdict.
func (s *store) watch(ctx context.Context) {
	for ctx.Err() == nil {
		var version int64
		if s.pool.QueryRow(ctx, `SELECT max(version_id) FROM gadgets.migrations WHERE is_applied`).Scan(&version) == nil {
			s.fits.Store(version >= schemaVersion)
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

type money struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

type gadget struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Colour    string `json:"colour"`
	Price     money  `json:"price"`
	Quantity  any    `json:"quantity"`
	CreatedAt string `json:"createdAt"`

	version int64
}

func (g gadget) tag() string { return fmt.Sprintf(`"%d-gadget"`, g.version) }

const columns = `id::text, name, colour, amount, currency, quantity, version, created_at`

func scan(row pgx.Row) (gadget, error) {
	var g gadget
	var at time.Time
	var quantity int
	err := row.Scan(&g.ID, &g.Name, &g.Colour, &g.Price.Amount, &g.Price.Currency, &quantity, &g.version, &at)
	g.Quantity, g.CreatedAt = quantity, at.UTC().Format(time.RFC3339)
	return g, err
}

func (s *store) get(ctx context.Context, id string) (gadget, error) {
	return scan(s.pool.QueryRow(ctx, `SELECT `+columns+` FROM gadgets.gadgets WHERE id = $1`, id))
}

// query is what a list asks; offset is used by the fault L-06 alone.
type query struct {
	colour string
	after  string
	offset int
	limit  int
}

func (s *store) list(ctx context.Context, q query) ([]gadget, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+columns+` FROM gadgets.gadgets
		WHERE ($1 = '' OR colour = $1) AND ($2 = '' OR id > nullif($2, '')::uuid) ORDER BY id OFFSET $3 LIMIT $4`, q.colour, q.after, q.offset, q.limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (gadget, error) { return scan(row) })
}

// setQuantity changes the version that was read, and no other; guarded is false in a fault.
func (s *store) setQuantity(ctx context.Context, g gadget, quantity int, guarded bool) (gadget, error) {
	return scan(s.pool.QueryRow(ctx, `UPDATE gadgets.gadgets SET quantity = $2, version = version + 1
		WHERE id = $1 AND ($3 = version OR NOT $4) RETURNING `+columns, g.ID, quantity, g.version, guarded))
}

func (s *store) remove(ctx context.Context, g gadget) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM gadgets.gadgets WHERE id = $1`, g.ID)
	return err
}

func (s *store) count(ctx context.Context) (n int, err error) {
	err = s.pool.QueryRow(ctx, `SELECT count(*) FROM gadgets.gadgets`).Scan(&n)
	return n, err
}

// insert is part of the commit that also stores the answer.
func insert(ctx context.Context, tx pgx.Tx, g gadget) (gadget, error) {
	return scan(tx.QueryRow(ctx, `INSERT INTO gadgets.gadgets (id, name, colour, amount, currency) VALUES ($1, $2, $3, $4, $5) RETURNING `+columns,
		uuid.Must(uuid.NewV7()).String(), g.Name, g.Colour, g.Price.Amount, g.Price.Currency))
}

func missing(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
