package build

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/hack/cluster/internal/owner"
	"github.com/emporium-shop/emporium/hack/internal/gobuild"
)

// Builder builds components into a cache.
type Builder struct {
	// Sources is the folder components of a checkout.
	Sources string
	// Cache is the folder that all checkouts of this user share.
	Cache string
	// Note tells the user about something that takes long.
	Note func(format string, args ...any)
}

// For is the builder of a checkout. Its cache is EMPORIUM_CACHE, or the folder emporium in the user's cache.
func For(checkout string, note func(format string, args ...any)) (Builder, error) {
	cache := os.Getenv("EMPORIUM_CACHE")
	if cache == "" {
		home, err := os.UserCacheDir()
		if err != nil {
			return Builder{}, fmt.Errorf("finding the cache: %w", err)
		}
		cache = filepath.Join(home, "emporium")
	}
	return Builder{Sources: filepath.Join(checkout, "hack", "cluster", "components"), Cache: cache, Note: note}, nil
}

// Ensure builds those of the named binaries that the cache lacks; no name means all. It returns their folder.
func (b Builder) Ensure(ctx context.Context, c Component, names ...string) (string, error) {
	source := filepath.Join(b.Sources, c.Name)
	toolchain, err := toolchain(ctx, source)
	if err != nil {
		return "", err
	}
	recipe, err := c.recipe(source, toolchain)
	if err != nil {
		return "", err
	}
	if len(names) == 0 {
		names = sortedKeys(c.Binaries)
	}
	folder := filepath.Join(b.Cache, "bin", c.Name+"-"+recipe.key())
	return folder, b.fill(ctx, c, recipe, folder, names)
}

func (b Builder) fill(ctx context.Context, c Component, r recipe, folder string, names []string) error {
	if len(missing(folder, names)) == 0 {
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("making room for %s: %w", c.Name, err)
	}
	// Two checkouts that start together build once.
	lock, err := owner.Acquire(folder+".lock", func() { b.Note("waiting for another build of %s", c.Name) })
	if err != nil {
		return err
	}
	defer lock.Release()
	names = missing(folder, names)
	if len(names) == 0 {
		return nil
	}
	b.Note("building %s (%s the first time)", strings.Join(names, ", "), c.Takes)
	return b.compile(ctx, c, r, folder, names)
}

// compile builds beside the cache and moves finished binaries in, so that the cache never holds half a binary.
func (b Builder) compile(ctx context.Context, c Component, r recipe, folder string, names []string) error {
	fresh, err := os.MkdirTemp(filepath.Dir(folder), "building-")
	if err != nil {
		return fmt.Errorf("making room to build %s: %w", c.Name, err)
	}
	defer os.RemoveAll(fresh)
	args := append([]string{"build", "-v", "-o", fresh + "/"}, r.flags...)
	for _, name := range names {
		args = append(args, c.Binaries[name])
	}
	if err := b.run(ctx, filepath.Join(b.Sources, c.Name), strings.Join(names, ", "), args); err != nil {
		return fmt.Errorf("building %s: %w", c.Name, err)
	}
	for _, name := range names {
		if err := os.Rename(filepath.Join(fresh, output(c.Binaries[name])), filepath.Join(folder, name)); err != nil {
			return fmt.Errorf("keeping %s: %w", name, err)
		}
	}
	return nil
}

func (b Builder) run(ctx context.Context, folder, name string, args []string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = folder
	// Without C, so that the binaries run in images made from nothing. Not as part of any workspace around us.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-buildvcs=false")
	return gobuild.Run(cmd, name, b.Note)
}

// toolchain asks in the component's folder: its go.mod may choose another version of Go.
func toolchain(ctx context.Context, folder string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "env", "GOVERSION")
	cmd.Dir = folder
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("asking Go for its version: %w", err)
	}
	return strings.TrimSpace(string(text)) + " " + runtime.GOOS + "/" + runtime.GOARCH, nil
}

var majorSuffix = regexp.MustCompile(`^v[0-9]+$`)

// output is the name go build gives to a package's binary: the last part of its path that is not a major version.
func output(pkg string) string {
	if majorSuffix.MatchString(path.Base(pkg)) {
		pkg = path.Dir(pkg)
	}
	return path.Base(pkg)
}

func missing(folder string, names []string) (left []string) {
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			left = append(left, name)
		}
	}
	return left
}

func sortedKeys[V any](all map[string]V) []string {
	return slices.Sorted(maps.Keys(all))
}
