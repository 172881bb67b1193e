// Command cluster runs a real Kubernetes on this machine, without Docker and without a registry: "up", "down", "status".
//
// Its binaries are built from pinned modules (components), its node is a network namespace, and its state is in .cluster
// of the checkout. See README.md for what there is and what was learned on the way.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
	"github.com/emporium-shop/emporium/hack/cluster/internal/steps"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use: "cluster", Short: "A real Kubernetes on this machine",
		SilenceUsage: true, SilenceErrors: true,
	}
	cmd.AddCommand(
		upCommand(),
		command("down", "End the cluster and leave nothing behind", cobra.NoArgs, down),
		command("status", "Tell whose cluster runs here, and how it is", cobra.NoArgs, status),
		command("load-image FILE...", "Bring image tarballs into the cluster", cobra.MinimumNArgs(1), loadImages),
		command("stop NAME...", "Let programs of the cluster hang, for a test: `status` names them", cobra.MinimumNArgs(1), stopPrograms),
		command("continue NAME...", "End that", cobra.MinimumNArgs(1), continuePrograms),
		command("kill NAME...", "Kill programs of the cluster, for a test", cobra.MinimumNArgs(1), killPrograms),
		command("start NAME...", "Start them again", cobra.MinimumNArgs(1), startPrograms),
		command("power-off NODE", "Let a node die, for a test: nobody gets an answer of it any more", cobra.ExactArgs(1), powerOff),
		command("power-on NODE", "Let it start again", cobra.ExactArgs(1), powerOn),
		command("push-database REGISTRY", "Bring the sample shop's database image to a registry", cobra.ExactArgs(1), pushDatabase),
		command("kubeconfig", "Print the path of the kubeconfig", cobra.NoArgs, printKubeconfig),
		command("assets", "Build kube-apiserver, etcd and kubectl into .cluster/bin, for envtest", cobra.NoArgs, assets),
	)
	return cmd
}

// session is one run of a command.
type session struct {
	layout.Cluster
	progress *steps.Progress
	args     []string
	// nodes is how many are asked for; 0: as many as there are, or 1.
	nodes int
}

func command(use, short string, args cobra.PositionalArgs, run func(context.Context, session) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
		here, err := os.Getwd()
		if err != nil {
			return fmt.Errorf("finding the checkout: %w", err)
		}
		cluster, err := layout.Here(here)
		if err != nil {
			return err
		}
		nodes := 0
		if flag := cmd.Flag("nodes"); flag != nil && flag.Changed {
			if nodes, err = cmd.Flags().GetInt("nodes"); err != nil || nodes < 1 || nodes > layout.MostNodes {
				return fmt.Errorf("starting a cluster: --nodes takes a number from 1 to %d", layout.MostNodes)
			}
		}
		return run(cmd.Context(), session{cluster, steps.New(os.Stdout, time.Now), args, nodes})
	}}
}

func upCommand() *cobra.Command {
	cmd := command("up", "Start the cluster, or make sure that it runs", cobra.NoArgs, up)
	cmd.Flags().Int("nodes", 1, "how many nodes it has; without it a cluster that runs keeps those it has")
	return cmd
}
