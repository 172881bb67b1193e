// Command load lets customers browse, search, fill carts and order at a shop, by a schedule that waits for no answer, and then
// asks the shop whether it kept what it told them. `make load` starts a shop for it (cmd/shop: one process, PostgreSQL, NATS)
// and ends it again; -address goes to any other, such as a cluster's front door.
//
// It exits 0 only if no confirmed order is lost, nothing is oversold or charged twice, the books balance, and -goal and -p95
// hold where they are given.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/emporium-shop/emporium/test/load"
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
	if o.address == "" {
		shop, err := startShop(ctx)
		if err != nil {
			return err
		}
		defer shop.stop()
		o.address, o.token = shop.address, shop.token
	}
	r, err := o.measure(ctx)
	if err != nil {
		return err
	}
	if err := r.tell(out, o.format); err != nil {
		return err
	}
	return r.broken()
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("load", flag.ContinueOnError)
	f.StringVar(&o.address, "address", "", "`URL` of a shop that runs; empty: one is started, and ended afterwards")
	f.StringVar(&o.token, "token", "", "a `token` of staff with the scopes orders:read, books:read and, for -stock, inventory:read and inventory:write; empty: -staff logs in")
	f.StringVar(&o.staff, "staff", "jo:sample-jo", "`name:password` of a member of staff")
	f.IntVar(&o.rate, "rate", 200, "customers a second; each does one thing of the mix")
	f.IntVar(&o.clients, "clients", 8, "pools of connections: a front door with several replicas needs several")
	f.DurationVar(&o.length, "time", 30*time.Second, "how long customers come")
	f.DurationVar(&o.warm, "warm", 3*time.Second, "how long they come before figures are taken; their orders are judged as all others are")
	f.StringVar(&o.mixText, "mix", "", "of a hundred customers: browse=70,search=15,cart=10,order=5; with -flash: order=100")
	f.StringVar(&o.flash, "flash", "", "the one product, by its `SKU`, that everybody wants")
	f.IntVar(&o.stock, "stock", 0, "let so many units of the flash sale's product be there; 0: those that are")
	f.StringVar(&o.format, "o", "table", "table or json")
	f.StringVar(&o.plot, "plot", "bin/load.svg", "where to draw latencies over time; empty: nowhere")
	f.Float64Var(&o.goal, "goal", 0, "confirmed orders a second that there must be")
	f.Float64Var(&o.p95, "p95", 0, "milliseconds within which 95 of 100 orders must be placed; 0: whatever they take")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	return o, o.check(f.Args())
}

func (o *options) check(rest []string) (err error) {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("%q is no flag", rest[0])
	case o.rate < 1 || o.rate > 10000:
		return fmt.Errorf("-rate is %d, and must be 1 to 10000", o.rate)
	case o.length <= o.warm || o.warm < 0:
		return fmt.Errorf("-time is %s, and must be longer than -warm, which is %s", o.length, o.warm)
	case o.length > time.Hour:
		return fmt.Errorf("-time is %s: all answers are kept in memory, so an hour is the most", o.length)
	case o.clients < 1 || o.clients > 256:
		return fmt.Errorf("-clients is %d, and must be 1 to 256", o.clients)
	case o.format != "table" && o.format != "json":
		return fmt.Errorf("-o is %q, and must be table or json", o.format)
	case o.stock < 0 || o.stock > 0 && o.flash == "":
		return fmt.Errorf("-stock is of a flash sale: say -flash SKU, and a number above 0")
	}
	o.mixText = cmp.Or(o.mixText, o.usual())
	o.mix, err = load.ParseMix(o.mixText)
	return err
}

// usual is the mix where none is named.
func (o *options) usual() string {
	if o.flash != "" {
		return "order=100"
	}
	return "browse=70,search=15,cart=10,order=5"
}
