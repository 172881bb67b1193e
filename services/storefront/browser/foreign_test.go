package browser

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// foreign is a service that is not in Go, with a database of its own.
type foreign struct {
	name string
	// command runs it; what it shall do is said behind: migrate, serve, work.
	command     []string
	folder      string
	environment []string
}

// has is what every service is told, wherever it runs.
func has(more ...string) []string {
	return append(os.Environ(), append([]string{"SHOP=acme", "SHOP_RELEASE=acme-1a2b3c4d", "PORT=0", "METRICS_PORT=0", "DRAIN_DELAY=0s", "LOG_LEVEL=warn"}, more...)...)
}

func (f foreign) process(word string) *exec.Cmd {
	run := exec.Command(f.command[0], append(f.command[1:len(f.command):len(f.command)], word)...) //nolint:gosec,noctx // our own service; begin ends it by SIGTERM
	run.Dir, run.Env = f.folder, f.environment
	run.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return run
}

// does runs a command that ends by itself.
func (f foreign) does(t *testing.T, word string) {
	t.Helper()
	if out, err := f.process(word).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", f.name, word, err, out)
	}
}

// begins runs a command until the test ends, and no longer than the test.
func (f foreign) begins(t *testing.T, word string) {
	t.Helper()
	run := f.process(word)
	out, err := run.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	run.Stdout = io.Discard
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			t.Log(f.name+":", lines.Text())
		}
	}()
	t.Cleanup(func() {
		_ = run.Process.Signal(syscall.SIGTERM) // it may be gone
		<-read
		if err := run.Wait(); err != nil {
			t.Errorf("%s %s ended with %v", f.name, word, err)
		}
	})
}

// serves runs it at a port of 127.0.0.1, and returns when it is ready.
func (f foreign) serves(t *testing.T, port int) (address string) {
	t.Helper()
	address = fmt.Sprintf("http://127.0.0.1:%d", port)
	f.does(t, "migrate")
	f.environment = append(f.environment[:len(f.environment):len(f.environment)], fmt.Sprint("PORT=", port))
	f.begins(t, "serve")
	until(t, f.name+" is ready", func() bool { return status(t, address+"/readyz") == http.StatusOK })
	return address
}
