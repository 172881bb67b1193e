// The cart: what customers mean to buy, at the prices of the catalog.
package main

import (
	"context"
	"os"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/launch"
	"github.com/emporium-shop/emporium/services/internal/launch/withdata"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

func main() {
	launch.Main(func(ctx context.Context) error { return service(os.Getenv("CATALOG_URL")).Run(ctx, os.Args[1:]) })
}

func service(catalog string) withdata.Service {
	return withdata.Service{Name: "cart", Schema: schema(), Make: func(db *postgres.DB) httpapi.Service {
		return httpapi.Service{
			Handler:  newAPI(&carts{&store{db}, client.To(catalog)}),
			Contract: httpapi.Contract{Provides: []string{"cart/v1"}, Consumes: []string{"catalog/v1"}},
		}
	}}
}
