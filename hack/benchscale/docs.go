package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const (
	begins = "<!-- bench-scale: filled by make bench-scale FLAGS=-docs -->"
	ends   = "<!-- /bench-scale -->"
)

// fillDocs puts the tables between the marks of docs/scale.md, and the plots beside it.
func fillDocs(root, machine string, all []series) error {
	var svg, tables bytes.Buffer
	plot(&svg, all)
	fmt.Fprintf(&tables, "%s\n", machine)
	for _, s := range all {
		s.print(&tables)
	}
	fmt.Fprintf(&tables, "\n### Laws\n")
	printLaws(&tables, all)
	page := filepath.Join(root, "docs", "scale.md")
	old, err := os.ReadFile(page)
	if err != nil {
		return fmt.Errorf("filling %s: %w", page, err)
	}
	text, err := fill(old, tables.Bytes())
	if err != nil {
		return fmt.Errorf("filling %s: %w", page, err)
	}
	return errors.Join(
		os.WriteFile(page, text, 0o644),                                            //nolint:gosec // a page of the docs
		os.WriteFile(filepath.Join(root, "docs", "scale.svg"), svg.Bytes(), 0o644), //nolint:gosec // a picture of the docs
	)
}

// fill puts text between the marks.
func fill(page, text []byte) ([]byte, error) {
	before, rest, begun := bytes.Cut(page, []byte(begins))
	_, after, ended := bytes.Cut(rest, []byte(ends))
	if !begun || !ended {
		return nil, fmt.Errorf("there is no %s with its end", begins)
	}
	return bytes.Join([][]byte{before, []byte(begins + "\n"), text, []byte(ends), after}, nil), nil
}

// merge replaces the series of an earlier run that were measured again.
func merge(earlier, now []series) (out []series) {
	same := func(a, b series) bool { return a.title() == b.title() }
	for _, e := range earlier {
		again := false
		for _, n := range now {
			again = again || same(e, n)
		}
		if !again {
			out = append(out, e)
		}
	}
	return append(out, now...)
}

// read returns the series of an earlier run; none where there was none.
func read(file string) (all []series, err error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the figures of an earlier run: %w", err)
	}
	return all, nil
}
