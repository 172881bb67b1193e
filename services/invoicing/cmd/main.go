// The program of the service invoicing.
package main

import (
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/invoicing"
)

func main() { app.Main(invoicing.Service()) }
