package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Fault is one place of the source that is wrong.
type Fault struct {
	// ID names the fault, and Harm says what a user would suffer.
	ID, Harm string
	// File holds Old exactly once; New stands there instead.
	File, Old, New string
	// Package and Test are what must turn red: a package and what go test -run takes.
	Package, Test string
}

// wrong returns the file with the fault in it.
func (f Fault) wrong(source []byte) ([]byte, error) {
	if n := bytes.Count(source, []byte(f.Old)); n != 1 {
		return nil, fmt.Errorf("%s holds what shall be replaced %d times: bring the list up to date", f.File, n)
	}
	return bytes.Replace(source, []byte(f.Old), []byte(f.New), 1), nil
}

// fingerprint changes when the fault may have another verdict: with the fault itself, the file
// that it is put into, and the package that must see it.
func (f Fault) fingerprint() (string, error) {
	sum := sha256.New()
	said, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	sum.Write(said)
	own, err := filepath.Glob(filepath.Join(f.Package, "*.go"))
	if err != nil {
		return "", err
	}
	for _, file := range append(own, f.File) {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("reading what the verdict hangs on: %w", err)
		}
		fmt.Fprintln(sum, file, len(text))
		sum.Write(text)
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

// try runs the tests with the fault in the source, and returns the first that turned red.
func (f Fault) try(tests runner) (by string, err error) {
	source, err := os.ReadFile(f.File)
	if err != nil {
		return "", fmt.Errorf("reading what shall be wrong: %w", err)
	}
	wrong, err := f.wrong(source)
	if err != nil {
		return "", err
	}
	if err := tests.areGreen(f); err != nil {
		return "", err
	}
	overlay, remove, err := f.overlay(wrong)
	defer remove()
	if err != nil {
		return "", err
	}
	out, err := tests.run(f, "-overlay", overlay, "-failfast", "-vet=off")
	switch {
	case err == nil:
		return "", fmt.Errorf("GREEN: %s of %s do not see it (%s)", f.Test, f.Package, f.Harm)
	case bytes.Contains(out, []byte("[build failed]")), bytes.Contains(out, []byte("[setup failed]")):
		return "", fmt.Errorf("with it the code does not compile:\n%s", out)
	}
	if by = firstRed(out); by == "" {
		return "", fmt.Errorf("the tests did not run to their end:\n%s", out)
	}
	return by, nil
}

// overlay puts the wrong file there for the compiler alone: the files stay as they are.
func (f Fault) overlay(source []byte) (path string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "seeded-fault-")
	if err != nil {
		return "", func() {}, fmt.Errorf("making a folder: %w", err)
	}
	from, err := filepath.Abs(f.File)
	wrong := filepath.Join(dir, filepath.Base(f.File))
	content, jsonErr := json.Marshal(map[string]map[string]string{"Replace": {from: wrong}})
	path = filepath.Join(dir, "overlay.json")
	err = errors.Join(err, jsonErr, os.WriteFile(wrong, source, 0o600), os.WriteFile(path, content, 0o600))
	return path, func() { os.RemoveAll(dir) }, err
}
