// Gateway is the front door of a shop: it sends each request to the release
// that the operator's routing table names. This file only wires the parts.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/emporium-shop/emporium/services/gateway/internal/memory"
	"github.com/emporium-shop/emporium/services/gateway/internal/settings"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "path of a kubeconfig file; empty (the default) uses the Pod's service account")
	flag.Parse()
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, *kubeconfig, log); err != nil {
		log.Error("Ending", "error", err)
		os.Exit(1)
	}
	log.Info("Ended")
}

func run(ctx context.Context, kubeconfig string, log *slog.Logger) error {
	set, err := settings.Read(os.LookupEnv)
	if err != nil {
		return fmt.Errorf("reading the settings: %w", err)
	}
	log.Info("Starting the front door", "shop", set.Shop, "pod", set.Pod, "pinned", set.Pinned)
	memory.Fit(ctx)
	clients, err := connect(kubeconfig, set)
	if err != nil {
		return fmt.Errorf("preparing the Kubernetes client: %w", err)
	}
	return newDoorway(set, clients, log).run(ctx)
}
