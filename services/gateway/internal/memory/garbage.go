// Package memory fits the Go runtime into the container: how much memory there is, and
// how much garbage may lie in it.
package memory

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/emporium-shop/emporium/services/internal/memlimit"
)

const (
	// mostPercent lets the heap grow to five times what is live before it is collected.
	// What is live is a few megabytes under load, so this buys CPU cheaply.
	mostPercent = 400
	// leastPercent bounds how often a large heap is collected.
	leastPercent = 25
	// garbage is how much may lie in a large heap: with ten thousand idle connections what
	// is live is a hundred megabytes, and four times that is more than a container has.
	garbage = 24 << 20
	// every is how often the two are weighed against each other.
	every = time.Second
)

// Fit sets the soft limit of the runtime, and keeps the garbage small where the heap is
// large, until ctx ends. What GOGC and GOMEMLIMIT say goes first.
func Fit(ctx context.Context) {
	memlimit.Set()
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(mostPercent)
	go keepSmall(ctx)
}

func keepSmall(ctx context.Context) {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	for last := mostPercent; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			metrics.Read(sample)
			if next := gcPercent(sample[0].Value.Uint64()); next != last {
				debug.SetGCPercent(next) // it stops the world for a moment, so only when it changes
				last = next
			}
		}
	}
}

// gcPercent returns how much the heap may grow, in steps of 25.
func gcPercent(live uint64) int {
	percent := int(garbage * 100 / max(live, 1))
	return min(max(percent/25*25, leastPercent), mostPercent)
}
