// The program of the service promotions.
package main

import (
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/promotions"
)

func main() { app.Main(promotions.Service()) }
