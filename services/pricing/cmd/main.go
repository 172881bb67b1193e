// The program of the service pricing.
package main

import (
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/pricing"
)

func main() { app.Main(pricing.Service()) }
