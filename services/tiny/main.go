// Tiny is the smallest service that keeps the contract: it answers every path with
// who it is. Benchmarks make whole shops of it, and a new service can begin as a copy
// of this file: switches.go and tasks.go are there for the end-to-end tests alone, which
// ask it to misbehave.
package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/launch"
)

func main() { launch.Main(run) }

func run(ctx context.Context) error {
	if len(os.Args) > 1 {
		return runTask(ctx, os.Args[1:])
	}
	cfg, err := httpapi.FromEnv("tiny")
	if err != nil {
		return err
	}
	s, err := switchesFromEnv()
	if err != nil {
		return err
	}
	if err := wait(ctx, s.startAfter); err != nil {
		return err
	}
	return httpapi.Run(ctx, cfg, httpapi.Service{Handler: s.apply(answer(cfg))})
}

// who is what the service says of itself.
type who struct {
	Service string `json:"service"`
	Release string `json:"release"`
	// Build tells two releases of the same image apart.
	Build string `json:"build,omitempty"`
}

func answer(cfg httpapi.Config) http.Handler {
	build := os.Getenv("BUILD")
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(who{cfg.Service, cfg.Release, build}) // the client is gone: nobody to tell
	})
}
