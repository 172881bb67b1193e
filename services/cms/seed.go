package cms

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// samples are the pages of the sample shop: seed/SLUG.LANGUAGE.md, whose first line is the title.
//
//go:embed seed/*.md
var samples embed.FS

// opened2026 is since when the sample pages are shown.
var opened2026 = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

var errTitle = errors.New("begins with no title")

// seed writes the sample pages where there are none, all of them or nothing. A shop that took one out does not get it back with its
// next release. Only the command seed does so, and migrate where SHOP_SEED=sample.
func seed(ctx context.Context, db *postgres.DB) error {
	all, err := samplePages()
	if err == nil {
		err = postgres.InTx(ctx, db, func(tx pgx.Tx) error { return sow(ctx, tx, all) })
	}
	if err != nil {
		return fmt.Errorf("seeding cms: %w", err)
	}
	return nil
}

func sow(ctx context.Context, tx pgx.Tx, all []Version) error {
	// Of two who seed at once, the second waits here and finds it done.
	if _, err := tx.Exec(ctx, `LOCK TABLE cms.pages IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		return err
	}
	var used bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM cms.pages)`).Scan(&used); err != nil || used {
		return err
	}
	for _, v := range all {
		if _, err := insert(ctx, tx, v); err != nil {
			return err
		}
	}
	return nil
}

func samplePages() (all []Version, err error) {
	names, err := fs.Glob(samples, "seed/*.md")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		v, err := sample(name)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		all = append(all, v)
	}
	return all, nil
}

func sample(name string) (Version, error) {
	text, err := samples.ReadFile(name)
	if err != nil {
		return Version{}, err
	}
	title, body, _ := strings.Cut(string(text), "\n")
	title, marked := strings.CutPrefix(title, "# ")
	if !marked {
		return Version{}, errTitle
	}
	slug, lang, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".md"), ".")
	id, err := uuid.NewV7()
	if err != nil {
		return Version{}, err
	}
	v, err := New(id, Draft{slug, lang, title, strings.TrimSpace(body)}, opened2026)
	v.Schedule = Schedule{From: opened2026}
	return v, err
}
