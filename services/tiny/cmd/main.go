// The program of the service tiny.
package main

import (
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/tiny"
)

func main() { app.Main(tiny.Service()) }
