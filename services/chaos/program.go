package main

import (
	"fmt"
	"os"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/shop"
)

// programVariable names the program that a process of this binary is; the processes share its pages in memory.
const programVariable = "CHAOS_PROGRAM"

const natsProgram = "nats"

// runProgram is what a child does: it is a service's own binary, or NATS.
func runProgram(name string) {
	if name == natsProgram {
		if err := runNATS(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, "nats:", err)
			os.Exit(1)
		}
		return
	}
	for _, m := range shop.Members() {
		if m.Name == name {
			app.Main(m.Service)
		}
	}
	fmt.Fprintln(os.Stderr, name, "is no program")
	os.Exit(2)
}

// runNATS is the server of the image emporium.local/nats, with its configuration.
func runNATS(configuration string) error {
	o, err := server.ProcessConfigFile(configuration)
	if err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	s, err := server.NewServer(o)
	if err != nil {
		return fmt.Errorf("making the server: %w", err)
	}
	s.ConfigureLogger()
	s.Start()
	s.WaitForShutdown()
	return nil
}
