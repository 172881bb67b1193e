// The program of the service orders.
package main

import (
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/orders"
)

func main() { app.Main(orders.Service()) }
