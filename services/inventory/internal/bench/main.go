// Bench measures how many holds of one product that all want inventory makes in a
// second, over HTTP, with PostgreSQL and the generator on the same machine; how long
// each takes; and that none is sold that was not there. `make bench-holds` runs it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"time"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/measure"
	"github.com/emporium-shop/emporium/services/inventory"
)

// plan is how much is measured.
type plan struct {
	rounds, clients int
	time            time.Duration
	rate, p99       float64
	fsync           bool
	out, profile    string
}

var errMissed = errors.New("fewer holds a second than the goal, or slower, or more than there were")

func main() {
	if os.Getenv(roleVariable) == inventoryRole {
		app.Main(inventory.Service()) // the service as its image runs it
	}
	runtime.LockOSThread() // what it starts ends with this thread
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench-holds:", err)
		os.Exit(1) //nolint:gocritic // the signal handler ends with the process
	}
}

func run(ctx context.Context) error {
	var p plan
	flag.IntVar(&p.rounds, "rounds", 3, "how often it is measured")
	flag.IntVar(&p.clients, "clients", 48, "kept-alive connections, of which each has one request in flight")
	flag.DurationVar(&p.time, "time", 10*time.Second, "how long each measurement takes")
	flag.Float64Var(&p.rate, "goal", 1400, "holds a second; 0: whatever they are")
	flag.Float64Var(&p.p99, "p99", 61, "milliseconds within which 99 of 100 holds are made")
	flag.BoolVar(&p.fsync, "fsync", true, "PostgreSQL waits for the disk at each commit, as in a shop")
	flag.StringVar(&p.out, "o", "bin/bench-holds.json", "where to write all readings; empty: nowhere")
	flag.StringVar(&p.profile, "profile", "", "file for a CPU profile of inventory; empty: none")
	flag.Parse()
	s, err := begin(ctx, p)
	if err != nil {
		return err
	}
	defer s.end()
	r := report{Machine: measure.Machine(), Clients: p.clients, Seconds: p.time.Seconds(), Fsync: p.fsync, Goal: p.rate, P99: p.p99}
	for round := range p.rounds {
		one, err := s.measure(ctx, p, round)
		if err != nil {
			return err
		}
		r.Readings = append(r.Readings, one)
		fmt.Fprintf(os.Stderr, "%6.0f holds/s, p50 %.1f, p99 %.1f ms, %d failed, %d oversold\n", one.Rate, one.P50, one.P99, one.Failed, one.Oversold)
	}
	r.print(os.Stdout)
	if err := r.write(p.out); err != nil {
		return err
	}
	if r.missed() {
		return errMissed
	}
	return nil
}

func (r report) write(path string) error {
	if path == "" {
		return nil
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(path, append(data, '\n'), 0o644) //nolint:gosec // is read by everyone
	}
	if err != nil {
		return fmt.Errorf("writing the readings: %w", err)
	}
	return nil
}
