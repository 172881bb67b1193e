// The program of the service checkout.
package main

import (
	"github.com/emporium-shop/emporium/services/checkout"
	"github.com/emporium-shop/emporium/services/internal/app"
)

func main() { app.Main(checkout.Service()) }
