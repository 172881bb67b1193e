package stage

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"time"
)

// quiet is how long a command may say nothing to the user: longer, and it looks as if it hung.
const quiet = 25 * time.Second

// still tells, while something long goes on, what it said last.
func (s Stage) still(every time.Duration, says func() string) (stop func()) {
	if s.Out == nil {
		return func() {}
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
				fmt.Fprintf(s.Out, "         … %s\n", says())
			}
		}
	})
	return func() { close(done); told.Wait() }
}

// listener keeps what a command prints, and knows its last line.
type listener struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *listener) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(text)
}

func (l *listener) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// last is the last line that says something; "": nothing was said.
func (l *listener) last() string {
	text := strings.TrimSpace(l.String())
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}
