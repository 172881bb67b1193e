// Command demo shows Emporium at work: a real cluster, a shop under load, a release without a failed request, and the way
// back. It exits 0 only if the promises held, and leaves the shop running.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/emporium-shop/emporium/test/stage"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	s, err := stage.Here(os.Stdout)
	if err != nil {
		return err
	}
	d := newDemo(s)
	if err := d.setUp(ctx); err != nil {
		return err
	}
	if err := d.play(ctx); err != nil {
		return err
	}
	if err := d.report.write(filepath.Join(s.Root, ".cluster", "demo-report.json")); err != nil {
		return err
	}
	d.report.table(os.Stdout)
	d.goodbye(ctx, os.Stdout)
	return d.report.broken()
}
