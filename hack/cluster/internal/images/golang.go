package images

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
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/emporium-shop/emporium/hack/images/oci"
)

// Golang is Debian with the Go that this machine has. In RUN, its modules come from goproxy.
func (m Maker) Golang(ctx context.Context, goproxy string) (Base, error) {
	root, err := m.debianWith(ctx, "git,ca-certificates")
	if err != nil {
		return Base{}, err
	}
	version, goroot, err := hostGo(ctx)
	if err != nil {
		return Base{}, err
	}
	layer, err := m.keep("go-"+version+"-"+key(version)+".tar.gz", func(target string) error {
		m.Note("packing Go %s", version)
		return packGo(goroot, target)
	})
	config := v1.Config{
		Env: []string{
			"PATH=/go/bin:/usr/local/go/bin:" + strings.TrimPrefix(debianPath, "PATH="), "GOPATH=/go", "GOTOOLCHAIN=local",
			// The database of checksums is not reached either; go.sum still holds.
			"GOPROXY=" + goproxy, "GOSUMDB=off",
		},
		Cmd: []string{"bash"}, WorkingDir: "/go",
	}
	return base("golang", goTags(version), config, root, layer), err
}

// goTags are the names of a version of Go: 1.26.8 and 1.26.
func goTags(version string) []string {
	tags := []string{version}
	if minor := strings.Split(version, "."); len(minor) == 3 {
		tags = append(tags, minor[0]+"."+minor[1])
	}
	return tags
}

func hostGo(ctx context.Context) (version, root string, err error) {
	text, err := exec.CommandContext(ctx, "go", "env", "GOVERSION", "GOROOT").Output()
	if err != nil {
		return "", "", fmt.Errorf("asking Go for its version: %w", err)
	}
	lines := strings.Fields(string(text))
	if len(lines) != 2 {
		return "", "", fmt.Errorf("asking Go for its version: it says %q", text)
	}
	return strings.TrimPrefix(lines[0], "go"), lines[1], nil
}

// goParts are the parts of Go's folder that builds and tests need.
var goParts = []string{"VERSION", "bin", "go.env", "lib", "pkg", "src"}

// packGo writes Go's folder as a layer.
func packGo(goroot, target string) error {
	var files []oci.File
	for _, part := range goParts {
		more, err := below(goroot, part)
		if err != nil {
			return fmt.Errorf("reading %s: %w", filepath.Join(goroot, part), err)
		}
		files = append(files, more...)
	}
	out, err := os.Create(target)
	if err != nil {
		return err
	}
	packed, err := gzip.NewWriterLevel(out, gzip.BestSpeed) // it travels over loopback alone
	if err == nil {
		err = errors.Join(oci.Pack(packed, files), packed.Close())
	}
	return errors.Join(err, out.Close())
}

// below lists the files of a part of Go's folder, at their place in the image. The tests' data stay here.
func below(goroot, part string) (files []oci.File, err error) {
	err = filepath.WalkDir(filepath.Join(goroot, part), func(at string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == "testdata" {
			return fs.SkipDir
		}
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		rest, err := filepath.Rel(goroot, at)
		mode := int64(0o644)
		if info.Mode()&0o111 != 0 {
			mode = 0o755
		}
		files = append(files, oci.File{Path: path.Join("/usr/local/go", filepath.ToSlash(rest)), Source: at, Mode: mode})
		return err
	})
	return files, err
}
