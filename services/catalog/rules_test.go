package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image/png"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/money"
)

var lamp = Product{SKU: "LAMP-1", Name: "Brass lamp", Price: money.New(1290, "EUR"), Version: 3}

// A change touches what it names and nothing else, and is there once it was made.
func TestAChangeIsThereOnceItWasMade(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Change
		if rapid.Bool().Draw(t, "renames") {
			name := rapid.String().Draw(t, "name")
			c.Name = &name
		}
		after, want := lamp.With(c), lamp
		if c.Name != nil {
			want.Name = *c.Name
		}
		if !after.Has(c) || after != want {
			t.Fatalf("%+v, want %+v", after, want)
		}
		if lamp.Has(c) != (after == lamp) {
			t.Fatalf("it was there before, or it was not: %+v", c)
		}
	})
}

func TestEightWordsOfASearchCount(t *testing.T) {
	if got := words("  Moka\tPOT "); len(got) != 2 || got[1] != "pot" {
		t.Errorf("%q", got)
	}
	if got := words(strings.Repeat("a ", 50)); len(got) != mostWords {
		t.Errorf("%d words", len(got))
	}
}

func TestEveryCategoryHasAShape(t *testing.T) {
	all, err := readSeed(seedText)
	if err != nil || len(all.products) != 300 {
		t.Fatalf("%d products, %v", len(all.products), err)
	}
	for _, c := range all.categories {
		if shapes[c.Slug] == "" {
			t.Errorf("category %s has no shape", c.Slug)
		}
	}
}

func TestALineOfTheSeedThatIsWrongIsNamed(t *testing.T) {
	for _, line := range []string{"Lamp | Lumen | 1290 | Brass", "Lamp | Lumen | dear | Brass | Warm."} {
		if _, err := readSeed("= lamps | Lamps\n" + line); err == nil || !strings.Contains(err.Error(), line) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// What a page holds of a picture is what media's samples are; whoever draws them anew sees here what to change.
func TestTheSampleGoodsHaveThePicturesOfMediasSamples(t *testing.T) {
	all, err := readSeed(seedText)
	if err != nil {
		t.Fatal(err)
	}
	pictured := 0
	for _, p := range all.products {
		for _, one := range p.Media.List() {
			pictured++
			content, err := os.ReadFile("../media/samples/" + p.SKU + ".png")
			if err != nil {
				t.Fatal(err)
			}
			size, err := png.DecodeConfig(bytes.NewReader(content))
			if sum := sha256.Sum256(content); err != nil || one.Hash != hex.EncodeToString(sum[:]) || one.Width != size.Width || one.Height != size.Height || one.Alt == "" {
				t.Errorf("%s has %+v, and the file is %x, %d by %d (%v)", p.SKU, one, sum, size.Width, size.Height, err)
			}
		}
	}
	if pictured != len(sampleMedia) {
		t.Errorf("%d products have a picture, of %d that are listed", pictured, len(sampleMedia))
	}
}

// A gallery comes back from the database as it went in, and one that is empty is no null.
func TestAGalleryIsStoredAsItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []Picture
		for range rapid.IntRange(0, mostPictures).Draw(t, "pictures") {
			list = append(list, Picture{strings.Repeat("ab", 32), rapid.IntRange(1, 8000).Draw(t, "width"), 9, rapid.String().Draw(t, "alt")})
		}
		before := galleryOf(list)
		stored, err := before.Value()
		if err != nil {
			t.Fatal(err)
		}
		var after Gallery
		if err := after.Scan(stored); err != nil || len(after.List()) != len(list) || len(list) == 0 && stored != "[]" {
			t.Fatalf("%v: %+v became %+v (%v)", stored, before, after, err)
		}
		if !utf8.ValidString(fmt.Sprint(list)) {
			return // JSON has no way to say it
		}
		if after != before {
			t.Fatalf("%+v became %+v", before, after)
		}
	})
	var g Gallery
	if err := g.Scan(5); err == nil {
		t.Error("a number was read as pictures")
	}
}
