// Command demosource shows the way from a commit to a release: three services in repositories of their own are pushed to, built,
// tested and released in a shop under load; a commit whose test fails, its fix, one that changes no image, a revert. Git server,
// registry, BuildKit and base images run on this machine; nothing is fetched but Go modules and Debian's packages.
//
//	go run ./hack/demosource            the demo; exits 0 only if the promises held, and leaves the shop running
//	go run ./hack/demosource prepare    only what is made once: images, registry
//	go run ./hack/demosource serve      the Git server, for as long as it runs, so that one can push oneself
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/emporium-shop/emporium/test/stage"
)

func main() {
	ctrl.SetLogger(logr.Discard()) // what watches say while they begin is nothing for who looks on
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "demosource:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	s, err := stage.Here(os.Stdout)
	if err != nil {
		return err
	}
	d, err := newDemo(s)
	if err != nil {
		return err
	}
	switch {
	case len(args) == 0:
		return d.all(ctx)
	case len(args) == 1 && args[0] == "prepare":
		return d.prepare(ctx)
	case len(args) == 1 && args[0] == "serve":
		return d.serve(ctx)
	}
	return errors.New("usage: demosource [prepare | serve]")
}
