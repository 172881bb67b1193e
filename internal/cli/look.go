package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/emporium-shop/emporium/internal/cli/text"
)

// look is how text looks on the terminal: https://no-color.org is obeyed, and so is a locale that is not UTF-8.
func (e *env) look(width int, wide bool) text.Options {
	return text.Options{Width: width, Wide: wide, ASCII: e.ascii(), Color: terminal(e.Out) && e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb"}
}

// ascii: the first of these that is set is the locale, as setlocale(3) has it. Where none is set, as in a pod, UTF-8 is
// understood by what shows it.
func (e *env) ascii() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToUpper(e.getenv(name)); locale != "" {
			return !strings.Contains(locale, "UTF-8") && !strings.Contains(locale, "UTF8")
		}
	}
	return false
}

// to is the same program, writing elsewhere.
func (e *env) to(out io.Writer) *env {
	other := *e
	other.Out = out
	return &other
}

// newScreenless measures a terminal without touching what is on it.
func newScreenless(out io.Writer) *screen {
	s := &screen{out: out}
	if terminal(out) {
		s.file, s.live = out.(*os.File), true
	}
	return s
}

func (e *env) none(at *at, all bool) error {
	where := "in namespace " + at.key.Namespace + " (-A lists those of all namespaces)"
	if all {
		where = "in this cluster"
	}
	_, err := fmt.Fprintf(e.Err, "there is no Shop %s\n", where)
	return err
}

func isCanceled(err error) bool { return errors.Is(err, context.Canceled) }
