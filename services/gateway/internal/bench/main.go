// Bench measures what the front door costs beside HAProxy, nginx and a bare
// httputil.ReverseProxy: CPU time of the process tree for 10,000 requests, at the
// same load, in rounds in turn. `make bench-front-door` runs it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

// plan is how much is measured.
type plan struct {
	rounds    int
	seconds   time.Duration
	scenarios string
	targets   string
	out       string
}

func main() {
	if role := os.Getenv(roleVariable); role != "" {
		if err := play(role, os.Args[1:]); err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s: %v\n", role, err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // the signal handler ends with the process
	}
}

func run(ctx context.Context) error {
	var p plan
	flag.IntVar(&p.rounds, "rounds", 3, "how often each target is measured in each scenario")
	flag.DurationVar(&p.seconds, "time", 3*time.Second, "how long each measurement takes")
	flag.StringVar(&p.scenarios, "scenarios", "1k,30k-chunked,64k,h2c,30%", "what to measure")
	flag.StringVar(&p.targets, "targets", "haproxy,nginx,bare,ours", "whom to measure")
	flag.StringVar(&p.out, "o", "bin/bench-front-door.json", "where to write all readings; empty: nowhere")
	flag.Parse()
	b, err := begin(ctx, p)
	if err != nil {
		return err
	}
	defer b.end()
	if err := b.measure(ctx); err != nil {
		return err
	}
	b.print(os.Stdout)
	return b.write(p.out)
}

func (b *bench) write(path string) error {
	if path == "" {
		return nil
	}
	data, err := json.MarshalIndent(map[string]any{"machine": b.machine, "readings": b.readings}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the readings: %w", err)
	}
	return nil
}
