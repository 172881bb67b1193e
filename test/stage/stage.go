// Package stage sets up what the demo and the end-to-end tests play on: cluster, images, operator, sample shop; and reads
// from it what they judge by. Everything goes through the commands that a user would type.
package stage

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	// Shop is the name of the sample shop and of its namespace.
	Shop = "acme"
	// System is the operator's namespace.
	System = "emporium-system"
)

// Stage is a checkout with the cluster that it plays on.
type Stage struct {
	// Root is the checkout.
	Root string
	// Kubeconfig of the cluster.
	Kubeconfig string
	// Registry to push images to; only with a foreign cluster.
	Registry string
	// Foreign is set when the cluster is the user's own.
	Foreign bool
	// Part are the ShopServices of the samples that play; nil: all of them.
	Part []string
	// Out takes what the commands print.
	Out io.Writer
}

// Here finds the checkout around the current folder and takes KUBECONFIG and REGISTRY from the environment.
func Here(out io.Writer) (Stage, error) {
	s := Stage{Kubeconfig: os.Getenv("KUBECONFIG"), Registry: os.Getenv("REGISTRY"), Out: out}
	var err error
	if s.Root, err = checkout(); err != nil {
		return s, err
	}
	own := filepath.Join(s.Root, ".cluster", "kubeconfig")
	s.Foreign = s.Kubeconfig != "" && s.Kubeconfig != own
	if !s.Foreign {
		s.Kubeconfig = own
	}
	if s.Foreign && s.Registry == "" {
		return s, fmt.Errorf("using the cluster of KUBECONFIG: set REGISTRY to where its nodes pull images from")
	}
	return s, nil
}

func checkout() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the checkout: %w", err)
	}
	for dir := here; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "PROJECT")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("finding the checkout: no folder with a PROJECT file around %s", here)
}

// run runs a command in the checkout and returns its standard output.
func (s Stage) run(ctx context.Context, stdin string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdin = s.Root, strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+s.Kubeconfig)
	var out, errs listener
	cmd.Stdout, cmd.Stderr = &out, &errs
	does := strings.Join(append([]string{filepath.Base(name)}, args...), " ")
	defer s.still(quiet, func() string { return cmp.Or(out.last(), errs.last(), does) })()
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("running %s: %w: %s", does, err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}

// Kubectl runs the cluster's own kubectl, or the user's.
func (s Stage) Kubectl(ctx context.Context, args ...string) (string, error) {
	return s.KubectlWith(ctx, "", args...)
}

// KubectlWith does so with something on its standard input.
func (s Stage) KubectlWith(ctx context.Context, stdin string, args ...string) (string, error) {
	return s.run(ctx, stdin, s.kubectl(), args...)
}

func (s Stage) kubectl() string {
	own := filepath.Join(s.Root, ".cluster", "bin", "kubectl")
	if _, err := os.Stat(own); err != nil {
		return "kubectl"
	}
	return own
}
