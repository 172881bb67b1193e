package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestDrainFinishesWhatIsInFlightAndThenStopsTheWorkers(t *testing.T) {
	p := &play{entered: make(chan struct{}), leave: make(chan struct{})}
	working := make(chan struct{})
	p.workers = []Worker{{Name: "w", Beside: true, Run: func(ctx context.Context) error {
		close(working)
		<-ctx.Done()
		p.events.add("worker stopped")
		return nil
	}}}
	process := p.start(t, Options{}, "DRAIN_DELAY", "300ms", "DRAIN_LIMIT", "10s")
	until(t, "ready", func() bool { return status(process.URL()+"/readyz") == 200 })
	<-working
	answered := make(chan int, 1)
	go func() { answered <- status(process.URL() + "/slow") }()
	<-p.entered
	stopped := make(chan error, 1)
	go func() { stopped <- process.Stop(context.Background()) }()
	until(t, "not ready", func() bool { return status(process.URL()+"/readyz") == 503 })
	if code, _, header := get(process.URL() + "/things"); code != 200 || header.Get("X-Closed") != "true" {
		t.Errorf("while draining: %d, closed %q", code, header.Get("X-Closed"))
	}
	until(t, "no new connections", func() bool { return status(process.URL()+"/livez") == 0 })
	close(p.leave)
	if got := <-answered; got != 200 {
		t.Errorf("the request in flight got %d", got)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stopping: %v", err)
	}
	if got := p.events.String(); got != "answered worker stopped" {
		t.Errorf("in this order: %s", got)
	}
	if err := process.Stop(context.Background()); err != nil {
		t.Errorf("stopping again: %v", err)
	}
}

func TestARequestThatDoesNotEndIsCutAndTold(t *testing.T) {
	p := &play{entered: make(chan struct{}), leave: make(chan struct{})}
	process := p.start(t, Options{}, "DRAIN_LIMIT", "50ms")
	go status(process.URL() + "/slow")
	<-p.entered
	time.AfterFunc(200*time.Millisecond, func() { close(p.leave) })
	if err := process.Stop(context.Background()); err == nil || !strings.Contains(err.Error(), "draining") {
		t.Errorf("%v", err)
	}
}

func TestNotStartedBeforeItIsWarm(t *testing.T) {
	var warm atomic.Bool
	var tries atomic.Int32
	p := &play{warm: func(context.Context) error {
		if tries.Add(1); !warm.Load() {
			return errors.New("catalog does not answer")
		}
		return nil
	}}
	process := p.start(t, Options{})
	until(t, "a second try", func() bool { return tries.Load() > 1 })
	for _, path := range []string{"/startupz", "/readyz"} {
		if code, body, _ := get(process.URL() + path); code != 503 || !strings.Contains(body, "[-] started: warming up: catalog does not answer") {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if code := status(process.URL() + "/livez"); code != 200 {
		t.Errorf("a restart would not help: %d", code)
	}
	warm.Store(true)
	until(t, "started", func() bool { return status(process.URL()+"/startupz") == 200 })
	warm.Store(false)
	n := tries.Load()
	if code := status(process.URL() + "/readyz"); code != 200 || tries.Load() != n {
		t.Errorf("what it was warmed by is asked again: %d", code)
	}
}

func TestAPanicWhileWarmingUpIsATryThatFailed(t *testing.T) {
	var tries atomic.Int32
	p := &play{warm: func(context.Context) error {
		if tries.Add(1) == 1 {
			panic("no")
		}
		return nil
	}}
	process := p.start(t, Options{})
	until(t, "started", func() bool { return status(process.URL()+"/startupz") == 200 })
}

func TestTheSidePortHasMetricsOfServiceAndPool(t *testing.T) {
	p := &play{schema: true}
	process := p.start(t, Options{}, "DATABASE_URL", pgtest.URL(t, p.service().Schema), "IMAGE_VERSION", "9")
	until(t, "ready", func() bool { return status(process.URL()+"/readyz") == 200 })
	if code := status(process.URL() + "/things"); code != 200 {
		t.Fatal(code)
	}
	code, body, _ := get(process.SideURL() + "/metrics")
	for _, want := range []string{`route="/things",status="200"} 1`, `build_info{version="9"} 1`, "db_pool"} {
		if code != 200 || !strings.Contains(body, want) {
			t.Errorf("%d, no %s", code, want)
		}
	}
	if code := status(process.URL() + "/metrics"); code != 404 {
		t.Errorf("the metrics are public: %d", code)
	}
	if code := status(process.SideURL() + "/debug/pprof/"); code != 200 {
		t.Errorf("no profiler: %d", code)
	}
}

func TestNotReadyUntilTheSchemaIsThere(t *testing.T) {
	p := &play{schema: true}
	url := pgtest.Empty(t, p.service().Schema)
	process := p.start(t, Options{}, "DATABASE_URL", url)
	until(t, "it says what is missing", func() bool {
		code, body, _ := get(process.URL() + "/startupz")
		return code == 503 && strings.Contains(body, "play")
	})
	c := command{p.service(), stack("DATABASE_URL", url), io.Discard, io.Discard}
	if code := c.run(t.Context(), []string{"migrate"}); code != 0 {
		t.Fatalf("migrating: exit %d", code)
	}
	until(t, "ready", func() bool { return status(process.URL()+"/readyz") == 200 })
}

// wire is what connects a process with PostgreSQL, and can be cut.
type wire struct {
	net.Listener
	socket string
	cut    atomic.Bool
	open   chan net.Conn
}

func lay(t *testing.T, url string) (*wire, string) {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	w := &wire{Listener: l, socket: cfg.ConnConfig.Host + "/.s.PGSQL.5432", open: make(chan net.Conn, 100)}
	go w.run()
	return w, "postgres://" + cfg.ConnConfig.User + "@" + l.Addr().String() + "/" + cfg.ConnConfig.Database + "?sslmode=disable"
}

func (w *wire) run() {
	for {
		in, err := w.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("unix", w.socket)
		if err != nil || w.cut.Load() {
			in.Close()
			continue
		}
		w.open <- in
		go func() { _, _ = io.Copy(out, in); out.Close() }()
		go func() { _, _ = io.Copy(in, out); in.Close() }()
	}
}

func (w *wire) set(cut bool) {
	w.cut.Store(cut)
	for cut && len(w.open) > 0 {
		(<-w.open).Close()
	}
}

func TestReadinessDoesNotFallWithABlipOfPostgreSQL(t *testing.T) {
	p := &play{schema: true}
	w, url := lay(t, pgtest.URL(t, p.service().Schema))
	process := p.start(t, Options{}, "DATABASE_URL", url)
	until(t, "ready", func() bool { return status(process.URL()+"/readyz") == 200 })
	w.set(true)
	until(t, "the look fails", func() bool { return process.Kit().DB.Seen().Err != nil })
	code, _, header := get(process.URL() + "/things")
	if code != 503 || header.Get("Retry-After") == "" {
		t.Errorf("a request: %d, Retry-After %q", code, header.Get("Retry-After"))
	}
	if code, body, _ := get(process.URL() + "/readyz"); code != 200 {
		t.Errorf("ready: %d %s", code, body)
	}
	if code := status(process.URL() + "/livez"); code != 200 {
		t.Errorf("live: %d", code)
	}
	w.set(false)
	until(t, "it works again without a restart", func() bool { return status(process.URL()+"/things") == 200 })
}

// binary runs this test binary as a service; side is its metrics port.
func binary(t *testing.T, environment ...string) (cmd *exec.Cmd, side string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(self)
	cmd.Env = append([]string{"BE_A_SERVICE=1", "SHOP=acme", "SHOP_RELEASE=acme-1", "PORT=0", "METRICS_PORT=0"}, environment...)
	log, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	port, side := ports(t, log)
	until(t, "ready", func() bool { return status("http://127.0.0.1:"+port+"/readyz") == 200 })
	return cmd, side
}

// ports reads out of a service's log where it serves: a free port that is told to it may be somebody else's before it listens.
func ports(t *testing.T, log io.ReadCloser) (port, side string) {
	t.Helper()
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var told struct{ Msg, Address, Side string }
		if json.Unmarshal(lines.Bytes(), &told) != nil || told.Msg != "serving" {
			continue
		}
		go func() { _, _ = io.Copy(io.Discard, log) }() // or it would wait for a reader
		_, port, _ = net.SplitHostPort(told.Address)
		_, side, _ = net.SplitHostPort(told.Side)
		return port, side
	}
	t.Fatalf("it ended before it served: %v", lines.Err())
	return "", ""
}

func TestOneSIGTERMEndsWithZero(t *testing.T) {
	cmd, _ := binary(t, "DRAIN_DELAY=100ms")
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestAProcessKeepsToItsContainersMemory(t *testing.T) {
	_, side := binary(t, "MEMORY_LIMIT=100000000")
	_, body, _ := get("http://127.0.0.1:" + side + "/metrics")
	if want := "go_gc_gomemlimit_bytes 8e+07"; !strings.Contains(body, want) {
		t.Errorf("no %s in\n%s", want, body)
	}
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	cmd, _ := binary(t, "DRAIN_DELAY=1m")
	began := time.Now()
	_ = cmd.Process.Signal(os.Interrupt)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for range 200 { // two signals at one moment are one
		select {
		case err := <-ended:
			if cmd.ProcessState.ExitCode() != 1 {
				t.Errorf("it ended with %v", err)
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("after %s", took)
			}
			return
		case <-time.After(50 * time.Millisecond):
			_ = cmd.Process.Signal(os.Interrupt)
		}
	}
	t.Error("it drains on")
}
