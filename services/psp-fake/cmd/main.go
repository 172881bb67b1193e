// The program of the service psp-fake.
package main

import (
	"github.com/emporium-shop/emporium/services/internal/app"
	pspfake "github.com/emporium-shop/emporium/services/psp-fake"
)

func main() { app.Main(pspfake.Service()) }
