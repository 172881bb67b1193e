package engine

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// daemon is buildkitd as the first process of a process namespace and of a mount namespace of its own: when it ends, however it
// ends, the kernel ends what RUN started and takes its mounts away.
type daemon struct {
	cmd    *exec.Cmd
	socket string
	log    string
	done   chan struct{}
}

// inNamespace gives the namespace a /proc of its own; without it runc would see the processes of the machine.
const inNamespace = `mount -t proc proc /proc && exec "$@"`

// settings: the cache is bounded; RUN uses the machine's network, as there is no bridge to give it another.
const settings = `
root = %q
[grpc]
  address = ["unix://%s"]
[worker.containerd]
  enabled = false
[worker.oci]
  enabled = true
  networkMode = "host"
  defaultCgroupParent = %q
  max-parallelism = 2
  gc = true
  maxUsedSpace = "8GB"
[frontend."gateway.v0"]
  enabled = false
`

func startDaemon(ctx context.Context, binary, state, folder, log string) (*daemon, error) {
	sweepCgroups() // of a daemon that was killed
	d := &daemon{socket: filepath.Join(folder, "buildkitd.sock"), log: log, done: make(chan struct{})}
	config := filepath.Join(folder, "buildkitd.toml")
	if err := os.WriteFile(config, fmt.Appendf(nil, settings, state, d.socket, cgroup), 0o600); err != nil {
		return nil, err
	}
	output, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	d.cmd = exec.Command("/bin/sh", "-c", inNamespace, "sh", binary, "--config", config)
	d.cmd.Stdout, d.cmd.Stderr = output, output
	// runc and mount are the administrator's.
	d.cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	d.cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS, // Go makes the unshared mounts private
		Pdeathsig: syscall.SIGKILL,
		Setsid:    true, // the terminal's Ctrl-C is for us; we stop it
	}
	if err := d.run(); err != nil {
		return nil, err
	}
	if err := d.await(ctx); err != nil {
		d.stop()
		return nil, err
	}
	return d, nil
}

// run starts the daemon from a thread of its own: Pdeathsig is sent when that thread ends, and only a locked one stays.
func (d *daemon) run() error {
	began := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(d.done)
		err := d.cmd.Start()
		began <- err
		if err == nil {
			_ = d.cmd.Wait() // how it ended is in its log
		}
	}()
	return <-began
}

func (d *daemon) address() string { return "unix://" + d.socket }

// await asks until the daemon takes a connection.
func (d *daemon) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		if conn, err := net.Dial("unix", d.socket); err == nil {
			return conn.Close()
		}
		select {
		case <-d.done:
			text, _ := os.ReadFile(d.log)
			return fmt.Errorf("buildkitd ended; the end of %s:\n%s", d.log, failure(text))
		case <-ctx.Done():
			return fmt.Errorf("waiting for buildkitd, whose log is %s: %w", d.log, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop asks the daemon to end, and ends it after ten seconds.
func (d *daemon) stop() {
	defer sweepCgroups()
	_ = d.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-d.done:
	case <-time.After(10 * time.Second):
		_ = d.cmd.Process.Kill()
		<-d.done
	}
}
