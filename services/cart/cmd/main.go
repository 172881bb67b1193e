// The program of the service cart.
package main

import (
	"github.com/emporium-shop/emporium/services/cart"
	"github.com/emporium-shop/emporium/services/internal/app"
)

func main() { app.Main(cart.Service()) }
