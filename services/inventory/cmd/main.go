// The program of the service inventory.
package main

import (
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/inventory"
)

func main() { app.Main(inventory.Service()) }
