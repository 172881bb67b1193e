// Package steps prints what is being done and how long each part took.
package steps

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Progress prints one line for each finished step. Steps may run at the same time.
type Progress struct {
	out   io.Writer
	now   func() time.Time
	begun time.Time
	mutex sync.Mutex
}

// New starts the clock of a whole command.
func New(out io.Writer, now func() time.Time) *Progress {
	return &Progress{out: out, now: now, begun: now()}
}

// Do runs a step and prints its name with the time it took.
func (p *Progress) Do(name string, step func() error) error {
	begun := p.now()
	if err := step(); err != nil {
		p.line(begun, name+": failed")
		return err
	}
	p.line(begun, name)
	return nil
}

// Note prints a line without a time.
func (p *Progress) Note(format string, args ...any) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	fmt.Fprintf(p.out, "          "+format+"\n", args...)
}

// Total prints the time since the command began.
func (p *Progress) Total(text string) { p.line(p.begun, text) }

func (p *Progress) line(since time.Time, text string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	fmt.Fprintf(p.out, "%7.1fs  %s\n", p.now().Sub(since).Seconds(), text)
}
