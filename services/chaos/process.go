package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// process is a program that runs, is killed, and runs again, as the kubelet has it.
type process struct {
	name    string
	program string
	// command is what is started with args; empty: this binary, which is the program then.
	command []string
	args    []string
	port    int
	log     string
	// probe is where it says that it is ready; empty: nobody asks.
	probe string
	// failed is told when it ends by itself.
	failed func(p *process, why string)

	mu      sync.Mutex
	env     []string
	cmd     *exec.Cmd
	done    chan struct{}
	stopped bool // nobody wants it to run
}

// start runs it, if it does not run.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = false
	return p.begin()
}

// revive runs it again after a kill, unless somebody stopped it meanwhile.
func (p *process) revive() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return nil
	}
	return p.begin()
}

func (p *process) begin() error {
	if p.cmd != nil {
		return nil
	}
	command, err := p.binary()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	cmd := exec.Command(command[0], append(command[1:len(command):len(command)], p.args...)...) //nolint:gosec // of this repository
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.Dir = p.env, log, log, filepath.Dir(p.log)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	done, began := make(chan struct{}), make(chan error, 1)
	p.cmd, p.done = cmd, done
	go p.watch(cmd, log, began, done)
	return <-began
}

func (p *process) binary() ([]string, error) {
	if len(p.command) > 0 {
		return p.command, nil
	}
	self, err := os.Executable()
	return []string{self}, err
}

// watch has a thread of its own: Pdeathsig is sent when the thread ends that started the process.
func (p *process) watch(cmd *exec.Cmd, log *os.File, began chan<- error, done chan<- struct{}) {
	runtime.LockOSThread()
	err := cmd.Start()
	began <- err
	if err == nil {
		err = cmd.Wait()
	}
	_ = log.Close()
	close(done)
	p.mu.Lock()
	byItself := p.cmd == cmd
	if byItself {
		p.cmd = nil
	}
	p.mu.Unlock()
	if byItself {
		p.failed(p, fmt.Sprint(err))
	}
}

// take takes the running process out, so that whatever becomes of it is not its own doing.
func (p *process) take(stop bool) (*exec.Cmd, chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	cmd, done := p.cmd, p.done
	p.cmd, p.stopped = nil, p.stopped || stop
	return cmd, done
}

// kill ends it with kill -9, and tells whether there was anything to kill.
func (p *process) kill() bool {
	cmd, done := p.take(false)
	if cmd == nil {
		return false
	}
	_ = cmd.Process.Kill() // ended already: that is what is wanted
	<-done
	return true
}

// hang lets it run no more: what it has taken stays open, what comes is taken by the kernel, and nothing is answered. kill ends that.
func (p *process) hang() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil
	}
	return p.cmd.Process.Signal(syscall.SIGSTOP)
}

// stop ends it as Kubernetes does: SIGTERM, and SIGKILL after the grace.
func (p *process) stop(grace time.Duration) {
	cmd, done := p.take(true)
	if cmd == nil {
		return
	}
	_ = cmd.Process.Signal(syscall.SIGTERM) // as above
	select {
	case <-done:
	case <-time.After(grace):
		_ = cmd.Process.Kill()
		<-done
	}
}

var errNotReady = errors.New("is not ready in time")

// ready waits until it says so; being killed meanwhile only takes longer.
func (p *process) ready(ctx context.Context) error {
	if p.probe == "" {
		return nil
	}
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.probe, nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(r)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s %w", p.name, errNotReady)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
