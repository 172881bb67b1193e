// The program of the service loyalty.
package main

import (
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/loyalty"
)

func main() { app.Main(loyalty.Service()) }
