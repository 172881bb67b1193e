package media

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL.
type store struct{ db *postgres.DB }

// about are the columns of an original without its bytes.
const about = `b.hash, b.type, b.width, b.height, b.alt, b.version`

func (o *Original) columns() []any {
	return []any{&o.Hash, &o.Type, &o.Width, &o.Height, &o.Alt, &o.Version}
}

// original reads what is known of a picture.
func (s *store) original(ctx context.Context, h Hash) (Original, error) {
	var o Original
	err := s.db.QueryRow(ctx, `SELECT `+about+` FROM media.blobs b WHERE b.hash = $1`, h).Scan(o.columns()...)
	return o, found(h, err)
}

// found names what was looked for.
func found(h Hash, err error) error {
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return fault.NotFound("picture", string(h))
	case err != nil:
		return fmt.Errorf("reading a picture: %w", err)
	}
	return nil
}

// list returns up to limit originals behind one, in the order of their hashes.
func (s *store) list(ctx context.Context, after Hash, limit int) ([]Original, error) {
	rows, err := s.db.Query(ctx, `SELECT `+about+` FROM media.blobs b WHERE b.hash > $1 ORDER BY b.hash LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("listing pictures: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (o Original, err error) { return o, row.Scan(o.columns()...) })
	if err != nil {
		return nil, fmt.Errorf("listing pictures: %w", err)
	}
	return list, nil
}

// content reads an original's bytes.
func (s *store) content(ctx context.Context, h Hash) (content []byte, err error) {
	err = s.db.QueryRow(ctx, `SELECT content FROM media.blobs WHERE hash = $1`, h).Scan(&content)
	return content, found(h, err)
}

// insert keeps an original, unless it is there already, and returns what is kept: the same
// bytes have one row, and the alternative text that somebody gave them stays.
func insert(ctx context.Context, tx pgx.Tx, o Original, content []byte) (Original, error) {
	_, err := tx.Exec(ctx, `INSERT INTO media.blobs (hash, type, width, height, alt, content) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (hash) DO NOTHING`,
		o.Hash, o.Type, o.Width, o.Height, o.Alt, content)
	if err != nil {
		return Original{}, fmt.Errorf("keeping a picture: %w", err)
	}
	var kept Original
	err = tx.QueryRow(ctx, `SELECT `+about+` FROM media.blobs b WHERE b.hash = $1`, o.Hash).Scan(kept.columns()...)
	return kept, found(o.Hash, err)
}

// save writes an original's description over the version that it was read at: of two who read one version, the second finds none.
func (s *store) save(ctx context.Context, before, after Original) error {
	tag, err := s.db.Exec(ctx, `UPDATE media.blobs SET alt = $3, version = $4 WHERE hash = $1 AND version = $2`, before.Hash, before.Version, after.Alt, after.Version)
	if err != nil {
		return fmt.Errorf("describing a picture: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fault.Stale()
	}
	return nil
}

// variant reads what an address answers; no bytes where it was not made yet.
func (s *store) variant(ctx context.Context, a Address) (o Original, content []byte, err error) {
	err = s.db.QueryRow(ctx, `SELECT `+about+`, v.content FROM media.blobs b
		LEFT JOIN media.variants v ON v.hash = b.hash AND v.width = least(b.width, $2) AND v.format = $3 WHERE b.hash = $1`,
		a.Hash, a.Width, a.Format).Scan(append(o.columns(), &content)...)
	return o, content, found(a.Hash, err)
}

// keep stores a variant and tells of it, unless somebody was first, and returns the bytes
// that are kept: what an address answers never changes, whichever release asks.
func (s *store) keep(ctx context.Context, h Hash, v Variant) (content []byte, err error) {
	err = postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		// Variants of one original take turns, so that each event lists all before it.
		if _, err := tx.Exec(ctx, `SELECT FROM media.blobs WHERE hash = $1 FOR NO KEY UPDATE`, h); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `INSERT INTO media.variants (hash, width, height, format, content) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
			h, v.Size.Width, v.Size.Height, v.Format, v.Content)
		if err != nil {
			return err
		}
		if content = v.Content; tag.RowsAffected() == 1 {
			return tell(ctx, tx, h)
		}
		return tx.QueryRow(ctx, `SELECT content FROM media.variants WHERE hash = $1 AND width = $2 AND format = $3`, h, v.Size.Width, v.Format).Scan(&content)
	})
	if err != nil {
		return nil, fmt.Errorf("keeping a variant: %w", err)
	}
	return content, nil
}
