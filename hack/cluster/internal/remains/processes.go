package remains

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/emporium-shop/emporium/hack/cluster/internal/cgroup"
	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
	"github.com/emporium-shop/emporium/hack/cluster/internal/network"
	"github.com/emporium-shop/emporium/hack/cluster/internal/owner"
	"github.com/emporium-shop/emporium/hack/cluster/internal/process"
)

// endProcesses kills the recorded ones first, so that no kubelet restarts what is killed next, then whatever else belongs to a cluster.
func endProcesses(ctx context.Context, recorded []process.Process) error {
	kill(ctx, recorded)
	return wait.PollUntilContextCancel(ctx, 10*time.Millisecond, true, func(context.Context) (bool, error) {
		left := strayProcesses()
		if ctx.Err() != nil {
			return false, fmt.Errorf("ending processes: %v do not end", left)
		}
		kill(ctx, left)
		return len(left) == 0, nil
	})
}

func kill(ctx context.Context, all []process.Process) {
	for _, p := range all {
		p.Kill()
	}
	process.WaitGone(ctx, all)
}

func strayProcesses() (found []process.Process) {
	for _, pid := range strays() {
		if p, err := process.Find("stray", pid); err == nil && p.Alive() {
			found = append(found, p)
		}
	}
	return found
}

// strays lists processes that belong to a cluster, although no record names them: those that carry its mark (programs and shims),
// and those in its cgroups or its nodes' namespaces (containers).
func strays() []int {
	pids := cgroup.Members()
	inside := network.Inodes()
	for _, pid := range everyPID() {
		if mark(pid) != "" || network.Holds(pid, inside) {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return slices.Compact(pids)
}

// Unrecorded makes up the record of a cluster that has lost it, from the marks of the processes that still run; nil if none does.
func Unrecorded() *owner.Record {
	var record owner.Record
	for _, pid := range everyPID() {
		state := mark(pid)
		if state == "" {
			continue
		}
		if p, err := process.Find(fmt.Sprintf("process %d", pid), pid); err == nil {
			record.State = state
			record.Processes = append(record.Processes, p)
		}
	}
	if record.State == "" {
		return nil
	}
	return &record
}

// mark is the state folder of the cluster a process belongs to; empty for all others.
func mark(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	for _, variable := range bytes.Split(text, []byte{0}) {
		if state, found := bytes.CutPrefix(variable, []byte(layout.MarkVariable+"=")); found {
			return string(state)
		}
	}
	return ""
}

func everyPID() (pids []int) {
	folders, _ := filepath.Glob("/proc/[0-9]*")
	for _, folder := range folders {
		if pid, err := strconv.Atoi(filepath.Base(folder)); err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}
