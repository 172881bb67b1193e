package pgserver

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// recipe is how a cluster's files are made; they are kept by it.
var recipe = []string{"-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"}

// makeData makes the files of a cluster: initdb takes a second of CPU, copying
// what it made before a few hundredths. The copy is kept in the user's cache,
// one for each recipe and PostgreSQL. A cache that cannot be used is no reason to fail.
func makeData(bin, data string, who *syscall.SysProcAttr) error {
	kept, err := keptAt(bin)
	if err == nil && copyTree(kept, data) == nil {
		return nil
	}
	_ = os.RemoveAll(data) // half a copy
	initdb := exec.Command(filepath.Join(bin, "initdb"), append([]string{"-D", data}, recipe...)...)
	initdb.SysProcAttr, initdb.Dir = who, filepath.Dir(data)
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("making a PostgreSQL cluster: %w: %s", err, out)
	}
	if err == nil {
		keep(data, kept)
	}
	return nil
}

// keep puts a copy where the next process finds it. Of two who do so at once,
// one wins: a rename is whole or not at all.
func keep(data, kept string) {
	if os.MkdirAll(filepath.Dir(kept), 0o755) != nil {
		return
	}
	draft, err := os.MkdirTemp(filepath.Dir(kept), "draft-")
	if err != nil {
		return
	}
	defer os.RemoveAll(draft)
	if copyTree(data, filepath.Join(draft, "data")) == nil {
		_ = os.Rename(filepath.Join(draft, "data"), kept) // another was first
	}
}

// copyTree keeps owners and modes, which PostgreSQL insists on.
func copyTree(from, to string) error {
	if _, err := os.Stat(from); err != nil {
		return err
	}
	return exec.Command("cp", "-a", "--reflink=auto", from, to).Run()
}

// keptAt names the files by what they depend on: recipe, program, catalog, and
// who may own them.
func keptAt(bin string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintln(sum, strings.Join(recipe, " "), os.Geteuid())
	catalog := filepath.Join("/usr/share/postgresql", version(bin), "postgres.bki")
	for _, name := range []string{filepath.Join(bin, "initdb"), filepath.Join(bin, "postgres"), catalog} {
		if err := add(sum, name); err != nil {
			return "", err
		}
	}
	return filepath.Join(cache, "emporium", "pgserver", hex.EncodeToString(sum.Sum(nil)[:12])), nil
}

func add(sum io.Writer, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(sum, f)
	return err
}
