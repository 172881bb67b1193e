package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

const (
	// atMost is the least time between two pictures: four in a second are as many as one can see.
	atMost = 250 * time.Millisecond
	// atLeast is when ages are drawn anew although nothing has changed.
	atLeast = time.Second
)

// picture draws what is known; read first reads it anew.
type picture struct {
	read func(context.Context) error
	draw func(out io.Writer, width int) error
}

// redraw draws whenever something changed, until ctx ends, or the reading fails.
func (e *env) redraw(ctx context.Context, changed <-chan struct{}, p picture) error {
	screen := newScreen(e.Out)
	defer screen.end()
	tick := e.timer.NewTicker(atLeast)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil // Ctrl-C is how one ends it
		case <-tick.C():
			if !screen.live {
				continue // a file is no place for ages that grow
			}
		case <-changed:
			if err := p.read(ctx); err != nil {
				return ended(ctx, err)
			}
		}
		var b bytes.Buffer
		if err := p.draw(&b, screen.width()); err != nil {
			return err
		}
		if err := screen.show(b.String()); err != nil {
			return err
		}
		if !e.rest(ctx, atMost) {
			return nil
		}
	}
}

// rest lets changes of some time become one; false: ctx ended.
func (e *env) rest(ctx context.Context, d time.Duration) bool {
	timer := e.timer.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C():
		return true
	}
}

func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// screen is a terminal on which the same place is written again and again; what is none gets each picture that is another, below
// the last.
type screen struct {
	out  io.Writer
	file *os.File
	live bool
	last string
}

func newScreen(out io.Writer) *screen {
	s := &screen{out: out}
	if terminal(out) {
		s.file, s.live = out.(*os.File), true
		fmt.Fprint(out, "\x1b[?25l\x1b[2J") // no cursor, an empty screen
	}
	return s
}

func (s *screen) end() {
	if s.live {
		fmt.Fprint(s.out, "\x1b[?25h")
	}
}

func (s *screen) width() int {
	width, _ := s.size()
	return width
}

// size of the terminal, as it is now: people resize it. 0: it is none.
func (s *screen) size() (width, height int) {
	if !s.live {
		return 0, 0
	}
	width, height, err := term.GetSize(int(s.file.Fd()))
	if err != nil {
		return 80, 24
	}
	return width, height
}

func (s *screen) show(text string) error {
	if !s.live {
		if text == s.last {
			return nil
		}
		sep := ""
		if s.last != "" {
			sep = "\n"
		}
		s.last = text
		_, err := io.WriteString(s.out, sep+text)
		return err
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if _, height := s.size(); height > 1 && len(lines) >= height {
		lines = append(lines[:height-2], fmt.Sprintf("… %d more lines: make the terminal higher", len(lines)-height+2))
	}
	// From the upper left corner, each line cleared to its end, and what is below it: nothing flickers.
	_, err := io.WriteString(s.out, "\x1b[H"+strings.Join(lines, "\x1b[K\n")+"\x1b[K\n\x1b[J")
	return err
}
