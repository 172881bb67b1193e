// The program of the service analytics.
package main

import (
	"github.com/emporium-shop/emporium/services/analytics"
	"github.com/emporium-shop/emporium/services/internal/app"
)

func main() { app.Main(analytics.Service()) }
