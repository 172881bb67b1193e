package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// plugin is the folder of kubectl shop.
const plugin = "cmd/kubectl-shop"

// platforms are those that kubectl shop is built for.
var platforms = []struct{ os, arch string }{
	{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
}

// nameOf is what the program for a platform is called in dist/.
func nameOf(os, arch string) string {
	name := "kubectl-shop_" + os + "_" + arch
	if os == "windows" {
		name += ".exe"
	}
	return name
}

// programs builds kubectl-shop_<os>_<arch> for each platform, and what krew installs it from.
func programs(ctx context.Context, o options) error {
	if _, err := os.Stat(filepath.Join(o.root, plugin)); err != nil {
		fmt.Fprintln(os.Stderr, "dist: there is no", plugin+", so no kubectl-shop_…")
		return nil
	}
	out, err := filepath.Abs(o.out)
	if err != nil {
		return fmt.Errorf("finding %s: %w", o.out, err)
	}
	for _, p := range platforms {
		if err := build(ctx, o.root, "./"+plugin, filepath.Join(out, nameOf(p.os, p.arch)), p.os, p.arch, o.tag); err != nil {
			return err
		}
	}
	return krew(o)
}

// largest is how many bytes kubectl-shop may have: people fetch it over the network of a train.
const largest = 45 << 20

// build makes a program that holds nothing of this machine: no path, no name of a commit, no C.
func build(ctx context.Context, folder, program, to, goos, goarch, version string) error {
	fmt.Fprintln(os.Stderr, "dist: building", filepath.Base(to))
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version="+version, "-o", to, program)
	command.Dir = folder
	command.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", filepath.Base(to), err, said)
	}
	info, err := os.Stat(to)
	if err != nil {
		return fmt.Errorf("measuring %s: %w", filepath.Base(to), err)
	}
	if info.Size() > largest {
		return fmt.Errorf("%s has %d bytes, and %d are the most: look for what it links that it did not before", filepath.Base(to), info.Size(), largest)
	}
	return nil
}
