// The program of the service cms.
package main

import (
	"github.com/emporium-shop/emporium/services/cms"
	"github.com/emporium-shop/emporium/services/internal/app"
)

func main() { app.Main(cms.Service()) }
