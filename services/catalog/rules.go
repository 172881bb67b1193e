package main

import (
	"net/http"

	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// checkPrice keeps a price at or above zero and in the shop's currency: carts
// add prices up, and cannot add two currencies.
func checkPrice(price money.Money, currency string) error {
	switch {
	case price.Minor() < 0:
		return unacceptable("#/price/amount", "A price is not negative.")
	case price.Currency() != currency:
		return unacceptable("#/price/currency", "The shop sells in "+currency+".")
	}
	return nil
}

func unacceptable(pointer, detail string) error {
	return problem.New(http.StatusUnprocessableEntity, "", "The request is not valid; errors tells where.",
		problem.Field{Pointer: pointer, Detail: detail})
}
