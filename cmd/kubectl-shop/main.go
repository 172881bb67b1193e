// Command kubectl-shop is the plugin kubectl shop: what serves, what comes, what it waits for, and the acts of people.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	_ "k8s.io/client-go/plugin/pkg/client/auth" // kubeconfigs that log in by OIDC

	"github.com/emporium-shop/emporium/internal/cli"
)

// version of the program, set by the build.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Getenv, version, os.Args[1:])
	stop()
	os.Exit(code)
}
