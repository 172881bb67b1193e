// Command shop is the whole shop in one process, on a laptop: every service in Go, a front door, a database with sample goods.
//
//	go run ./cmd/shop                                         with a throw-away PostgreSQL of its own
//	DATABASE_URL=postgres://me@localhost/shop go run ./cmd/shop   with yours; what it holds stays
//	REVIEWS_URL=http://localhost:8081 go run ./cmd/shop       beside a service that runs elsewhere
//
// Ctrl-C ends it: requests are answered first. A second Ctrl-C does not wait.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/emporium-shop/emporium/services/shop"
)

// tokenLife is how long the tokens are good that are printed: a day of work.
const tokenLife = 12 * time.Hour

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second signal ends the process
	if err := run(ctx, os.Args[1:], environment(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, environment map[string]string, out io.Writer) error {
	f := flag.NewFlagSet("shop", flag.ContinueOnError)
	address := f.String("address", "127.0.0.1:8080", "where customers come in; port 0: a free one")
	fsync := f.Bool("fsync", false, "the shop's own PostgreSQL waits for the disk at each commit, as that of a shop does")
	if err := f.Parse(args); err != nil {
		return err
	}
	if environment["LOG_LEVEL"] == "" {
		environment["LOG_LEVEL"] = "warn" // what is well needs no line on a laptop
	}
	log, err := shop.Logger(os.Stderr, environment["LOG_LEVEL"])
	if err != nil {
		return err
	}
	slog.SetDefault(log)
	s, err := shop.Start(ctx, shop.Options{Address: *address, DatabaseURL: environment["DATABASE_URL"], Fsync: *fsync, Environment: environment})
	if err != nil {
		return err
	}
	err = welcome(out, s)
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-s.Failed():
		}
	}
	if ended := s.Stop(context.WithoutCancel(ctx)); err == nil {
		err = ended
	}
	return err
}

// welcome says where the shop is, and who one may be.
func welcome(out io.Writer, s *shop.Shop) error {
	customer, err := s.Token("customer", "anna", "", tokenLife)
	if err != nil {
		return err
	}
	staff, err := s.Token("staff", "jo", strings.Join(scopes(s.Services()), " "), tokenLife)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, `The shop is open: %s
%s in one process. Ctrl-C ends it.
customer  Authorization: Bearer %s
staff     Authorization: Bearer %s
`, s.URL(), strings.Join(s.Services(), ", "), customer, staff)
	return nil
}

// scopes let the member of staff read and write everywhere.
func scopes(services []string) (all []string) {
	for _, name := range services {
		all = append(all, name+":read", name+":write")
	}
	return all
}

func environment() map[string]string {
	all := map[string]string{}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		all[name] = value
	}
	return all
}
