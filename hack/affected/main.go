// Command affected prints the paths of this repository that Go packages are made of, tests included, for
// spec.paths of a ShopSource:
//
//	go run ./hack/affected ./services/cart/...
//
// It does not see what a test or a Dockerfile reads from elsewhere in the repository by its path: add that.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/emporium-shop/emporium/internal/affected"
)

func main() {
	if len(os.Args) < 2 || strings.HasPrefix(os.Args[1], "-") {
		fmt.Fprintln(os.Stderr, "usage: go run ./hack/affected <package>…, e.g. ./services/cart/...")
		os.Exit(2)
	}
	paths, err := pathsOf(context.Background(), ".", os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "affected:", err)
		os.Exit(1)
	}
	fmt.Println("paths:")
	for _, p := range paths {
		fmt.Printf("- %s\n", p)
	}
}

// format prints the folder of a package that is no other module's, and the module's own.
const format = `{{with .Module}}{{if .Main}}{{$.Dir}}{{"\n"}}{{.GoMod}}{{end}}{{end}}`

// pathsOf asks go which packages of the main module are compiled into these and their tests.
func pathsOf(ctx context.Context, dir string, packages []string) ([]string, error) {
	root, err := output(ctx, dir, "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, fmt.Errorf("looking for the root of the repository: %w", err)
	}
	listed, err := output(ctx, dir, "go", append([]string{"list", "-deps", "-test", "-f", format, "--"}, packages...)...)
	if err != nil {
		return nil, fmt.Errorf("listing what the packages import: %w", err)
	}
	var paths []string
	for at := range strings.Lines(listed) {
		if at = strings.TrimSpace(at); at == "" {
			continue
		}
		below, err := filepath.Rel(strings.TrimSpace(root), at)
		if err != nil || strings.HasPrefix(below, "..") {
			return nil, fmt.Errorf("%s is not in the repository %s", at, root)
		}
		paths = append(paths, withSum(strings.TrimSpace(root), filepath.ToSlash(below))...)
	}
	if len(paths) == 0 {
		return nil, errors.New("these packages are of another module: ask for packages of this one")
	}
	return affected.Outermost(paths), nil
}

// withSum adds what lies beside a go.mod and changes what is built: go.sum, and copies of other modules.
func withSum(root, p string) []string {
	switch {
	case p == ".":
		return []string{""} // the package in the root: everything
	case filepath.Base(p) != "go.mod":
		return []string{p}
	}
	out := []string{p}
	for _, beside := range []string{"go.sum", "vendor"} {
		at := filepath.Join(filepath.Dir(p), beside)
		if _, err := os.Stat(filepath.Join(root, at)); err == nil {
			out = append(out, filepath.ToSlash(at))
		}
	}
	return out
}

// output runs a program; what it writes to standard error is the error.
func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var out, said bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("running %s: %w: %s", name, err, strings.TrimSpace(said.String()))
	}
	return out.String(), nil
}
