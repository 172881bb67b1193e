// Conform checks services against the contract of services/contract/v1.
//
//	conform static [-f conform.json]                  its documents
//	conform remote [-service NAME -url URL -metrics URL]  services that run, by reads alone; -quick for a check that a release waits for.
//	                                                  Lists that are staff's: CONFORM_STAFF_NAME, CONFORM_STAFF_PASSWORD of an account at auth
//	conform run [-f conform.json] -- COMMAND [ARG...]  a process of its own, with a PostgreSQL of its own
//	conform rules                                      every rule, and where it is decided
//
// It ends with 0 when no rule failed and some passed, with 1 when the contract
// is not kept or nothing was decided, and with 2 when it was called wrongly.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/emporium-shop/emporium/services/conform"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

const usage = `usage: conform static [-f conform.json]
       conform remote [-quick] [-timeout 30s] [-service NAME -url URL [-metrics URL]]   or SHOP_SERVICES
       conform run [-f conform.json] [-long] [-postgres URL] -- COMMAND [ARG...]
       conform rules
flags of all: -o text|json|junit, -only E-07,D, -strict, -v
`

// options are the flags of all commands.
type options struct {
	file, format, only        string
	strict, verbose           bool
	long, quick               bool
	timeout                   time.Duration
	postgres                  string
	service, address, metrics string
	except                    string
	command                   []string
}

var errUsage = errors.New("wrong usage")

func run(ctx context.Context, args []string, getenv func(string) string, out, errs io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(errs, usage)
		return 2
	}
	o, err := parse(args, errs)
	if err != nil {
		fmt.Fprint(errs, usage)
		return 2
	}
	if args[0] == "rules" {
		list(out)
		return 0
	}
	targets, err := o.targets(args[0], getenv)
	if err != nil {
		fmt.Fprintln(errs, "conform:", err)
		return 2
	}
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.timeout)
		defer cancel()
	}
	if err := signIn(ctx, targets, getenv); err != nil {
		fmt.Fprintln(errs, "conform:", err)
		return 1
	}
	reports := check(ctx, targets)
	if err := o.write(out, reports); err != nil {
		fmt.Fprintln(errs, "conform:", err)
		return 1
	}
	return o.verdict(errs, terminationLog, reports)
}

// atOnce bounds how many services are checked at once: a check mostly waits.
const atOnce = 8

func check(ctx context.Context, targets []conform.Target) []conform.Report {
	reports, slots := make([]conform.Report, len(targets)), make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for n, t := range targets {
		slots <- struct{}{}
		all.Go(func() {
			reports[n] = conform.Run(ctx, t)
			<-slots
		})
	}
	all.Wait()
	return reports
}

func parse(args []string, errs io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("conform "+args[0], flag.ContinueOnError)
	f.SetOutput(errs)
	f.StringVar(&o.file, "f", "conform.json", "the service's conform.json, which stands beside its openapi.json")
	f.StringVar(&o.format, "o", "text", "text, json or junit")
	f.StringVar(&o.only, "only", "", "ids or letters of rules, separated by commas: E-07,D")
	f.BoolVar(&o.strict, "strict", false, "a SHOULD that fails is a failure, too")
	f.BoolVar(&o.verbose, "v", false, "also list what passed")
	f.BoolVar(&o.long, "long", false, "also decide what takes a minute or more")
	f.BoolVar(&o.quick, "quick", false, "leave out what waits for time to pass, for a check that a release waits for: a second or two instead of six")
	f.DurationVar(&o.timeout, "timeout", 0, "end after so long; a run that did not get to every rule fails. Unset: no end")
	f.StringVar(&o.postgres, "postgres", "", "superuser's address of a PostgreSQL to use; unset: one is started")
	f.StringVar(&o.service, "service", "", "name of the service at -url")
	f.StringVar(&o.address, "url", "", "address of a service that runs")
	f.StringVar(&o.except, "except", "", "services of SHOP_SERVICES to leave out, separated by commas: what is no service of yours")
	f.StringVar(&o.metrics, "metrics", "", "address of its metrics")
	if err := f.Parse(args[1:]); err != nil {
		return o, err
	}
	o.command = f.Args()
	if args[0] != "run" && len(o.command) > 0 {
		return o, errUsage
	}
	return o, nil
}

func (o options) rules() []string {
	if o.only == "" {
		return nil
	}
	return strings.Split(o.only, ",")
}

func list(out io.Writer) {
	for _, r := range conform.Rules() {
		where := "review"
		if len(r.Modes) > 0 {
			where = strings.Trim(fmt.Sprint(r.Modes), "[]")
		}
		fmt.Fprintf(out, "%s  %-6s  %-20s  %s\n", r.ID, r.Level, where, r.Title)
	}
}
