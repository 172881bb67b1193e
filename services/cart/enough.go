package cart

import (
	"context"
	"fmt"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// soldOut is the kind of a line of which there are not enough.
const soldOut fault.Kind = "sold-out"

// enough refuses more of a variant than there are (C15): who chose it by its options can choose another one while he is there. As
// many as are in the cart already may stay, and less is never refused. Where nobody knows the stock, checkout decides.
func (a *api) enough(ctx context.Context, c Cart, p Product, wanted int) error {
	if line, _ := c.Line(p.SKU); !p.Variant || wanted <= line.Quantity {
		return nil
	}
	asked := map[string]Offer{p.SKU: {Product: p, Available: -1}}
	a.stocked(ctx, asked)
	return asked[p.SKU].refuse(wanted)
}

// refuse refuses more than there are.
func (o Offer) refuse(wanted int) error {
	switch {
	case o.Available < 0 || int64(wanted) <= o.Available:
		return nil
	case o.Available == 0:
		return fault.Conflict(soldOut, "This variant is out of stock.").And("#/quantity", "There is none left.")
	}
	why := fmt.Sprintf("Of this variant there are %d left.", o.Available)
	return fault.Conflict(soldOut, why).And("#/quantity", why)
}
