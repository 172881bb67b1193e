package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"k8s.io/utils/clock"
)

// counting is a picture of how often it was read and drawn.
type counting struct{ reads, draws int }

func (c *counting) picture() picture {
	return picture{
		read: func(context.Context) error { c.reads++; return nil },
		draw: func(out io.Writer, width int) error {
			c.draws++
			_, err := fmt.Fprintf(out, "read %d times, %d columns\nsecond line\n", c.reads, width)
			return err
		},
	}
}

// lines reads a terminal in the background, as a terminal's window does.
type window struct {
	seen chan string
	all  strings.Builder
}

func opened(t *testing.T, size pty.Winsize) (*window, *os.File, *os.File) {
	t.Helper()
	outside, inside, err := pty.Open()
	if err != nil {
		t.Skipf("left out: no terminal can be opened here: %v", err)
	}
	if err := pty.Setsize(outside, &size); err != nil {
		t.Fatal(err)
	}
	w := &window{seen: make(chan string, 1000)}
	go func() {
		defer close(w.seen)
		b := make([]byte, 4096)
		for {
			n, err := outside.Read(b)
			if n > 0 {
				w.seen <- string(b[:n])
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { outside.Close() })
	return w, outside, inside
}

// until reads on until the text is there.
func (w *window) until(t *testing.T, text string) {
	t.Helper()
	late := time.After(20 * time.Second)
	for !strings.Contains(w.all.String(), text) {
		select {
		case s, open := <-w.seen:
			if w.all.WriteString(s); !open && !strings.Contains(w.all.String(), text) {
				t.Fatalf("the terminal closed without %q: %q", text, w.all.String())
			}
		case <-late:
			t.Fatalf("no %q: %q", text, w.all.String())
		}
	}
}

func TestAWatchOnATerminalDrawsInPlaceAndShowsTheCursorAgain(t *testing.T) {
	w, outside, inside := opened(t, pty.Winsize{Rows: 24, Cols: 91})
	before := runtime.NumGoroutine()
	e := &env{Streams: Streams{Out: inside}, timer: clock.RealClock{}}
	ctx, cancel := context.WithCancel(context.Background())
	changed, done := make(chan struct{}, 1), make(chan error, 1)
	changed <- struct{}{}
	go func() { done <- e.redraw(ctx, changed, (&counting{}).picture()) }()
	w.until(t, "read 1 times, 91 columns\x1b[K")
	if err := pty.Setsize(outside, &pty.Winsize{Rows: 24, Cols: 60}); err != nil {
		t.Fatal(err)
	}
	changed <- struct{}{}
	w.until(t, "\x1b[Hread 2 times, 60 columns\x1b[K")
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Ctrl-C is told as an error: %v", err)
	}
	w.until(t, "\x1b[?25h")
	if !strings.HasPrefix(w.all.String(), "\x1b[?25l") {
		t.Errorf("the cursor blinks: %q", w.all.String())
	}
	inside.Close()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

func TestAWatchIsDrawnAtMostFourTimesASecond(t *testing.T) {
	out := &bytes.Buffer{}
	e := &env{Streams: Streams{Out: out}, timer: clock.RealClock{}}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	changed, c := make(chan struct{}), &counting{}
	go func() {
		for {
			select {
			case changed <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	}()
	if err := e.redraw(ctx, changed, c.picture()); err != nil {
		t.Fatal(err)
	}
	if c.draws < 2 || c.draws > 5 {
		t.Errorf("drawn %d times in a second", c.draws)
	}
	if text := out.String(); strings.Contains(text, "\x1b") || !strings.Contains(text, "read 1 times, 0 columns\nsecond line\n\nread 2 times") {
		t.Errorf("what is no terminal gets %q", text)
	}
}

func TestAPictureThatIsHigherThanTheTerminalIsCutAndSaysSo(t *testing.T) {
	w, _, inside := opened(t, pty.Winsize{Rows: 5, Cols: 80})
	s := newScreen(inside)
	if err := s.show("1\n2\n3\n4\n5\n6\n7\n"); err != nil {
		t.Fatal(err)
	}
	w.until(t, "3\x1b[K\r\n… 4 more lines")
	if strings.Contains(w.all.String(), "4\x1b[K") {
		t.Errorf("%q", w.all.String())
	}
	inside.Close()
}

func TestTheSamePictureIsNotPrintedTwice(t *testing.T) {
	out := &bytes.Buffer{}
	s := newScreen(out)
	for _, text := range []string{"a\n", "a\n", "b\n"} {
		if err := s.show(text); err != nil {
			t.Fatal(err)
		}
	}
	if out.String() != "a\n\nb\n" {
		t.Errorf("%q", out)
	}
}

func TestAReadThatFailsEndsTheWatch(t *testing.T) {
	e := &env{Streams: Streams{Out: io.Discard}, timer: clock.RealClock{}}
	changed := make(chan struct{}, 1)
	changed <- struct{}{}
	err := e.redraw(context.Background(), changed, picture{read: func(context.Context) error { return io.ErrUnexpectedEOF }})
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
}

// said answers a question on a terminal.
func said(t *testing.T, typed string, cancelled bool) error {
	t.Helper()
	w, outside, inside := opened(t, pty.Winsize{Rows: 24, Cols: 80})
	e := &env{Streams: Streams{In: inside, Err: inside}}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- e.confirm(ctx, "Let it serve? [y/N] ") }()
	w.until(t, "[y/N] ")
	if cancelled {
		cancel()
	} else if _, err := outside.WriteString(typed); err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	return <-done
}

func TestAQuestionTakesOnlyAYesForOne(t *testing.T) {
	for typed, yes := range map[string]bool{"y\n": true, "Yes\n": true, " y \n": true, "\n": false, "n\n": false, "yo\n": false, "\x04": false} {
		if err := said(t, typed, false); (err == nil) != yes {
			t.Errorf("%q: %v", typed, err)
		}
	}
	if err := said(t, "", true); !errors.Is(err, context.Canceled) {
		t.Errorf("Ctrl-C: %v", err)
	}
}
