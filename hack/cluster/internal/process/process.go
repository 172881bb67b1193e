// Package process starts the cluster's programs detached from the command that starts them, and recognises and ends them later.
// A process is known by its pid, its start time and the boot it belongs to, so that a recycled pid is never taken for it.
package process

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/util/wait"
)

// Process is one running program, as recorded.
type Process struct {
	Name string `json:"name"`
	PID  int    `json:"pid"`
	// Start is the time the process began, in clock ticks since the machine's start.
	Start uint64 `json:"start"`
	// Boot identifies the machine's start that Start is relative to.
	Boot string `json:"boot"`
}

// Find describes the process that has this pid now.
func Find(name string, pid int) (Process, error) {
	start, _, err := stat(pid)
	if err != nil {
		return Process{}, fmt.Errorf("reading about process %d: %w", pid, err)
	}
	return Process{Name: name, PID: pid, Start: start, Boot: boot()}, nil
}

// Alive reports whether this very process still runs.
func (p Process) Alive() bool {
	start, state, err := stat(p.PID)
	return err == nil && start == p.Start && state != 'Z' && state != 'X' && p.Boot == boot()
}

// Kill ends the process at once. Nothing in this cluster is worth a gentle stop: all its data are thrown away with it.
func (p Process) Kill() { _ = p.Signal(unix.SIGKILL) } // gone already is as good

// Signal sends a signal to this very process, and fails where it has ended.
func (p Process) Signal(signal unix.Signal) error {
	handle, err := unix.PidfdOpen(p.PID, 0)
	if err != nil {
		return fmt.Errorf("sending %s to %s: %w", unix.SignalName(signal), p.Name, err)
	}
	defer func() { _ = unix.Close(handle) }()
	// The handle holds the pid, so this check and the signal mean the same process.
	if !p.Alive() {
		return fmt.Errorf("sending %s to %s: it has ended", unix.SignalName(signal), p.Name)
	}
	if err := unix.PidfdSendSignal(handle, signal, nil, 0); err != nil {
		return fmt.Errorf("sending %s to %s: %w", unix.SignalName(signal), p.Name, err)
	}
	return nil
}

// WaitGone waits until all have ended, and lists those that have not when the context is done.
func WaitGone(ctx context.Context, all []Process) []Process {
	alive := living(all)
	_ = wait.PollUntilContextCancel(ctx, 10*time.Millisecond, true, func(context.Context) (bool, error) {
		alive = living(alive)
		return len(alive) == 0, nil
	})
	return alive
}

func living(all []Process) []Process {
	var alive []Process
	for _, p := range all {
		if p.Alive() {
			alive = append(alive, p)
		}
	}
	return alive
}

// stat reads start time and state. The name before them may itself contain blanks and brackets.
func stat(pid int) (start uint64, state byte, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 20 {
		return 0, 0, fmt.Errorf("reading /proc/%d/stat: only %d fields", pid, len(fields))
	}
	start, err = strconv.ParseUint(fields[19], 10, 64)
	return start, fields[0][0], err
}

func boot() string {
	text, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(text))
}
