// Command align raises, in go.mod of this repository and of the components of its cluster, each module that several of them
// need to the highest version that one of them needs. What is of one version is compiled once: without it a
// cold `make demo` compiles client-go four times. Run it from the root of the checkout after a component got a new
// version, then build them: `go run ./hack/cluster/align && go run ./hack/cluster assets`.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

func main() {
	if err := run(context.Background(), "."); err != nil {
		fmt.Fprintln(os.Stderr, "align:", err)
		os.Exit(1)
	}
}

// rounds bounds how often tidying may ask for something newer.
const rounds = 5

func run(ctx context.Context, root string) error {
	for range rounds {
		all, err := read(root)
		if err != nil {
			return err
		}
		raise := raises(all)
		if len(raise) == 0 {
			return nil
		}
		for _, m := range all {
			if err := edit(ctx, m, raise[m.folder]); err != nil {
				return err
			}
		}
	}
	return errors.New("tidying asks for something newer each time; look at `git diff`")
}

// edit writes the versions into a module's go.mod. With -e, since the tests of some dependency may need what a newer one lacks.
func edit(ctx context.Context, m module, versions map[string]string) error {
	if len(versions) == 0 {
		return nil
	}
	args := []string{"mod", "edit"}
	for path, version := range versions {
		args = append(args, "-require="+path+"@"+version)
	}
	slices.Sort(args[2:])
	fmt.Printf("%s: %d modules\n", m.folder, len(versions))
	for _, args := range [][]string{args, {"mod", "tidy", "-e"}} {
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Dir, cmd.Env = m.folder, append(os.Environ(), "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go %s in %s: %w: %s", args[1], m.folder, err, out)
		}
	}
	return nil
}

// folders of the modules that make demo compiles.
func folders(root string) []string {
	out := []string{root}
	for _, component := range []string{"kubernetes", "etcd", "containerd", "coredns", "metrics-server", "buildkit"} {
		out = append(out, filepath.Join(root, "hack", "cluster", "components", component))
	}
	return out
}
