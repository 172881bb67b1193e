package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/emporium-shop/emporium/internal/git"
)

// gitAuth makes of a mounted Secret the files that BuildKit takes, for the group of the pod to read; it returns the exit code.
func gitAuth(args []string, errs io.Writer) int {
	var o options
	f := flag.NewFlagSet("push git-auth", flag.ContinueOnError)
	f.SetOutput(errs)
	from := f.String("from", "", "`folder` with the keys of a Secret")
	to := f.String("to", "", "`folder` that takes the files")
	f.StringVar(&o.terminationLog, "termination-log", "", "`file` that is told what went wrong; default: none")
	if err := f.Parse(args); err != nil {
		return 2
	}
	if *from == "" || *to == "" {
		return fail(o, errors.New("usage: push git-auth --from FOLDER --to FOLDER"), errs, 2)
	}
	if err := makeGitAuth(*from, *to); err != nil {
		return fail(o, err, errs, 1)
	}
	return 0
}

func makeGitAuth(from, to string) error {
	data, err := secretAt(from)
	if err != nil {
		return err
	}
	files, err := git.BuildFiles(data)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(to, name), text, 0o440); err != nil {
			return fmt.Errorf("writing what BuildKit takes: %w", err)
		}
	}
	return nil
}

// secretAt reads a Secret as it is mounted: a file for each key, beside folders of the kubelet's.
func secretAt(folder string) (map[string][]byte, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("reading the Secret that spec.git.secret names: %w", err)
	}
	out := map[string][]byte{}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		if is, err := os.Stat(path); err != nil || is.IsDir() {
			continue
		}
		if out[e.Name()], err = readFile(path); err != nil {
			return nil, fmt.Errorf("reading the Secret that spec.git.secret names: %w", err)
		}
	}
	return out, nil
}
