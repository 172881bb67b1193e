// Command load lets customers browse, search, fill carts and order at a shop, by a schedule that waits for no answer, and then
// asks the shop whether it kept what it told them. `make load` starts a shop for it (cmd/shop: one process, PostgreSQL, NATS)
// and ends it again; -cluster goes to the sample shop on the cluster, and tells what its pods used; -address goes to any other.
// -most find, list or search looks for the highest rate of one kind that the shop bears, and measures that.
//
// It exits 0 only if no confirmed order is lost, nothing is oversold or charged twice, the books balance, and -goal, -aim and -p95
// hold where they are given.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

// options are the flags.
type options struct {
	address, token, staff string
	rate, clients         int
	length, warm          time.Duration
	mix                   load.Mix
	mixText               string
	flash                 string
	stock                 int
	format, plot          string
	goal, p95             float64
	// cluster is for the sample shop on the cluster, most the kind whose highest rate is looked for.
	cluster bool
	most    string
	// aims are how many of each kind must be answered a second.
	aims    map[string]float64
	aimText string
}

func main() {
	runtime.LockOSThread() // the shop that it starts ends with this thread
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	leave, err := o.find(ctx)
	if err != nil {
		return err
	}
	defer leave()
	r, err := o.measure(ctx)
	if err != nil {
		return err
	}
	if err := r.tell(out, o.format); err != nil {
		return err
	}
	return r.broken()
}

// find goes to the shop that is meant, or starts one.
func (o *options) find(ctx context.Context) (leave func(), err error) {
	leave = func() {}
	switch {
	case o.address != "":
		return leave, nil
	case o.cluster:
		here, err := stage.Here(os.Stderr)
		if err == nil {
			o.address, err = here.Address(ctx)
		}
		return leave, err
	}
	shop, err := startShop(ctx)
	if err != nil {
		return leave, err
	}
	o.address, o.token = shop.address, shop.token
	return shop.stop, nil
}
