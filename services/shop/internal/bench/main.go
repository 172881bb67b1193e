// Bench measures how many orders a shop places in a second, and how long each takes:
// every service of an order in a process of its own, PostgreSQL, NATS and the
// generator on one machine. It tells what an order costs: CPU time by process,
// transactions and statements of PostgreSQL. `make bench-orders` runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"time"

	"github.com/emporium-shop/emporium/services/internal/measure"
)

// plan is how much is measured.
type plan struct {
	clients   int
	rate      float64
	time      time.Duration
	goal, p95 float64
	fsync     bool
	out       string
	// profile is a folder for CPU profiles of the services, and statements how many of PostgreSQL's are listed.
	profile    string
	statements int
}

var errMissed = errors.New("fewer orders a second than the goal, or slower, or one failed")

func main() {
	if role := os.Getenv(roleVariable); role != "" {
		play(role)
		return
	}
	runtime.LockOSThread() // what it starts ends with this thread
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench-orders:", err)
		os.Exit(1) //nolint:gocritic // the signal handler ends with the process
	}
}

func run(ctx context.Context) error {
	var p plan
	flag.IntVar(&p.clients, "clients", 12, "customers who order one after the other, each as soon as he is answered")
	flag.Float64Var(&p.rate, "rate", 50, "orders a second that begin whatever became of those before, for the second measurement; 0: none")
	flag.DurationVar(&p.time, "time", 20*time.Second, "how long each measurement takes")
	flag.Float64Var(&p.goal, "goal", 50, "orders a second; 0: whatever they are")
	flag.Float64Var(&p.p95, "p95", 250, "milliseconds within which 95 of 100 orders are placed")
	flag.BoolVar(&p.fsync, "fsync", true, "PostgreSQL waits for the disk at each commit, as in a shop")
	flag.StringVar(&p.out, "o", "bin/bench-orders.json", "where to write all readings; empty: nowhere")
	flag.StringVar(&p.profile, "profile", "", "folder for a CPU profile of each service; empty: none")
	flag.IntVar(&p.statements, "statements", 0, "how many of the statements to list that an order costs")
	flag.Parse()
	s, err := begin(ctx, p)
	if err != nil {
		return err
	}
	defer s.end(context.WithoutCancel(ctx))
	r := report{Machine: measure.Machine(), Seconds: p.time.Seconds(), Fsync: p.fsync, Goal: p.goal, P95: p.p95}
	for _, load := range p.loads() {
		one, err := s.measure(ctx, p, load)
		if err != nil {
			return err
		}
		r.Readings = append(r.Readings, one)
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
