// The program of the service storefront.
package main

import (
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/storefront"
)

func main() { app.Main(storefront.Service()) }
