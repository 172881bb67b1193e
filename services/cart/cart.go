package cart

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// mostLines bounds a cart: nobody buys more, and a cart is read on every page.
const mostLines = 50

// full is the kind of a cart that takes no other product.
const full fault.Kind = "cart-full"

// Cart is what a customer means to buy.
type Cart struct {
	ID uuid.UUID
	// Currency is what the cart counts in, also while it is empty.
	Currency string
	// Lines stand in the order in which they were put in.
	Lines []Line
	// Orders is how many were made of the cart.
	Orders int
	// Version rises with each change of the cart or its lines.
	Version int64
}

// Line is one product of a cart. The name is the catalog's, as it was when the
// quantity was last set; the price is pricing's as it was told last, or the catalog's of then.
type Line struct {
	SKU, Name string
	Quantity  int
	Price     money.Money
	// Was is the price that the customer saw when the quantity was last set, if that is another one; else no money of no currency.
	Was money.Money
	// Wanted is how many two carts had together that were joined, where there are not as many (C16); 0 else.
	Wanted int
}

// Product is what a cart wants to know of one.
type Product struct {
	SKU, Name string
	Price     money.Money
	// Variant tells that it is one of several, which customers choose by what they are, and not by whether they are there.
	Variant bool
}

// New is an empty cart.
func New(id uuid.UUID, currency string) Cart { return Cart{ID: id, Currency: currency, Version: 1} }

// Total is what the line costs.
func (l Line) Total() (money.Money, error) { return l.Price.Times(int64(l.Quantity)) }

// Total is the sum of the lines, as the customer sees them.
func (c Cart) Total() (money.Money, error) {
	totals := make([]money.Money, len(c.Lines))
	var err error
	for n, line := range c.Lines {
		if totals[n], err = line.Total(); err != nil {
			return money.Money{}, fmt.Errorf("adding up a cart: %w", err)
		}
	}
	sum, err := money.Sum(c.Currency, totals...)
	if err != nil {
		return money.Money{}, fmt.Errorf("adding up a cart: %w", err)
	}
	return sum, nil
}

// Line returns a product's line, if it is in the cart.
func (c Cart) Line(sku string) (Line, bool) {
	n := slices.IndexFunc(c.Lines, func(l Line) bool { return l.SKU == sku })
	if n < 0 {
		return Line{}, false
	}
	return c.Lines[n], true
}

// Put is the cart with so many of a product.
func (c Cart) Put(p Product, quantity int) (Cart, error) {
	if p.Price.Currency() != c.Currency {
		return Cart{}, fault.Invalid("", "The cart counts in "+c.Currency+", the product's price does not.")
	}
	line := Line{SKU: p.SKU, Name: p.Name, Quantity: quantity, Price: p.Price}
	n := slices.IndexFunc(c.Lines, func(l Line) bool { return l.SKU == p.SKU })
	switch {
	case n >= 0:
		c.Lines = slices.Clone(c.Lines)
		c.Lines[n] = line
	case len(c.Lines) >= mostLines:
		return Cart{}, fault.Conflict(full, fmt.Sprintf("A cart holds %d different products at most.", mostLines))
	default:
		c.Lines = append(slices.Clip(c.Lines), line)
	}
	c.Version++
	return c, nil
}

// Without is the cart after an order: what was bought is out of it, and what was put in while it was paid for stays (C21).
func (c Cart) Without(lines []bought) Cart {
	c.Lines = slices.Clone(c.Lines)
	for _, b := range lines {
		for n := range c.Lines {
			if c.Lines[n].SKU == b.SKU {
				c.Lines[n].Quantity -= b.Quantity
			}
		}
	}
	c.Lines = slices.DeleteFunc(c.Lines, func(l Line) bool { return l.Quantity <= 0 })
	c.Orders++
	c.Version++
	return c
}

// Remove is the cart without a product.
func (c Cart) Remove(sku string) (Cart, error) {
	if _, there := c.Line(sku); !there {
		return Cart{}, fault.NotFound("product in the cart", sku)
	}
	c.Lines = slices.DeleteFunc(slices.Clone(c.Lines), func(l Line) bool { return l.SKU == sku })
	c.Version++
	return c, nil
}
