// The program of the service catalog.
package main

import (
	"github.com/emporium-shop/emporium/services/catalog"
	"github.com/emporium-shop/emporium/services/internal/app"
)

func main() { app.Main(catalog.Service()) }
