// Bench measures how many lists of 20 products the catalog answers a second,
// through the front door and without it, with PostgreSQL and the generator on the
// same machine; what each process costs; and how long answers take.
// `make bench-catalog` runs it.
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

	"github.com/emporium-shop/emporium/services/catalog"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/measure"
)

// plan is how much is measured.
type plan struct {
	rounds, connections int
	seconds             time.Duration
	goal                float64
	door, out, profiles string
}

var errMissed = errors.New("fewer lists a second through the front door than the goal")

func main() {
	if os.Getenv(roleVariable) == catalogRole {
		app.Main(catalog.Service()) // the catalog as its image runs it
	}
	runtime.LockOSThread() // what it starts ends with this thread
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench-catalog:", err)
		os.Exit(1) //nolint:gocritic // the signal handler ends with the process
	}
}

func run(ctx context.Context) error {
	var p plan
	flag.IntVar(&p.rounds, "rounds", 3, "how often each way is measured, in turn")
	flag.IntVar(&p.connections, "connections", 32, "kept-alive connections, of which each has one request in flight")
	flag.DurationVar(&p.seconds, "time", 10*time.Second, "how long each measurement takes, in whole seconds")
	flag.Float64Var(&p.goal, "goal", 5000, "lists a second through the front door; 0: whatever they are")
	flag.StringVar(&p.door, "door", "bin/bench-front-door", "program of services/gateway/internal/bench, which runs the front door")
	flag.StringVar(&p.out, "o", "bin/bench-catalog.json", "where to write all readings; empty: nowhere")
	flag.StringVar(&p.profiles, "profiles", "", "folder for CPU profiles of catalog and front door; empty: none")
	flag.Parse()
	s, err := begin(ctx, p)
	if err != nil {
		return err
	}
	defer s.end()
	all, err := p.measure(ctx, s)
	if err != nil {
		return err
	}
	r := report{Machine: measure.Machine(), Connections: p.connections, Seconds: p.seconds.Seconds(), Goal: p.goal, Readings: all}
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
