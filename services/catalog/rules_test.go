package catalog

import (
	"strings"
	"testing"

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
