// Package remains finds and removes what a cluster left on this machine: processes, mounts, namespaces, links, routes and cgroups,
// also where there is no record of them, or another checkout made them.
package remains

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/emporium-shop/emporium/hack/cluster/internal/cgroup"
	"github.com/emporium-shop/emporium/hack/cluster/internal/network"
	"github.com/emporium-shop/emporium/hack/cluster/internal/process"
)

// patience bounds how long a killed process may take to be gone.
const patience = 20 * time.Second

// Step runs one step and tells the user about it.
type Step func(name string, run func() error) error

// Clear ends and removes everything. Files in the given state folders stay; only what is mounted there goes.
// It is safe to repeat, and each step needs the ones before it.
func Clear(ctx context.Context, step Step, recorded []process.Process, states []string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := step("end processes", func() error { return endProcesses(ctx, recorded) }); err != nil {
		return err
	}
	if err := step("unmount", func() error { return unmountAll(states) }); err != nil {
		return err
	}
	if err := step("remove the network", network.Clear); err != nil {
		return err
	}
	if err := step("remove cgroups", func() error { return clearCgroups(ctx) }); err != nil {
		return err
	}
	return removeFiles()
}

// Any says what there is of a cluster; empty when the machine is clean.
func Any(states []string) ([]string, error) {
	found, err := network.Remains()
	if err != nil {
		return nil, err
	}
	mounts, err := mountsBelow(states)
	if err != nil {
		return nil, err
	}
	found = append(found, mounts...)
	found = append(found, cgroup.Remains()...)
	for _, pid := range strays() {
		found = append(found, fmt.Sprintf("process %d", pid))
	}
	return found, nil
}

// clearCgroups retries: a process is seen as gone a moment before its cgroup is empty.
func clearCgroups(ctx context.Context) error {
	var last error
	err := wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(context.Context) (bool, error) {
		last = cgroup.Clear()
		return last == nil, nil
	})
	if err != nil && last != nil {
		return last
	}
	return err
}
