package build

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// recipe is all that decides what comes out of a build.
type recipe struct {
	// sources are go.mod, go.sum and the Go files of the component's folder, by name.
	sources map[string][]byte
	// toolchain is Go's version with the platform built for.
	toolchain string
	flags     []string
}

// key names the outcome of a recipe: the same recipe has the same key in every checkout.
func (r recipe) key() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%q\n", r.toolchain, r.flags)
	for _, name := range sortedKeys(r.sources) {
		fmt.Fprintf(sum, "%s %d\n%s", name, len(r.sources[name]), r.sources[name])
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
}

func (c Component) recipe(folder, toolchain string) (recipe, error) {
	sources, err := readSources(folder)
	if err != nil {
		return recipe{}, fmt.Errorf("reading the sources of %s: %w", c.Name, err)
	}
	flags, err := c.flags(sources["go.mod"])
	if err != nil {
		return recipe{}, fmt.Errorf("reading the version of %s: %w", c.Name, err)
	}
	return recipe{sources: sources, toolchain: toolchain, flags: flags}, nil
}

func readSources(folder string) (map[string][]byte, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	sources := map[string][]byte{}
	for _, entry := range entries {
		if name := entry.Name(); strings.HasPrefix(name, "go.") || strings.HasSuffix(name, ".go") {
			if sources[name], err = os.ReadFile(filepath.Join(folder, name)); err != nil {
				return nil, err
			}
		}
	}
	return sources, nil
}

func (c Component) flags(gomod []byte) ([]string, error) {
	version, err := c.version(gomod)
	if err != nil {
		return nil, err
	}
	link := "-s -w"
	if c.Version != nil {
		link += c.Version(version)
	}
	flags := []string{"-trimpath", "-ldflags", link}
	if c.Tags != "" {
		flags = append(flags, "-tags", c.Tags)
	}
	return flags, nil
}

// version is what go.mod requires of the module, so that it is written down once.
func (c Component) version(gomod []byte) (string, error) {
	file, err := modfile.ParseLax("go.mod", gomod, nil)
	if err != nil || c.Module == "" {
		return "", err
	}
	for _, require := range file.Require {
		if require.Mod.Path == c.Module {
			return require.Mod.Version, nil
		}
	}
	return "", fmt.Errorf("finding %s in go.mod: it is not required", c.Module)
}
