package stage

import (
	"strings"
	"testing"
	"time"
)

// heard calls back with each line that is written to it.
type heard func(string)

func (h heard) Write(text []byte) (int, error) { h(string(text)); return len(text), nil }

func TestALongCommandSaysWhatItDoes(t *testing.T) {
	lines := make(chan string, 1)
	s := Stage{Out: heard(func(line string) {
		select {
		case lines <- line:
		default:
		}
	})}
	var out listener
	_, _ = out.Write([]byte("   1.0s  image of cart\n          building kubelet: 30s, 212 packages compiled\n"))
	stop := s.still(time.Millisecond, out.last)
	defer stop()
	if line := <-lines; line != "         … building kubelet: 30s, 212 packages compiled\n" {
		t.Errorf("it says %q", line)
	}
}

func TestACommandThatEndedSaysNothingMore(t *testing.T) {
	var out listener
	s := Stage{Out: &out}
	s.still(time.Millisecond, func() string { return "x" })()
	before := out.String()
	time.Sleep(5 * time.Millisecond)
	if out.String() != before {
		t.Errorf("after its end it says %q", strings.TrimPrefix(out.String(), before))
	}
}

func TestWhatSaidNothingHasNoLastLine(t *testing.T) {
	if out := (&listener{}); out.last() != "" {
		t.Errorf("it says %q", out.last())
	}
}
