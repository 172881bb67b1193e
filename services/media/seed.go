package media

import (
	"context"
	"embed"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// Sample pictures are files, and not drawn when they are needed: their address is the
// hash of their bytes, and another version of Go may compress otherwise.
// samples_test.go draws them.
//
//go:embed samples/*.png
var sampleFiles embed.FS

// sample is the picture of a product of the sample shop: samples/<SKU>.png.
type sample struct{ SKU, Alt string }

// samples are of the first product of each category (services/catalog/seed.txt).
var samples = []sample{
	{"KIT-1001", "A saucepan of cream enamel with a lid"},
	{"TAB-1031", "A plate of chalk-white stoneware, from above"},
	{"COF-1061", "A bag of coffee with a round label"},
	{"HOM-1091", "A folded blanket of heather wool with stripes"},
	{"LIG-1121", "A table lamp with an opal shade, lit"},
	{"STA-1151", "A notebook with a bound back and lines on its cover"},
	{"BAG-1181", "A sand-coloured rucksack with a front pocket"},
	{"OUT-1211", "A vacuum flask before mountains"},
	{"GAR-1241", "A pair of secateurs, open"},
	{"TOY-1271", "A wooden train: an engine and two wagons"},
}

// content is the sample's file.
func (s sample) content() ([]byte, error) { return sampleFiles.ReadFile("samples/" + s.SKU + ".png") }

// original is the sample as it is kept.
func (s sample) original() (o Original, content []byte, err error) {
	if content, err = s.content(); err != nil {
		return Original{}, nil, err
	}
	h, err := inspect(content)
	if err == nil {
		o, err = h.measure(content)
	}
	o.Alt = s.Alt
	return o, content, err
}

// seed keeps the sample pictures where there are none, all of them or nothing. A shop that took one out does not get it back with
// its next release. Only the command seed does so, and migrate where SHOP_SEED=sample.
func seed(ctx context.Context, db *postgres.DB) error {
	err := postgres.InTx(ctx, db, func(tx pgx.Tx) error {
		// Of two who seed at once, the second waits here and finds it done.
		if _, err := tx.Exec(ctx, `LOCK TABLE media.blobs IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return err
		}
		var used bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM media.blobs)`).Scan(&used); err != nil || used {
			return err
		}
		for _, s := range samples {
			o, content, err := s.original()
			if err != nil {
				return fmt.Errorf("reading the sample %s: %w", s.SKU, err)
			}
			if _, err := insert(ctx, tx, o, content); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("seeding media: %w", err)
	}
	return nil
}
