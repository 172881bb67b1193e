// Package gobuild runs go build and lets who waits know that it goes on: a large program takes minutes the first time.
package gobuild

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// every is how often is said how far a build is.
const every = 30 * time.Second

// collectRarely lets compilers collect garbage a quarter as often: a tenth less CPU for a build of Kubernetes (`time go build ./cmd/kubectl-shop`
// with an empty GOCACHE, 2 cores: 214 s of CPU, 195 s with it), some hundred megabytes more at a time.
const collectRarely = "GOGC=400"

// Run runs a command that is `go build -v …`, and notes every half minute how many packages it compiled. Its error ends with what the
// compiler said.
func Run(cmd *exec.Cmd, name string, note func(format string, args ...any)) error {
	return run(cmd, name, note, every)
}

func run(cmd *exec.Cmd, name string, note func(format string, args ...any), every time.Duration) error {
	p := &progress{begun: time.Now()}
	cmd.Stdout, cmd.Stderr = p, p
	if _, set := os.LookupEnv("GOGC"); !set {
		cmd.Env = append(cmd.Environ(), collectRarely)
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	var told sync.WaitGroup
	told.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				note("building %s: %s", name, p.said(time.Now()))
			}
		}
	})
	err := cmd.Wait()
	close(done)
	told.Wait()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, p.messages())
	}
	return nil
}

// progress reads what go build -v prints: a line for each package that it compiles, and the compiler's messages.
type progress struct {
	begun time.Time

	mu       sync.Mutex
	rest     []byte
	packages int
	last     string
	other    bytes.Buffer
}

func (p *progress) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rest = append(p.rest, text...)
	for {
		line, rest, whole := bytes.Cut(p.rest, []byte("\n"))
		if !whole {
			return len(text), nil
		}
		p.line(string(line))
		p.rest = rest
	}
}

func (p *progress) line(line string) {
	if isPackage(line) {
		p.packages, p.last = p.packages+1, line
		return
	}
	p.other.WriteString(line + "\n")
}

// isPackage: import paths hold no blank and no colon, and messages do. A line of "# package" heads the messages of one.
func isPackage(line string) bool { return line != "" && !strings.ContainsAny(line, " :\t#") }

func (p *progress) said(now time.Time) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	took := now.Sub(p.begun).Round(time.Second)
	if p.packages == 0 {
		return fmt.Sprintf("%s, downloading modules or reading what is compiled already", took)
	}
	return fmt.Sprintf("%s, %d packages compiled, now %s", took, p.packages, p.last)
}

func (p *progress) messages() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.other.String() + string(p.rest)
}
