package loyalty

import (
	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// Order is what is known of an order: what it earns follows from it, and from nothing
// that was booked before. So events may come in any order, and twice.
type Order struct {
	ID uuid.UUID
	// Saga is nil until the order was told of.
	Saga *uuid.UUID
	// Customer is empty for a guest, who earns nothing.
	Customer string
	// Goods is what the goods cost with tax after all discounts, Net the same without tax.
	Goods, Net      money.Money
	Paid, Cancelled bool
	// Returned is what the goods cost that came back, ReturnedNet the same without tax.
	Returned, ReturnedNet int64
	// Refunded is what went back beside that, by whatever means it was paid.
	Refunded int64
	// Total is what the whole order costs, nil where nobody told; ByReturns what is given back for goods that came back, and Beside
	// what was given back beside, to gift cards as well.
	Total             *money.Money
	ByReturns, Beside int64
	// ToCards is what payments told of refunds that goes to gift cards.
	ToCards int64
}

// Earns is how many points the order has earned as things are: one for each full unit
// of net goods that were paid and kept, of the sum, not line by line. Goods that came
// back are taken off by their own net. Other refunds are taken for goods first: they do not say which part of them is shipping.
func (o Order) Earns() (int64, error) {
	if o.Customer == "" || !o.Paid || o.Cancelled || o.Goods.Currency() != currency || o.Goods.IsZero() {
		return 0, nil
	}
	goods, net := o.Goods.Minor()-o.Returned, o.Net.Minor()-o.ReturnedNet
	if goods <= 0 || net <= 0 {
		return 0, nil
	}
	kept, err := money.New(net, currency).Share(o.kept(), goods, money.HalfUp)
	return kept.Minor() / perPoint, err
}

// Back is how many of the points that were spent on the order come back to the customer.
func (o Order) Back(spent int64) (int64, error) {
	switch {
	case o.Cancelled:
		return spent, nil
	case o.Goods.Sign() <= 0:
		return 0, nil
	}
	back, err := money.New(spent, currency).Share(o.Goods.Minor()-o.kept(), o.Goods.Minor(), money.HalfUp)
	return back.Minor(), err
}

// kept is what of the goods did not go back.
func (o Order) kept() int64 { return max(0, o.Goods.Minor()-max(0, o.Returned)-max(0, o.Refunded)) }
