// The program of the service tax.
package main

import (
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/tax"
)

func main() { app.Main(tax.Service()) }
