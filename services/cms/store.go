package cms

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL.
type store struct{ db *postgres.DB }

const columns = `v.id, v.slug, v.number, v.lang, v.title, v.markdown, v.html, v.created_at, v.publish_from, v.publish_until, v.revision`

func scan(row pgx.CollectableRow) (Version, error) { return scanOne(row) }

func scanOne(row pgx.Row) (Version, error) {
	var v Version
	var from, until *time.Time
	err := row.Scan(&v.ID, &v.Slug, &v.Number, &v.Lang, &v.Title, &v.Markdown, &v.HTML, &v.CreatedAt, &from, &until, &v.Revision)
	v.CreatedAt, v.Schedule = v.CreatedAt.UTC(), Schedule{instant(from), instant(until)}
	return v, err
}

func instant(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// orNull is how an instant is stored.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (s *store) version(ctx context.Context, id uuid.UUID) (Version, error) {
	v, err := scanOne(s.db.QueryRow(ctx, `SELECT `+columns+` FROM cms.versions v WHERE v.id = $1`, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return Version{}, fault.NotFound("version", id.String())
	}
	if err != nil {
		return Version{}, fmt.Errorf("reading a version: %w", err)
	}
	return v, nil
}

// list returns up to limit versions that were made after one, in their order; the zero id is before all of them. Empty slug and lang are all.
func (s *store) list(ctx context.Context, slug, lang string, after uuid.UUID, limit int) ([]Version, error) {
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM cms.versions v
		WHERE v.id > $1 AND ($2 = '' OR v.slug = $2) AND ($3 = '' OR v.lang = $3) ORDER BY v.id LIMIT $4`, after, slug, lang, limit)
	if err != nil {
		return nil, fmt.Errorf("listing versions: %w", err)
	}
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("listing versions: %w", err)
	}
	return list, nil
}

// insert numbers a version and writes it. Of two writers of a page the second waits for the first, and has the number after it.
func insert(ctx context.Context, tx pgx.Tx, v Version) (Version, error) {
	err := tx.QueryRow(ctx, `INSERT INTO cms.pages AS p (slug, latest) VALUES ($1, 1)
		ON CONFLICT (slug) DO UPDATE SET latest = p.latest + 1 RETURNING latest`, v.Slug).Scan(&v.Number)
	if err != nil {
		return Version{}, fmt.Errorf("numbering a version: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO cms.versions (id, slug, number, lang, title, markdown, html, created_at, publish_from, publish_until, revision)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		v.ID, v.Slug, v.Number, v.Lang, v.Title, v.Markdown, v.HTML, v.CreatedAt, orNull(v.From), orNull(v.Until), v.Revision)
	if err != nil {
		return Version{}, fmt.Errorf("writing a version: %w", err)
	}
	return v, nil
}

// schedule writes when a version is shown, over the revision that it was read at: of two who read one, the second finds none.
func (s *store) schedule(ctx context.Context, before, after Version) error {
	tag, err := s.db.Exec(ctx, `UPDATE cms.versions SET publish_from = $3, publish_until = $4, revision = $5 WHERE id = $1 AND revision = $2`,
		before.ID, before.Revision, orNull(after.From), orNull(after.Until), after.Revision)
	if err != nil {
		return fmt.Errorf("scheduling a version: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fault.Stale()
	}
	return nil
}

// board reads what is shown at an instant or will be later. What has ended stays in the database, and so does what lies below another
// version for all of its time: a page that is written anew each week is not in memory fifty times a year.
func (s *store) board(ctx context.Context, now time.Time) (*board, error) {
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM cms.versions v
		WHERE v.publish_from IS NOT NULL AND (v.publish_until IS NULL OR v.publish_until > $1) AND NOT EXISTS (
			SELECT FROM cms.versions o WHERE o.slug = v.slug AND o.lang = v.lang
				AND (o.publish_from, o.number) > (v.publish_from, v.number) AND o.publish_from <= $1
				AND (o.publish_until IS NULL OR o.publish_until >= v.publish_until))`, now)
	if err != nil {
		return nil, fmt.Errorf("reading the pages: %w", err)
	}
	versions, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("reading the pages: %w", err)
	}
	var key []byte
	if err := s.db.QueryRow(ctx, `SELECT secret FROM cms.preview_key`).Scan(&key); err != nil {
		return nil, fmt.Errorf("reading the key of previews: %w", err)
	}
	return newBoard(versions, key), nil
}
