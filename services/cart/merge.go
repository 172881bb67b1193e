package cart

import "slices"

// The guest's cart joins the customer's (C16).

// most is how many of a product a line holds.
const most = 99

// Offer is a product of a guest's cart as it is sold now.
type Offer struct {
	Product
	// Gone tells that it is not sold any more.
	Gone bool
	// Available is how many can be ordered; negative: nobody knows, or as many as anybody wants.
	Available int64
}

// LeftOut is a product of a guest's cart that is not in the customer's.
type LeftOut struct {
	SKU, Name string
	// Reason is gone, full or currency.
	Reason string
}

// Merge is the customer's cart with what the guest put in. Quantities are added up to what there is and what a line holds, but joining
// takes nothing away: of each product there are at least as many as one of both carts had. Prices are those of now. What is not sold
// any more is left out, and so is what does not fit.
func (c Cart) Merge(guest Cart, offers map[string]Offer) (Cart, []LeftOut) {
	c.Lines = slices.Clone(c.Lines)
	var out []LeftOut
	for _, g := range guest.Lines {
		o, asked := offers[g.SKU]
		if !asked { // put in since they were asked for
			o = Offer{Product: Product{SKU: g.SKU, Name: g.Name, Price: g.Price}, Available: -1}
		}
		n := slices.IndexFunc(c.Lines, func(l Line) bool { return l.SKU == g.SKU })
		switch {
		case o.Gone:
			out = append(out, LeftOut{g.SKU, g.Name, "gone"})
		case o.Price.Currency() != c.Currency:
			out = append(out, LeftOut{g.SKU, g.Name, "currency"})
		case n >= 0:
			c.Lines[n] = o.joined(c.Lines[n].Quantity, g.Quantity)
		case len(c.Lines) >= mostLines:
			out = append(out, LeftOut{g.SKU, g.Name, string(full)})
		default:
			c.Lines = append(c.Lines, o.joined(0, g.Quantity))
		}
	}
	c.Version++
	return c, out
}

// joined is the line of a product of which two carts have so many.
func (o Offer) joined(a, b int) Line {
	l := Line{SKU: o.SKU, Name: o.Name, Quantity: min(a+b, most), Price: o.Price}
	if o.Available >= 0 {
		l.Quantity = max(a, b, int(min(int64(l.Quantity), o.Available)))
	}
	if l.Quantity < a+b {
		l.Wanted = a + b
	}
	return l
}
