// Command nats is the NATS server of its module, with its flags and its
// configuration file: the image emporium.local/nats of the sample shop.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/nats-io/nats-server/v2/server"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "nats:", err)
		os.Exit(1)
	}
}

// run serves until SIGTERM, which the server itself takes: it lets its clients
// go, and writes what it holds.
func run(args []string) error {
	flags := flag.NewFlagSet("nats", flag.ContinueOnError)
	options, err := server.ConfigureOptions(flags, args, server.PrintServerAndExit, flags.Usage, server.PrintTLSHelpAndDie)
	if err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	if options == nil || options.CheckConfig {
		return nil
	}
	s, err := server.NewServer(options)
	if err != nil {
		return fmt.Errorf("making the server: %w", err)
	}
	s.ConfigureLogger()
	s.Start()
	s.WaitForShutdown()
	return nil
}
