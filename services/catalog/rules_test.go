package catalog

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

var lamp = Product{SKU: "LAMP-1", Name: "Brass lamp", Price: money.New(1290, "EUR"), Version: 3}

func price(minor int64, currency string) *money.Money {
	m := money.New(minor, currency)
	return &m
}

func TestAPriceIsNotNegativeAndInTheShopsCurrency(t *testing.T) {
	for name, c := range map[string]struct {
		price   *money.Money
		pointer string
	}{
		"nothing":            {nil, ""},
		"another one":        {price(990, "EUR"), ""},
		"nothing to pay":     {price(0, "EUR"), ""},
		"negative":           {price(-1, "EUR"), "#/price/amount"},
		"of another country": {price(990, "USD"), "#/price/currency"},
	} {
		after, err := lamp.With(Change{Price: c.price})
		if c.pointer == "" {
			if err != nil || (c.price != nil && after.Price != *c.price) {
				t.Errorf("%s: %v %v", name, after.Price, err)
			}
			continue
		}
		f, is := err.(*fault.Fault) //nolint:errorlint // returned as it is
		if !is || f.Kind != fault.InvalidKind || f.Fields[0].Pointer != c.pointer {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A change touches what it names and nothing else, and is there once it was made.
func TestAChangeIsThereOnceItWasMade(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Change
		if rapid.Bool().Draw(t, "renames") {
			name := rapid.String().Draw(t, "name")
			c.Name = &name
		}
		if rapid.Bool().Draw(t, "reprices") {
			c.Price = price(rapid.Int64Range(0, 1e12).Draw(t, "price"), "EUR")
		}
		after, err := lamp.With(c)
		if err != nil || !after.Has(c) {
			t.Fatalf("%+v: %v", after, err)
		}
		if (c.Name == nil && after.Name != lamp.Name) || (c.Price == nil && after.Price != lamp.Price) || after.SKU != lamp.SKU || after.Version != lamp.Version {
			t.Fatalf("it changed more: %+v", after)
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
