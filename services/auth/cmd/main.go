// The program of the service auth.
package main

import (
	"github.com/emporium-shop/emporium/services/auth"
	"github.com/emporium-shop/emporium/services/internal/app"
)

func main() { app.Main(auth.Service()) }
