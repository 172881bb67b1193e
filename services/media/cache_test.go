package media

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A cache is held to a list that says which addresses were asked for last.
func TestWhatWasAskedForLastIsKeptWithinTheBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most = 100
		c := newCache(most)
		var order []Address // the last one first
		sizes := map[Address]int{}
		use := func(a Address) {
			order = append([]Address{a}, slices.DeleteFunc(order, func(o Address) bool { return o == a })...)
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			a := Address{Hash(fmt.Sprint(rapid.IntRange(1, 9).Draw(t, "which"))), 160, PNG}
			if p, there := c.get(a); there {
				if len(p.content) != sizes[a] {
					t.Fatalf("%v has %d bytes, %d were put", a, len(p.content), sizes[a])
				}
				use(a)
				continue
			}
			size := rapid.IntRange(0, most/2).Draw(t, "size")
			c.put(a, &picture{content: make([]byte, size)})
			if size > most/4 {
				continue
			}
			sizes[a] = size
			use(a)
			for total(order, sizes) > most {
				order = order[:len(order)-1]
			}
		}
		if c.bytes() != total(order, sizes) || c.bytes() > most || c.order.Len() != len(order) || len(c.known) != len(order) {
			t.Fatalf("%d bytes of %d pictures, want %d of %d", c.bytes(), c.order.Len(), total(order, sizes), len(order))
		}
		for _, a := range order {
			if _, there := c.get(a); !there {
				t.Fatalf("%v is gone; %v were asked for last", a, order)
			}
		}
	})
}

func total(order []Address, sizes map[Address]int) (sum int) {
	for _, a := range order {
		sum += sizes[a]
	}
	return sum
}
