package cart

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

func euros(minor int64) money.Money { return money.New(minor, "EUR") }

func thing(n int) Product {
	return Product{SKU: fmt.Sprintf("S-%d", n), Name: "Thing", Price: euros(int64(100 + n))}
}

// Whatever is put in and taken out, the cart is the last quantity of each product
// in the order of their first coming, and its total is their sum.
func TestACartIsWhatWasPutInAndNotTakenOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := New(uuid.New(), "EUR")
		quantity := map[string]int{}
		var order []string
		var steps int64 = 1
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			p := thing(rapid.IntRange(0, 9).Draw(t, "product"))
			before, lines := c, slices.Clone(c.Lines)
			if rapid.Bool().Draw(t, "puts") {
				n := rapid.IntRange(1, 99).Draw(t, "quantity")
				var err error
				if c, err = c.Put(p, n); err != nil {
					t.Fatal(err)
				}
				if _, there := quantity[p.SKU]; !there {
					order = append(order, p.SKU)
				}
				quantity[p.SKU] = n
				steps++
			} else if after, err := c.Remove(p.SKU); err == nil {
				c = after
				delete(quantity, p.SKU)
				order = slices.DeleteFunc(order, func(s string) bool { return s == p.SKU })
				steps++
			} else if _, there := quantity[p.SKU]; there || !fault.Is(err, fault.NotFoundKind) {
				t.Fatalf("removing %s: %v", p.SKU, err)
			}
			if !slices.Equal(before.Lines, lines) {
				t.Fatal("the cart that was read is changed")
			}
		}
		var sum int64
		for n, line := range c.Lines {
			if line.SKU != order[n] || line.Quantity != quantity[line.SKU] {
				t.Fatalf("%+v, want %v of %v", c.Lines, quantity, order)
			}
			sum += line.Price.Minor() * int64(line.Quantity)
		}
		total, err := c.Total()
		if err != nil || total != euros(sum) || len(c.Lines) != len(order) || c.Version != steps {
			t.Fatalf("total %s, want %d; version %d, want %d; %v", total, sum, c.Version, steps, err)
		}
	})
}

func TestACartHoldsFiftyProducts(t *testing.T) {
	c := New(uuid.New(), "EUR")
	var err error
	for n := range mostLines {
		if c, err = c.Put(thing(n), 99); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Put(thing(mostLines), 1); !fault.Is(err, full) {
		t.Errorf("one too many: %v", err)
	}
	if after, err := c.Put(thing(0), 1); err != nil || len(after.Lines) != mostLines {
		t.Errorf("one that is there: %v", err)
	}
}

func TestACartCountsInOneCurrency(t *testing.T) {
	if _, err := New(uuid.New(), "EUR").Put(Product{SKU: "Y", Price: money.New(1290, "JPY")}, 1); !fault.Is(err, fault.InvalidKind) {
		t.Errorf("%v", err)
	}
	total, err := New(uuid.New(), "JPY").Total()
	if err != nil || total.String() != "0 JPY" {
		t.Errorf("an empty cart: %s %v", total, err)
	}
}
