package main

import "fmt"

const (
	// shopName is the same in every namespace, so that a clone needs no other name.
	shopName = "shop"
	// crowd is the namespace of all shops that are together in one.
	crowd = "shops"
)

// namespace of the i-th shop; all have the same length, for clones.
func namespace(i int) string { return fmt.Sprintf("shop-%04d", i) }

// layout is where shops are: each in a namespace of its own, or all in one.
type layout struct{ together bool }

// place is where a shop is.
type place struct{ namespace, shop string }

func (y layout) place(i int) place {
	if y.together {
		return place{crowd, namespace(i)}
	}
	return place{namespace(i), shopName}
}

// service names the i-th service of a shop, apart from those of its neighbours.
func (p place) service(i int) string {
	if p.shop == shopName {
		return fmt.Sprintf("s%02d", i+1)
	}
	return fmt.Sprintf("%s-s%02d", p.shop, i+1)
}

// shares are the namespaces of each of several operators.
func shares(shops, operators int) [][]string {
	out := make([][]string, operators)
	for i := 1; i <= shops; i++ {
		out[i%operators] = append(out[i%operators], namespace(i))
	}
	return out
}
