// The program of the service returns.
package main

import (
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/returns"
)

func main() { app.Main(returns.Service()) }
