package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Spec says how to start a program.
type Spec struct {
	Name    string   `json:"name"`
	Command []string `json:"command"`
	// Netns is the network namespace to start it in; empty is the host's.
	Netns string `json:"netns,omitempty"`
	// Env is its whole environment: what the caller has set, a proxy for example, must not reach the cluster.
	Env []string `json:"env"`
	Log string   `json:"log"`
	// KeepLog goes on with the log of the time before: what is started again did not begin anew.
	KeepLog bool `json:"-"`
}

// Child is a program started by this command.
type Child struct {
	Process
	log    string
	exited chan struct{}
	reason string
}

// Start runs the program in a session of its own, so that it outlives this command and its terminal.
func Start(spec Spec) (*Child, error) {
	log, err := create(spec)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	defer log.Close()
	cmd := command(spec)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	return follow(cmd, spec)
}

func command(spec Spec) *exec.Cmd {
	line := spec.Command
	if spec.Netns != "" {
		// Not "ip netns exec", which mounts a fresh /sys and so hides the cgroups.
		line = append([]string{"nsenter", "--net=" + spec.Netns}, line...)
	}
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Env = spec.Env
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

func follow(cmd *exec.Cmd, spec Spec) (*Child, error) {
	child := &Child{log: spec.Log, exited: make(chan struct{})}
	found, err := Find(spec.Name, cmd.Process.Pid)
	child.Process = found
	go func() {
		child.reason = fmt.Sprint(cmd.Wait())
		close(child.exited)
	}()
	return child, err
}

// Exited is closed when the program has ended.
func (c *Child) Exited() <-chan struct{} { return c.exited }

// Failure tells why the program ended, with the last lines it wrote. Call it only after Exited.
func (c *Child) Failure() error {
	return fmt.Errorf("running %s: it ended (%s); the end of %s:\n%s", c.Name, c.reason, c.log, Tail(c.log, 15))
}

func create(spec Spec) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(spec.Log), 0o755); err != nil {
		return nil, err
	}
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if !spec.KeepLog {
		flags |= os.O_TRUNC
	}
	return os.OpenFile(spec.Log, flags, 0o644)
}

// Tail is the last lines of a log, indented.
func Tail(path string, count int) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "    " + err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	lines = lines[max(0, len(lines)-count):]
	return "    " + strings.Join(lines, "\n    ")
}
