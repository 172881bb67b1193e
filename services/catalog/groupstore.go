package catalog

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// asker is a connection, or a transaction.
type asker interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// readGroups reads those that a condition admits.
func readGroups(ctx context.Context, db asker, where string, args ...any) ([]Group, error) {
	rows, err := db.Query(ctx, `SELECT slug, name, options, version FROM catalog.groups `+where, args...)
	if err == nil {
		var all []Group
		if all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Group]); err == nil {
			return all, nil
		}
	}
	return nil, fmt.Errorf("reading groups of variants: %w", err)
}

func readGroup(ctx context.Context, db asker, where, slug string) (Group, error) {
	found, err := readGroups(ctx, db, where, slug)
	if err == nil && len(found) == 0 {
		err = fault.NotFound("group", slug)
	}
	if err != nil {
		return Group{}, err
	}
	return found[0], nil
}

// locked keeps a group as it is until the transaction ends, and all that are to join it waiting: who takes a value away and who
// begins to use it see each other.
func locked(ctx context.Context, tx pgx.Tx, slug string) (Group, error) {
	return readGroup(ctx, tx, `WHERE slug = $1 FOR UPDATE`, slug)
}

func (s *store) group(ctx context.Context, slug string) (Group, error) {
	return readGroup(ctx, s.db, `WHERE slug = $1`, slug)
}

func insertGroup(ctx context.Context, tx pgx.Tx, g Group) error {
	_, err := tx.Exec(ctx, `INSERT INTO catalog.groups (slug, name, options) VALUES ($1, $2, $3)`, g.Slug, g.Name, g.Options)
	return second(err, "adding a group")
}

// saveGroup writes a group over the version that it was read at, unless one of its variants has what is to be taken away.
func (s *store) saveGroup(ctx context.Context, after Group) error {
	return postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		before, err := locked(ctx, tx, after.Slug)
		if err != nil {
			return err
		}
		if before.Version != after.Version {
			return fault.Stale()
		}
		if err := after.holds(ctx, tx); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE catalog.groups SET name = $2, options = $3, version = version + 1 WHERE slug = $1`, after.Slug, after.Name, after.Options)
		if err != nil {
			return fmt.Errorf("changing a group: %w", err)
		}
		return nil
	})
}

// holds refuses a group that one of its variants does not fit any more.
func (g Group) holds(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `SELECT sku, options FROM catalog.products WHERE variant_of = $1 ORDER BY sku`, g.Slug)
	if err != nil {
		return fmt.Errorf("reading the variants of a group: %w", err)
	}
	var sku string
	var c Choices
	_, err = pgx.ForEachRow(rows, []any{&sku, &c}, func() error {
		option, why := g.misfit(c)
		if why == "" {
			return nil
		}
		why = fmt.Sprintf("%s is %q of the option %q. %s Change that variant first.", sku, c.Map()[option], option, why)
		return fault.Conflict(fault.ConflictKind, why).And(g.pointer(option), why)
	})
	return err
}

// pointer is where a group's options are told: at the option, or at all where it is missing.
func (g Group) pointer(option string) string {
	if n := slices.IndexFunc(g.Options, func(o Option) bool { return o.Name == option }); n >= 0 {
		return fmt.Sprintf("#/options/%d/values", n)
	}
	return "#/options"
}

// belongs refuses a variant of which its group has no such options, and one that is one too many.
func belongs(ctx context.Context, tx pgx.Tx, p Product) error {
	if p.Variant.Group == "" {
		return nil
	}
	g, err := locked(ctx, tx, p.Variant.Group)
	if fault.Is(err, fault.NotFoundKind) {
		return fault.Invalid("#/variant/group", "There is no such group.")
	}
	if err != nil {
		return err
	}
	if option, why := g.misfit(p.Variant.Options); why != "" {
		return fault.Invalid("#/variant/options/"+member(option), why)
	}
	var others int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM catalog.products WHERE variant_of = $1 AND sku <> $2`, g.Slug, p.SKU).Scan(&others); err != nil {
		return fmt.Errorf("counting the variants of a group: %w", err)
	}
	if others >= mostVariants {
		return fault.Conflict(fault.ConflictKind, fmt.Sprintf("A group has %d variants at most.", mostVariants)).And("#/variant/group", "It is full.")
	}
	return nil
}

// member is a name as a JSON pointer in an address has it.
func member(name string) string {
	return url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
}

// second tells who is second of something that can be there once.
func second(err error, doing string) error {
	var sql *pgconn.PgError
	if errors.As(err, &sql) && sql.Code == "23505" {
		switch sql.ConstraintName {
		case "products_gtin":
			return fault.Conflict(fault.ConflictKind, "Another product has this GTIN.").And("#/gtin", "Another product has it, perhaps with more or fewer zeros before it.")
		case "products_variant":
			return fault.Conflict(fault.ConflictKind, "The group has this variant already.").And("#/variant/options", "Another product has all of these values.")
		case "groups_pkey":
			return fault.Conflict(fault.ConflictKind, "There is a group of this name.").And("#/slug", "Another group has it.")
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
