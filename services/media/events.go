package media

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/outbox"
)

// ready is the data of media.variant.ready.v1: all sizes of a picture that are made.
type ready struct {
	Hash  Hash        `json:"hash"`
	Sizes []readySize `json:"sizes"`
}

type readySize struct {
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Format Format `json:"format"`
	Path   string `json:"path"`
}

// tell puts into the outbox which sizes of a picture there are now.
func tell(ctx context.Context, tx pgx.Tx, h Hash) error {
	rows, err := tx.Query(ctx, `SELECT width, height, format FROM media.variants WHERE hash = $1 ORDER BY width, format`, h)
	if err != nil {
		return fmt.Errorf("listing variants: %w", err)
	}
	sizes, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (readySize, error) {
		var s Size
		var f Format
		err := row.Scan(&s.Width, &s.Height, &f)
		return readySize{s.Width, s.Height, f, root + "/" + Address{h, s.Listed(), f}.String()}, err
	})
	if err != nil {
		return fmt.Errorf("listing variants: %w", err)
	}
	e, err := events.New(ctx, "media", events.VariantReady, string(h), ready{h, sizes})
	if err != nil {
		return err
	}
	return outbox.Put(ctx, tx, "media", e)
}
