// Command chaos runs the whole shop as it runs in a cluster, each service and each worker as a process of its own, with PostgreSQL
// and NATS, lets customers order, and kills whatever it finds: kill -9 of any of them, at points that a seed draws. Then it waits
// until the shop is quiet, and compares the books of all services, and what customers were told, by SQL of its own.
//
//	go run ./services/chaos                    200 kills in 10 minutes
//	go run ./services/chaos -short             a few kills of every kind of process, in less than a minute
//	go run ./services/chaos -switches 3        two stacks, and three switches between them while processes are killed
//	go run ./services/chaos -outage            each optional service is away in turn, and costs its own part of a page and nothing else
//	CHAOS_MOOD=worst go run ./services/chaos   with a payment provider that loses answers, is late and says the wrong thing
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// options say what is done.
type options struct {
	seed      uint64
	kills     int
	lasts     time.Duration
	customers int
	switches  int
	short     bool
	outage    bool
	mood      string
	dir       string
	json      string
	// quiet is how long the shop may take to come to rest.
	quiet time.Duration
}

func main() {
	if name := os.Getenv(programVariable); name != "" {
		runProgram(name)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

var errBooks = errors.New("the books do not balance: see above")

func command(ctx context.Context, args []string, out io.Writer) error {
	o, err := read(args, os.Getenv("CHAOS_MOOD"))
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if o.outage {
		return outages(ctx, o, out)
	}
	r, err := run(ctx, o, out)
	if err != nil {
		return fmt.Errorf("with seed %d (everything is in %s): %w", o.seed, o.dir, err)
	}
	if err := r.save(o.json); err != nil {
		return err
	}
	r.print(out)
	if !r.OK {
		return errBooks
	}
	return nil
}

// read reads the command line.
func read(args []string, mood string) (options, error) {
	o := options{mood: mood}
	f := flag.NewFlagSet("chaos", flag.ContinueOnError)
	f.Uint64Var(&o.seed, "seed", 0, "of what is drawn; 0 draws one")
	f.IntVar(&o.kills, "kills", 0, "how many processes are killed (200, 10 with -short)")
	f.DurationVar(&o.lasts, "for", 0, "how long customers order (10m, 20s with -short; with -outage 2m, 12s)")
	f.IntVar(&o.customers, "customers", 0, "how many order at a time (6; with -outage -short 3)")
	f.IntVar(&o.switches, "switches", 0, "how many switches there are between two stacks meanwhile")
	f.BoolVar(&o.short, "short", false, "a few kills, of every kind of process")
	f.BoolVar(&o.outage, "outage", false, "stop each optional service in turn, and kill nothing else")
	f.StringVar(&o.dir, "dir", "", "where logs and the journal go (.cluster/chaos/<seed>)")
	f.StringVar(&o.json, "json", "", "where the report goes (report.json among the logs)")
	f.DurationVar(&o.quiet, "quiet", 3*time.Minute, "how long the shop may take to come to rest")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.mood != "" && moods[o.mood] == "" {
		return o, fmt.Errorf("CHAOS_MOOD=%s is no mood: say worst, or nothing", o.mood)
	}
	if o.seed == 0 {
		o.seed = rand.Uint64N(1_000_000) + 1 //nolint:gosec // no secret
	}
	kills, lasts, customers := 200, 10*time.Minute, 6
	switch {
	case o.outage && o.short:
		lasts, customers = 12*time.Second, 3
	case o.outage:
		lasts = 2 * time.Minute
	case o.short:
		kills, lasts = 10, 20*time.Second
	}
	o.kills, o.lasts, o.customers = cmp.Or(o.kills, kills), cmp.Or(o.lasts, lasts), cmp.Or(o.customers, customers)
	o.dir = cmp.Or(o.dir, filepath.Join(".cluster", "chaos", fmt.Sprint(o.seed)))
	o.json = cmp.Or(o.json, filepath.Join(o.dir, "report.json"))
	dir, err := filepath.Abs(o.dir)
	o.dir = dir
	return o, err
}
