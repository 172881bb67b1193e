// The program of the service shipping.
package main

import (
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/shipping"
)

func main() { app.Main(shipping.Service()) }
