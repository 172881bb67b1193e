package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/emporium-shop/emporium/internal/act"
	"github.com/emporium-shop/emporium/internal/cli/text"
)

// Exit codes beside those of act.Code: 4 held by Git, 5 not the candidate, 6 cannot serve, 9 forbidden.
const (
	exitError    = 1 // any other error; why: something is wrong; diff: they differ
	exitChanges  = 2 // plan: something would change
	exitRefused  = 3 // plan: it would be refused
	exitStalled  = 7 // wait: nothing goes on until somebody changes something
	exitTimedOut = 8
	exitUsage    = 64 // called wrongly: EX_USAGE of sysexits(3), so that no script takes it for what plan found out
)

// coded is an error with an exit code. One without a message says nothing: the output said it.
type coded struct {
	code    int
	message string
}

func (c *coded) Error() string { return c.message }

func usage(format string, values ...any) error {
	return &coded{exitUsage, fmt.Sprintf(format, values...)}
}

// verdict is an exit code that is no error: what was found out stands in the output.
func verdict(code int) error {
	if code == 0 {
		return nil
	}
	return &coded{code: code}
}

func codeOf(err error) int {
	var refused *act.Refusal
	var c *coded
	switch {
	case err == nil:
		return 0
	case errors.As(err, &refused):
		return int(refused.Code)
	case errors.As(err, &c):
		return c.code
	case apierrors.IsForbidden(err):
		return int(act.Forbidden)
	}
	return exitError
}

// exit says what went wrong, and returns the exit code.
func (e *env) exit(err error) int {
	code := codeOf(err)
	if errors.Is(err, context.Canceled) && code == exitError { // Ctrl-C, which needs no words
		return 130
	}
	if err == nil || err.Error() == "" {
		return code
	}
	fmt.Fprintf(e.Err, "error: %s\n", text.Clean(err.Error()))
	if refused := (*act.Refusal)(nil); errors.As(err, &refused) && refused.Patch != "" {
		fmt.Fprintf(e.Err, "\n%s\n", indented(text.Clean(refused.Patch)))
		fmt.Fprintf(e.Err, "--force takes it until %s applies again.\n", text.Clean(refused.Holder.Manager))
	}
	return code
}

func indented(block string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(block, "\n"), "\n", "\n    ")
}
