// Command bench releases a shop of twenty tiny services under load, and prints what
// it took: time, requests to the Kubernetes API, memory of the operator. With -against
// it does the same with the operator and the front door of another commit before.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/emporium-shop/emporium/test/stage"
)

type options struct {
	secrets bool
	against string
}

func main() {
	var o options
	flag.BoolVar(&o.secrets, "secrets", true, "give each service a Secret")
	flag.StringVar(&o.against, "against", "", "measure operator and front door of this git `commit` first, for example 7d2da97")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // the signal handler ends with the process
	}
}

func run(ctx context.Context, o options) error {
	s, err := stage.Here(os.Stdout)
	if err != nil {
		return err
	}
	var r report
	if o.against != "" {
		if r.Against, err = against(ctx, s, o); err != nil {
			return fmt.Errorf("measuring %s: %w", o.against, err)
		}
	}
	if r.This, err = measure(ctx, bench{s, o.secrets, ""}); err != nil {
		return err
	}
	r.print(os.Stdout, o.against)
	return r.write(filepath.Join(s.Root, ".cluster", "bench-report.json"))
}

func measure(ctx context.Context, b bench) (f measured, err error) {
	if err := b.setUp(ctx); err != nil {
		return f, err
	}
	if f, err = b.measure(ctx); err != nil {
		return f, err
	}
	return f, b.clear(ctx)
}

// against measures the operator and the front door of another commit on the same cluster; they are replaced afterwards.
func against(ctx context.Context, s stage.Stage, o options) (*measured, error) {
	f, err := measure(ctx, bench{s, o.secrets, o.against})
	return &f, err
}
