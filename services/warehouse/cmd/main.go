// The program of the service warehouse.
package main

import (
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/warehouse"
)

func main() { app.Main(warehouse.Service()) }
