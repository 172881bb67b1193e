// The program of the service customers.
package main

import (
	"github.com/emporium-shop/emporium/services/customers"
	"github.com/emporium-shop/emporium/services/internal/app"
)

func main() { app.Main(customers.Service()) }
