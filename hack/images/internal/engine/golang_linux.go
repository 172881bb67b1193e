package engine

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/emporium-shop/emporium/hack/images/oci"
)

// golang is the Go of this machine, as a checkout asks for it.
type golang struct {
	version string // 1.26.8
	root    string
	// modules is the folder of what was downloaded, which has the shape of a module proxy.
	modules string
}

func findGolang(ctx context.Context, checkout string) (golang, error) {
	cmd := exec.CommandContext(ctx, "go", "env", "GOVERSION", "GOROOT", "GOMODCACHE")
	cmd.Dir = checkout
	text, err := cmd.Output()
	if err != nil {
		return golang{}, fmt.Errorf("asking Go for its version: %w", err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 3 {
		return golang{}, fmt.Errorf("asking Go for its version: it answers %q", text)
	}
	return golang{strings.TrimPrefix(lines[0], "go"), lines[1], filepath.Join(lines[2], "cache", "download")}, nil
}

// golangConfig is what the public image says, and where modules come from: this machine has them.
func golangConfig(version string) v1.Config {
	return v1.Config{
		Env: []string{
			"PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"GOLANG_VERSION=" + version, "GOTOOLCHAIN=local", "GOPATH=/go", "GOPROXY=" + moduleProxies,
		},
		Cmd: []string{"bash"}, WorkingDir: "/go",
	}
}

// golangBase makes the image golang of a Debian release and the Go of this machine.
func (e *Engine) golangBase(ctx context.Context, suite string) (base, error) {
	debian, err := e.store.Debian(ctx, suite, "ca-certificates", "git")
	if err != nil {
		return base{}, err
	}
	config := golangConfig(e.golang.version)
	name := fmt.Sprintf("golang-%s-%x", e.golang.version, sum(filepath.Base(debian), config.Env))
	return e.kept(name, func(folder string) (v1.Image, error) {
		e.Note("packing Go %s as a base image (half a minute the first time)", e.golang.version)
		packed := filepath.Join(folder, "go.tar.gz")
		if err := packGo(e.golang.root, packed); err != nil {
			return nil, fmt.Errorf("packing %s: %w", e.golang.root, err)
		}
		return imageOf(config, debian, packed)
	})
}

// packGo writes a Go root as the layer that has it in /usr/local/go.
func packGo(root, target string) (err error) {
	files := []oci.File{{Path: "/go/src", Folder: true, Mode: 0o777}, {Path: "/go/bin", Folder: true, Mode: 0o777}}
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		// Debian's own Go has links to folders here.
		source, err := filepath.EvalSymlinks(filepath.Join(root, entry.Name()))
		if err != nil {
			return err
		}
		if files, err = tree(files, source, path.Join("/usr/local/go", entry.Name())); err != nil {
			return err
		}
	}
	file, err := os.Create(target)
	if err != nil {
		return err
	}
	packer, err := gzip.NewWriterLevel(file, gzip.BestSpeed)
	if err != nil {
		return err
	}
	return errors.Join(oci.Pack(packer, files), packer.Close(), file.Close())
}

// mode forgets the umask of whoever installed Go.
func mode(info fs.FileInfo) int64 {
	if info.Mode()&0o111 != 0 {
		return 0o755
	}
	return 0o644
}

// tree adds a file, or all files below a folder.
func tree(files []oci.File, source, target string) ([]oci.File, error) {
	err := filepath.WalkDir(source, func(at string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		below, err := filepath.Rel(source, at)
		files = append(files, oci.File{Path: path.Join(target, filepath.ToSlash(below)), Source: at, Mode: mode(info)})
		return err
	})
	return slices.Clip(files), err
}
