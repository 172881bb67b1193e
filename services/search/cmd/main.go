// The program of the service search.
package main

import (
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/search"
)

func main() { app.Main(search.Service()) }
