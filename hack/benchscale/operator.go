package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/emporium-shop/emporium/hack/internal/figures"
)

// operatorName is that of its binary, by which the API server knows its requests.
const operatorName = "operator"

// build makes the operator's binary of a checkout, as its image holds it.
func build(ctx context.Context, checkout, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "./cmd/manager")
	cmd.Dir = checkout
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the operator: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// runtimeSettings are those of config/manager/deployment.yaml.
var runtimeSettings = []string{"GOMEMLIMIT=921MiB", "GOGC=50"}

// operator is the real one, as a process beside the API server.
type operator struct {
	cmd *exec.Cmd
	// ended is closed when the process is gone, and err then says how.
	ended    chan struct{}
	err      error
	stopping atomic.Bool
	metrics  string
	log      *os.File
}

// startOperator starts it and waits until it answers. Its log is in the working folder. It
// calls fail when the operator ends by itself.
func startOperator(ctx context.Context, binary, kubeconfig, work string, more []string, fail func(error)) (*operator, error) {
	metrics, err := freeAddress()
	if err != nil {
		return nil, err
	}
	o := &operator{metrics: "http://" + metrics + "/metrics", ended: make(chan struct{})}
	if o.log, err = os.OpenFile(filepath.Join(work, "operator.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return nil, fmt.Errorf("opening the operator's log: %w", err)
	}
	args := append([]string{"--front-door-image=gateway:1", "--metrics-bind-address=" + metrics, "--health-probe-bind-address=0"}, more...)
	o.cmd = exec.CommandContext(ctx, binary, args...)
	o.cmd.Cancel = func() error { return o.cmd.Process.Signal(syscall.SIGTERM) }
	o.cmd.Env = append(append(os.Environ(), "KUBECONFIG="+kubeconfig), runtimeSettings...)
	o.cmd.Stdout, o.cmd.Stderr = o.log, o.log
	if err := o.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the operator: %w", err)
	}
	go o.wait(fail)
	return o, o.waitUntilItAnswers(ctx)
}

func (o *operator) wait(fail func(error)) {
	defer close(o.ended)
	o.err = o.cmd.Wait()
	if !o.stopping.Load() {
		fail(fmt.Errorf("the operator ended by itself: %w; see %s", o.err, o.log.Name()))
	}
}

func (o *operator) waitUntilItAnswers(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := o.read(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func (o *operator) stop() error {
	defer o.log.Close()
	o.stopping.Store(true)
	_ = o.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	<-o.ended
	if o.err != nil {
		return fmt.Errorf("stopping the operator: %w; see %s", o.err, o.log.Name())
	}
	return nil
}

// read asks the operator for its figures.
func (o *operator) read(ctx context.Context) (figures.Operator, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.metrics, nil)
	if err != nil {
		return figures.Operator{}, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return figures.Operator{}, fmt.Errorf("asking the operator for its metrics: %w", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return figures.Operator{}, fmt.Errorf("asking the operator for its metrics: %w", err)
	}
	return figures.Read(string(text))
}

var highWater = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`)

// peak is the most memory that the process ever held, in megabytes.
func (o *operator) peak() int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", o.cmd.Process.Pid))
	if found := highWater.FindSubmatch(status); err == nil && found != nil {
		kilobytes, _ := strconv.Atoi(string(found[1]))
		return kilobytes / 1000
	}
	return 0
}

// fleet is operators that run at once.
type fleet []*operator

// read adds up the figures of all.
func (all fleet) read(ctx context.Context) (sum figures.Operator, err error) {
	for _, o := range all {
		one, err := o.read(ctx)
		if err != nil {
			return sum, err
		}
		sum = sum.Plus(one)
	}
	return sum, nil
}

// peak adds up the most memory that each ever held.
func (all fleet) peak() (megabytes int) {
	for _, o := range all {
		megabytes += o.peak()
	}
	return megabytes
}

func (all fleet) stop() (err error) {
	for _, o := range all {
		err = errors.Join(err, o.stop())
	}
	return err
}
