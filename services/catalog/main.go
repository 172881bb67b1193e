// The catalog: which products the shop has, and what they cost.
package main

import (
	"context"
	"os"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/launch"
	"github.com/emporium-shop/emporium/services/internal/launch/withdata"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

func main() {
	launch.Main(func(ctx context.Context) error { return service().Run(ctx, os.Args[1:]) })
}

func service() withdata.Service {
	return withdata.Service{Name: "catalog", Schema: schema(), Seed: seed, Make: func(db *postgres.DB) httpapi.Service {
		return httpapi.Service{
			Handler:  newAPI(&store{db}),
			Contract: httpapi.Contract{Provides: []string{"catalog/v1"}},
		}
	}}
}
