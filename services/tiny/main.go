// Tiny is the smallest service that keeps the contract: it answers every path with
// who it is. Benchmarks make whole shops of it, and a new service can begin as a copy.
package main

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/launch"
)

func main() { launch.Main(run) }

func run(ctx context.Context) error {
	cfg, err := httpapi.FromEnv("tiny")
	if err != nil {
		return err
	}
	return httpapi.Run(ctx, cfg, httpapi.Service{Handler: answer(cfg)})
}

// who is what the service says of itself.
type who struct {
	Service string `json:"service"`
	Release string `json:"release"`
}

func answer(cfg httpapi.Config) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(who{cfg.Service, cfg.Release}) // the client is gone: nobody to tell
	})
}
