// Package tiny is the smallest service that keeps the contract: it answers every path
// with who it is. Benchmarks make whole shops of it: this file shows how little a
// service needs. switches.go and tasks.go are there for the end-to-end tests alone,
// which ask it to misbehave.
package tiny

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

// Service is tiny. Its limits are wide: the tests' delays, and not its own, decide.
func Service() app.Service {
	return app.Service{
		Name: "tiny", About: "Says who it is.",
		Limits:   httpapi.Limits{Deadline: 10 * time.Minute, InFlight: 10_000},
		Commands: tasks(), New: newTiny,
	}
}

func newTiny(ctx context.Context, k *app.Kit) (app.Parts, error) {
	s, err := readSwitches(k.Config.Get)
	if err != nil {
		return app.Parts{}, err
	}
	if err := wait(ctx, s.startAfter); err != nil {
		return app.Parts{}, err
	}
	a := k.NewAPI()
	httpapi.Fallback(a, access.Public, s.apply(answer(k)))
	return app.Parts{API: a}, nil
}

// who is what the service says of itself.
type who struct {
	Service string `json:"service"`
	Release string `json:"release"`
	// Build tells two releases of the same image apart.
	Build string `json:"build,omitempty"`
}

func answer(k *app.Kit) http.Handler {
	me := who{k.Config.Service, k.Config.Release, k.Config.Get("BUILD")}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(me) // the client is gone: nobody to tell
	})
}
