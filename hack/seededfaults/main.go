// Command seededfaults shows that the tests can fail: it puts each fault of a list into a copy
// of the source, one at a time, runs the tests that must see it, and says which did. A fault
// that cannot be put in any more is an error of the list. make seeded-faults, before a release.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Fault is one line of the source that is wrong.
type Fault struct {
	// ID names the fault, and Harm says what a user would suffer.
	ID, Harm string
	// File holds Old exactly once; New stands there instead.
	File, Old, New string
	// Package and Test are what must turn red.
	Package, Test string
}

// perFault is more than the tests of any fault take, compilation included.
const perFault = 10 * time.Minute

func main() {
	list := flag.String("list", "hack/seededfaults/faults.json", "list of the faults")
	only := flag.String("only", "", "run only faults whose ID begins with this")
	flag.Parse()
	if err := run(*list, *only); err != nil {
		fmt.Fprintln(os.Stderr, "seededfaults:", err)
		os.Exit(1)
	}
}

func run(list, only string) error {
	raw, err := os.ReadFile(list)
	if err != nil {
		return fmt.Errorf("reading the list: %w", err)
	}
	var faults []Fault
	if err := json.Unmarshal(raw, &faults); err != nil {
		return fmt.Errorf("reading %s: %w", list, err)
	}
	var errs []error
	for _, f := range faults {
		if !strings.HasPrefix(f.ID, only) {
			continue
		}
		begun := time.Now()
		err := f.try()
		errs = append(errs, err)
		fmt.Printf("%-28s %6.1f s  %s\n", f.ID, time.Since(begun).Seconds(), verdict(err))
	}
	return errors.Join(errs...)
}

func verdict(err error) string {
	if err != nil {
		return err.Error()
	}
	return "red, as it must be"
}

// try runs the tests with the fault in the source. An overlay puts it there for the compiler
// alone: the files stay as they are.
func (f Fault) try() error {
	source, err := os.ReadFile(f.File)
	if err != nil {
		return fmt.Errorf("%s: reading what shall be wrong: %w", f.ID, err)
	}
	if n := bytes.Count(source, []byte(f.Old)); n != 1 {
		return fmt.Errorf("%s: %s holds what shall be replaced %d times: bring the list up to date", f.ID, f.File, n)
	}
	overlay, remove, err := f.overlay(bytes.Replace(source, []byte(f.Old), []byte(f.New), 1))
	if err != nil {
		return err
	}
	defer remove()
	ctx, cancel := context.WithTimeout(context.Background(), perFault)
	defer cancel()
	out, err := exec.CommandContext(ctx, "go", "test", "-overlay", overlay, "-run", f.Test, f.Package).CombinedOutput()
	switch {
	case err == nil:
		return fmt.Errorf("%s: GREEN: %s of %s do not see it (%s)", f.ID, f.Test, f.Package, f.Harm)
	case bytes.Contains(out, []byte("[build failed]")), bytes.Contains(out, []byte("[setup failed]")):
		return fmt.Errorf("%s: with it the code does not compile:\n%s", f.ID, out)
	case !bytes.Contains(out, []byte("--- FAIL")):
		return fmt.Errorf("%s: the tests did not run to their end:\n%s", f.ID, out)
	}
	return nil
}

func (f Fault) overlay(source []byte) (path string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "seeded-fault-")
	if err != nil {
		return "", nil, fmt.Errorf("%s: making a folder: %w", f.ID, err)
	}
	from, err := filepath.Abs(f.File)
	wrong := filepath.Join(dir, filepath.Base(f.File))
	content, jsonErr := json.Marshal(map[string]map[string]string{"Replace": {from: wrong}})
	path = filepath.Join(dir, "overlay.json")
	err = errors.Join(err, jsonErr, os.WriteFile(wrong, source, 0o600), os.WriteFile(path, content, 0o600))
	return path, func() { os.RemoveAll(dir) }, err
}
