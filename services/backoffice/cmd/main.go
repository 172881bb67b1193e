// The program of the service backoffice.
package main

import (
	"github.com/emporium-shop/emporium/services/backoffice"
	"github.com/emporium-shop/emporium/services/internal/app"
)

func main() { app.Main(backoffice.Service()) }
