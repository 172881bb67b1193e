package catalog

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed seed.txt
var seedText string

const seedCurrency = "EUR"

// goods is a range: all that there is, or what a new shop begins with.
type goods struct {
	categories []Category
	products   []Product
	groups     []Group
}

// seed writes the range into an empty catalog, all of it or nothing. A shop that
// took a product out does not get it back with its next release.
func seed(ctx context.Context, db *postgres.DB) error {
	all, err := readSeed(seedText)
	if err != nil {
		return err
	}
	err = postgres.InTx(ctx, db, func(tx pgx.Tx) error {
		var used bool
		// Of two who seed at once, the second waits here and finds it done.
		if _, err := tx.Exec(ctx, `LOCK TABLE catalog.categories IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM catalog.categories) OR EXISTS (SELECT FROM catalog.products)`).Scan(&used); err != nil || used {
			return err
		}
		if err := tx.SendBatch(ctx, all.batch()).Close(); err != nil {
			return err
		}
		return copyPrices(ctx, tx, "") // pricing may have been there first
	})
	if err != nil {
		return fmt.Errorf("seeding the catalog: %w", err)
	}
	return nil
}

func (g goods) batch() *pgx.Batch {
	var b pgx.Batch
	for n, c := range g.categories {
		b.Queue(`INSERT INTO catalog.categories (slug, name, position) VALUES ($1, $2, $3)`, c.Slug, c.Name, n)
	}
	for _, p := range g.products {
		b.Queue(`INSERT INTO catalog.products (sku, id, slug, name, description, category, brand, price_minor, currency, position, media)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			p.SKU, p.ID, p.Slug, p.Name, p.Description, p.Category, p.Brand, p.Price.Minor(), p.Price.Currency(), shuffled(p.SKU), p.Media)
	}
	return &b
}

func readSeed(text string) (goods, error) {
	var all goods
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '=':
			c := cells(line[1:], "|")
			all.categories = append(all.categories, Category{Slug: c[0], Name: c[1]})
		default:
			more, err := variants(all.categories[len(all.categories)-1], len(all.products), cells(line, "|"))
			if err != nil {
				return goods{}, fmt.Errorf("reading the seed line %q: %w", line, err)
			}
			all.products = append(all.products, more...)
		}
	}
	return all, nil
}

// variants makes the products of one line.
func variants(c Category, before int, cell []string) ([]Product, error) {
	if len(cell) != 5 {
		return nil, fmt.Errorf("has %d cells, not 5", len(cell))
	}
	var products []Product
	for n, variant := range cells(cell[3], ";") {
		name, price, own := strings.Cut(variant, "=")
		if !own {
			price = cell[2]
		}
		cents, err := strconv.ParseInt(price, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("reading the price: %w", err)
		}
		sku := fmt.Sprintf("%s-%04d", strings.ToUpper(c.Slug[:3]), 1001+before+n)
		title := cell[0] + ", " + name
		products = append(products, Product{
			ID: seedID(sku), SKU: sku, Slug: slug(title), Name: title, Brand: cell[1], Category: c.Slug,
			Media:       galleryOf([]Picture{sampleMedia[sku]}),
			Description: cell[4] + " By " + cell[1] + ".", Price: money.New(cents, seedCurrency),
		})
	}
	return products, nil
}

func cells(line, separator string) []string {
	list := strings.Split(line, separator)
	for n := range list {
		list[n] = strings.TrimSpace(list[n])
	}
	return list
}

// slug is a name as it stands in an address.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, "-")
}

// seedID is a UUIDv7 that every database gives the same product.
func seedID(sku string) uuid.UUID {
	sum := sha256.Sum256([]byte("emporium/catalog/" + sku))
	id := uuid.UUID(sum[:16])
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(at)) //nolint:gosec // after 1970
	copy(id[:6], ms[2:])
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return id
}

// shuffled mixes the categories on the first page, the same way everywhere.
func shuffled(sku string) int32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(sku)) // never fails
	sum := h.Sum32() * 2654435761
	return int32(sum >> 1) //nolint:gosec // shifted, so it fits
}
