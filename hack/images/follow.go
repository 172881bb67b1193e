package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/emporium-shop/emporium/hack/images/internal/recipe"
	"github.com/emporium-shop/emporium/hack/images/oci"
	"github.com/emporium-shop/emporium/hack/internal/gobuild"
)

// follow does what a recipe says: it builds in the checkout, with binaries going below out, and packs the image.
func follow(ctx context.Context, plan recipe.Recipe, checkout, out string) (v1.Image, error) {
	for _, build := range plan.Builds {
		if err := goBuild(ctx, build, checkout, out); err != nil {
			return nil, err
		}
	}
	var files []oci.File
	for _, copied := range plan.Copies {
		source, err := onDisk(copied, checkout, out)
		if err != nil {
			return nil, err
		}
		more, err := collect(source, copied)
		if err != nil {
			return nil, fmt.Errorf("copying %s: %w", copied.From, err)
		}
		files = append(files, more...)
	}
	layer, err := oci.Layer(files)
	if err != nil {
		return nil, err
	}
	return oci.Image(plan.Config, layer)
}

func note(format string, args ...any) { fmt.Printf("          "+format+"\n", args...) }

func goBuild(ctx context.Context, build recipe.Build, checkout, out string) error {
	args := append([]string{build.Args[0], "-v", "-o", filepath.Join(out, build.Output)}, build.Args[1:]...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = checkout
	// Nothing of the state of git gets in, or a commit that changes no source would give another image.
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK=off", "GOOS=linux")
	cmd.Env = append(cmd.Env, build.Env...)
	if err := gobuild.Run(cmd, build.Output, note); err != nil {
		return fmt.Errorf("running go %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// onDisk is the file on this machine. A link is followed: certificates often are one.
func onDisk(copied recipe.Copy, checkout, out string) (string, error) {
	source := copied.From
	switch copied.Origin {
	case recipe.Built:
		source = filepath.Join(out, copied.From)
	case recipe.Context:
		source = filepath.Join(checkout, copied.From)
	case recipe.Host:
	}
	source, err := filepath.EvalSymlinks(source)
	if err != nil {
		return "", fmt.Errorf("copying %s: %w", copied.From, err)
	}
	return source, nil
}

// collect lists a file, or all that is in a folder: as COPY does, a folder goes without its own name, a file into a folder with it.
func collect(source string, copied recipe.Copy) (files []oci.File, err error) {
	info, err := os.Stat(source)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return walk(source, path.Clean(copied.To))
	}
	target := copied.To
	if strings.HasSuffix(target, "/") {
		target = path.Join(target, path.Base(copied.From))
	}
	return []oci.File{{Path: target, Source: source, Mode: mode(info)}}, nil
}

func walk(source, target string) (files []oci.File, err error) {
	err = filepath.WalkDir(source, func(at string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := os.Stat(at)
		if err != nil || info.IsDir() {
			return err
		}
		below, err := filepath.Rel(source, at)
		files = append(files, oci.File{Path: path.Join(target, filepath.ToSlash(below)), Source: at, Mode: mode(info)})
		return err
	})
	return files, err
}

// mode forgets the umask of whoever made the file.
func mode(info fs.FileInfo) int64 {
	if info.Mode()&0o111 != 0 {
		return 0o755
	}
	return 0o644
}
