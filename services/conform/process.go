package conform

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// process is one run of the service's command.
type process struct {
	cmd          *exec.Cmd
	url, metrics string
	ended        chan struct{}
	code         int
	log          *lines
}

// lines keeps what a process wrote, for the rules about logs and for messages.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

func (l *lines) copy() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string{}, l.all...)
}

func (l *lines) tail(n int) string {
	all := l.copy()
	return strings.Join(all[max(0, len(all)-n):], "\n")
}

// spawn starts the command with nothing of the checker's environment but PATH
// and HOME, so that a run on a laptop is the run of CI.
func spawn(command []string, dir string, env map[string]string, log *lines) (*process, error) {
	p := &process{ended: make(chan struct{}), log: log}
	p.cmd = exec.Command(command[0], command[1:]...) //nolint:gosec // it is what we are asked to run
	p.cmd.Dir = dir
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LANG"} {
		if value, ok := os.LookupEnv(name); ok {
			p.cmd.Env = append(p.cmd.Env, name+"="+value)
		}
	}
	for name, value := range env {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	// A process manager's children end with its group, and all end with the checker.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	r, w := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = w, w
	p.cmd.WaitDelay = time.Second
	began := make(chan error, 1)
	go p.run(began, w)
	if err := <-began; err != nil {
		return nil, fmt.Errorf("starting %s: %w", command[0], err)
	}
	go read(r, log)
	return p, nil
}

// run keeps its thread until the process has ended: Pdeathsig is sent when the
// thread ends that started it.
func (p *process) run(began chan<- error, w *io.PipeWriter) {
	runtime.LockOSThread()
	err := p.cmd.Start()
	began <- err
	if err == nil {
		p.wait(w)
	}
}

func read(r io.Reader, log *lines) {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		log.add(scanner.Text())
	}
}

func (p *process) wait(w *io.PipeWriter) {
	_ = p.cmd.Wait() // the code says how it ended
	_ = w.Close()
	p.code = p.cmd.ProcessState.ExitCode()
	close(p.ended)
}

// signal sends to the command itself; kill ends its whole group.
func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) } // it ended already: seen by over
func (p *process) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // ended already
	<-p.ended
}

// over waits for the end, at most so long.
func (p *process) over(limit time.Duration) bool {
	select {
	case <-p.ended:
		return true
	case <-time.After(limit):
		return !p.running() // it ended just now
	}
}

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// ready waits until the service says that it takes requests.
func (p *process) ready(ctx context.Context, client *http.Client) error {
	last := errors.New("nothing listens")
	for start := time.Now(); time.Since(start) < startLimit; {
		for _, path := range []string{"/startupz", "/readyz"} {
			if last = probe(ctx, client, p.url+path); last != nil {
				break
			}
		}
		if last == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("it ended with code %d before it was ready:\n%s", p.code, p.log.tail(8))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("it was not ready within %s: %w\n%s", startLimit, last, p.log.tail(8))
}

// startLimit is what Kubernetes gives a start: two minutes; a local one is quicker.
const startLimit = 60 * time.Second

func probe(ctx context.Context, client *http.Client, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		body, _ := io.ReadAll(io.LimitReader(res.Body, shown)) // for the message only
		return fmt.Errorf("%s answered %d: %s", req.URL.Path, res.StatusCode, body)
	}
	return nil
}

// ports hands out ports below those that the kernel gives to connections, so
// that two checked services of one machine do not meet.
var ports atomic.Int32

func freePort() string {
	for {
		n := 20000 + (int32(os.Getpid())*64+ports.Add(1))%10000
		l, err := net.Listen("tcp", net.JoinHostPort("", strconv.Itoa(int(n))))
		if err == nil {
			_ = l.Close()
			return strconv.Itoa(int(n))
		}
	}
}
