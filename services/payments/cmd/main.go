// The program of the service payments.
package main

import (
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/payments"
)

func main() { app.Main(payments.Service()) }
