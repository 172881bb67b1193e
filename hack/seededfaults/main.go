// Command seededfaults shows that the tests can fail: it puts each fault of a list into a copy
// of the source, one at a time, runs the tests that must see it, and says which did. A fault
// that cannot be put in any more is an error of the list. make seeded-faults, before a release.
//
// It takes an hour or so for all of them. What turned red is remembered beside the binaries, so
// that a run that was broken off goes on where it was: a fault is tried again when the fault, the
// file it is put into, or a file of the package whose tests must see it changed.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

// options are what the command is told.
type options struct {
	list, only, memory, through string
	patience                    time.Duration
	again                       bool
}

func main() {
	var o options
	flag.StringVar(&o.list, "list", "hack/seededfaults/faults.json", "list of the faults")
	flag.StringVar(&o.only, "only", "", "try only faults whose ID begins with this")
	flag.StringVar(&o.memory, "memory", "bin/seeded-faults.json", "where it is remembered what turned red")
	flag.StringVar(&o.through, "through", "nice -n 19", "command, with its arguments, that runs go")
	flag.DurationVar(&o.patience, "timeout", 10*time.Minute, "how long the tests of one fault may take, compilation included")
	flag.BoolVar(&o.again, "again", false, "try those again that are remembered as red")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "seededfaults:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	faults, err := readList(o.list)
	if err != nil {
		return err
	}
	faults = chosen(faults, o.only)
	red := recall(o.memory, o.again)
	tests := runner{through: strings.Fields(o.through), patience: o.patience, green: map[string]error{}}
	begun := time.Now()
	var errs []error
	for i, f := range faults {
		err := verdict(f, tests, red)
		errs = append(errs, err)
		fmt.Printf("%3d of %d, %s\n", i+1, len(faults), time.Since(begun).Round(time.Second))
	}
	bad := len(failed(errs))
	fmt.Printf("%d of %d faults turned a test red\n", len(faults)-bad, len(faults))
	return errors.Join(errs...)
}

// verdict tries a fault, unless it is remembered, and prints what came of it.
func verdict(f Fault, tests runner, red *memory) error {
	begun := time.Now()
	key, err := f.fingerprint()
	if seen, known := red.Seen[f.ID]; err == nil && known && seen.Key == key {
		fmt.Printf("%-34s        remembered as red: %-50s", f.ID, seen.By)
		return nil
	}
	by := ""
	if err == nil {
		by, err = f.try(tests)
	}
	if err == nil {
		err = red.keep(f.ID, key, by)
	}
	said := "red: " + by
	if err != nil {
		said = err.Error()
	}
	fmt.Printf("%-34s %6.1f s  %-60s", f.ID, time.Since(begun).Seconds(), said)
	return err
}

func readList(path string) ([]Fault, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the list: %w", err)
	}
	var faults []Fault
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&faults); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return faults, nil
}

func chosen(faults []Fault, only string) (out []Fault) {
	for _, f := range faults {
		if strings.HasPrefix(f.ID, only) {
			out = append(out, f)
		}
	}
	return out
}

func failed(errs []error) (out []error) {
	for _, err := range errs {
		if err != nil {
			out = append(out, err)
		}
	}
	return out
}
