// The program of the service media.
package main

import (
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/media"
)

func main() { app.Main(media.Service()) }
