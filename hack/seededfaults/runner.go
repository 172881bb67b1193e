package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"time"
)

// runner runs tests.
type runner struct {
	// through is the command that runs go, and patience how long a run may take.
	through  []string
	patience time.Duration
	// green is what came of tests without a fault, by package and pattern.
	green map[string]error
}

// run returns what go test said.
func (r runner) run(f Fault, flags ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), r.patience)
	defer cancel()
	args := slices.Concat(r.through, []string{"go", "test"}, flags, []string{"-run", f.Test, f.Package})
	return exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput()
}

var none = regexp.MustCompile(`(?m)^ok .*\[no tests to run\]`)

// areGreen tells whether the tests pass without a fault. Go remembers that itself where nothing changed.
func (r runner) areGreen(f Fault) error {
	of := f.Package + " " + f.Test
	if err, known := r.green[of]; known {
		return err
	}
	out, err := r.run(f)
	switch {
	case err != nil:
		err = fmt.Errorf("%s of %s is red without a fault:\n%s", f.Test, f.Package, out)
	case none.Match(out):
		err = fmt.Errorf("%s names no test of %s", f.Test, f.Package)
	}
	r.green[of] = err
	return err
}

// red is the line of a test that failed; the innermost is said first.
var red = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

func firstRed(out []byte) string {
	all := red.FindAllSubmatch(out, -1)
	if len(all) == 0 {
		return ""
	}
	by := string(all[0][1])
	if len(all) > 1 { // a test is followed by its subtests
		by = string(all[1][1])
	}
	return by
}
