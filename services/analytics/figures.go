package analytics

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// Totals are what is shown of a day, an hour or a range.
type Totals struct {
	Orders        OrderCounts   `json:"orders"`
	Payments      PaymentCounts `json:"payments"`
	Holds         HoldCounts    `json:"holds"`
	Coupons       int64         `json:"coupons" doc:"How often coupons were redeemed; 0 in an hour, coupons are counted by day"`
	CartsClosed   int64         `json:"cartsClosed" doc:"Carts that became an order"`
	Invoices      int64         `json:"invoices"`
	CreditNotes   int64         `json:"creditNotes"`
	Registrations int64         `json:"registrations" doc:"Customers who registered"`
	Revenue       []Revenue     `json:"revenue" nullable:"false" doc:"By currency; amounts of two are never added"`
}

// OrderCounts is what became of orders, each on the day on which it became so.
type OrderCounts struct {
	Placed    int64 `json:"placed"`
	Paid      int64 `json:"paid"`
	Cancelled int64 `json:"cancelled"`
	Completed int64 `json:"completed"`
}

// PaymentCounts is what the provider did.
type PaymentCounts struct {
	Authorized int64 `json:"authorized"`
	Captured   int64 `json:"captured"`
	Voided     int64 `json:"voided"`
	Refunds    int64 `json:"refunds"`
	Failed     int64 `json:"failed"`
}

// HoldCounts is what became of goods on hold.
type HoldCounts struct {
	Converted  int64  `json:"converted" doc:"Became an order"`
	Undone     int64  `json:"undone"`
	Expired    int64  `json:"expired"`
	Conversion string `json:"conversion,omitempty" example:"97.5" doc:"Percent that became an order; absent where nothing was on hold"`
}

// Revenue is what there is in a currency.
type Revenue struct {
	Currency       string      `json:"currency"`
	Gross          money.Money `json:"gross" doc:"What orders placed come to, tax included"`
	Net            money.Money `json:"net" doc:"Without tax"`
	Tax            money.Money `json:"tax"`
	Shipping       money.Money `json:"shipping" doc:"Part of gross"`
	Discount       money.Money `json:"discount" doc:"Taken off before gross"`
	Paid           money.Money `json:"paid" doc:"What orders that were paid come to"`
	CancelledGross money.Money `json:"cancelledGross" doc:"What orders that were cancelled came to, on the day of the cancellation"`
	CancelledNet   money.Money `json:"cancelledNet"`
	Captured       money.Money `json:"captured"`
	Refunded       money.Money `json:"refunded"`
	Invoiced       money.Money `json:"invoiced"`
	Credited       money.Money `json:"credited"`
	CouponDiscount money.Money `json:"couponDiscount" doc:"Taken off by coupons; 0 in an hour"`
}

// TotalsOf reads sums.
func TotalsOf(sums map[Cell]int64) Totals {
	n := map[string]int64{}
	currencies := map[string]map[string]int64{}
	for c, v := range sums {
		if c.Currency == "" {
			n[c.Measure] += v
			continue
		}
		if currencies[c.Currency] == nil {
			currencies[c.Currency] = map[string]int64{}
		}
		currencies[c.Currency][c.Measure] += v
	}
	t := Totals{
		Orders:   OrderCounts{n[string(Placed)], n[string(Paid)], n[string(Cancelled)], n[string(Completed)]},
		Payments: PaymentCounts{n[string(Authorized)], n[string(Captured)], n[string(Voided)], n[string(Refunded)], n[string(Failed)]},
		Holds:    HoldsOf(n[string(Placed)], n[string(HoldUndone)], n[string(HoldExpired)]),
		Coupons:  n[string(Redeemed)], CartsClosed: n[string(CartClosed)], Invoices: n[string(Invoiced)], CreditNotes: n[string(Credited)],
		Registrations: n[string(RegisteredAs)], Revenue: []Revenue{},
	}
	for _, currency := range slices.Sorted(maps.Keys(currencies)) {
		t.Revenue = append(t.Revenue, revenueOf(currency, currencies[currency]))
	}
	return t
}

func revenueOf(currency string, n map[string]int64) Revenue {
	of := func(measure string) money.Money { return money.New(n[measure], currency) }
	kind := func(k Kind) money.Money { return of(string(k) + amount) }
	return Revenue{
		Currency: currency, Gross: of(Gross), Net: of(Net), Tax: of(Tax), Shipping: of(Shipping), Discount: of(Discount), Paid: of(PaidGross),
		CancelledGross: of(CancelledGross), CancelledNet: of(CancelledNet), Captured: kind(Captured), Refunded: kind(Refunded),
		Invoiced: kind(Invoiced), Credited: kind(Credited), CouponDiscount: kind(Redeemed),
	}
}

// HoldsOf is how many of the goods on hold were sold: an order is a hold that became one.
func HoldsOf(converted, undone, expired int64) HoldCounts {
	h := HoldCounts{converted, undone, expired, ""}
	if all := converted + undone + expired; all > 0 {
		tenths := (converted*2000 + all) / (2 * all) // half up
		h.Conversion = fmt.Sprintf("%d.%d", tenths/10, tenths%10)
	}
	return h
}

// Product is what was sold of an SKU.
type Product struct {
	SKU       string        `json:"sku"`
	Units     int64         `json:"units" doc:"In orders that were placed"`
	Cancelled int64         `json:"cancelled" doc:"Units in orders that were cancelled"`
	Gross     []money.Money `json:"gross" nullable:"false" doc:"By currency"`
}

// ProductsOf reads sums, the most units first; of as many the SKU decides.
func ProductsOf(sums map[Cell]int64) []Product {
	by := map[string]*Product{}
	for _, c := range inOrder(sums) {
		p := by[c.Key]
		if p == nil {
			p = &Product{SKU: c.Key, Gross: []money.Money{}}
			by[c.Key] = p
		}
		switch c.Measure {
		case Units:
			p.Units += sums[c]
		case UnitsCancelled:
			p.Cancelled += sums[c]
		case UnitsGross:
			p.Gross = append(p.Gross, money.New(sums[c], c.Currency))
		}
	}
	var all []Product
	for _, p := range by {
		all = append(all, *p)
	}
	slices.SortFunc(all, func(a, b Product) int { return cmp.Or(cmp.Compare(b.Units, a.Units), cmp.Compare(a.SKU, b.SKU)) })
	return all
}

// Coupon is how a coupon was used.
type Coupon struct {
	Coupon string        `json:"coupon"`
	Uses   int64         `json:"uses"`
	Amount []money.Money `json:"amount" nullable:"false" doc:"Taken off by it, by currency"`
}

// CouponsOf reads sums, the most used first.
func CouponsOf(sums map[Cell]int64) []Coupon {
	by := map[string]*Coupon{}
	for _, c := range inOrder(sums) {
		k := by[c.Key]
		if k == nil {
			k = &Coupon{Coupon: c.Key, Amount: []money.Money{}}
			by[c.Key] = k
		}
		if c.Currency == "" {
			k.Uses += sums[c]
		} else {
			k.Amount = append(k.Amount, money.New(sums[c], c.Currency))
		}
	}
	var all []Coupon
	for _, k := range by {
		all = append(all, *k)
	}
	slices.SortFunc(all, func(a, b Coupon) int { return cmp.Or(cmp.Compare(b.Uses, a.Uses), cmp.Compare(a.Coupon, b.Coupon)) })
	return all
}

// inOrder are the cells, so that currencies stand in their order.
func inOrder(sums map[Cell]int64) []Cell {
	return slices.SortedFunc(maps.Keys(sums), func(a, b Cell) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Measure, b.Measure), cmp.Compare(a.Currency, b.Currency))
	})
}
