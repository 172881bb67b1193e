package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/emporium-shop/emporium/hack/images/oci"
)

// debianConfig is what Debian's images say.
var debianConfig = v1.Config{Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, Cmd: []string{"bash"}}

// bases makes the base images of a Dockerfile that this machine can make, one after the other: many begin with the same.
func (e *Engine) bases(ctx context.Context, job Job) (bases []base, err error) {
	e.making.Lock()
	defer e.making.Unlock()
	text, err := os.ReadFile(job.Dockerfile)
	if err != nil {
		return nil, fmt.Errorf("reading the Dockerfile: %w", err)
	}
	found, err := basesOf(job.Dockerfile, text, e.golang)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(found.debian)) {
		root, err := e.store.Debian(ctx, found.debian[name])
		if err != nil {
			return nil, err
		}
		made, err := e.kept(name, filepath.Base(root), func() (v1.Image, error) { return imageOf(root) })
		if err != nil {
			return nil, err
		}
		bases = append(bases, made)
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(found.golang))) {
		made, err := e.golangBase(ctx, name)
		if err != nil {
			return nil, err
		}
		bases = append(bases, made)
	}
	return bases, nil
}

// golangBase is the image golang, whose go finds modules on this machine.
func (e *Engine) golangBase(ctx context.Context, name string) (base, error) {
	if err := e.modules.serve(ctx); err != nil {
		return base{}, err
	}
	golang, err := e.store.Golang(ctx, moduleProxies)
	if err != nil {
		return base{}, err
	}
	return e.kept(name, "golang-"+golang.Key, golang.Image)
}

// kept is the image of a name in FROM, as a layout in the cache, whose key says what it is made from. Reading the tarballs of a
// base image takes seconds each time. Only one engine at a time comes here, by the lock of the cache.
func (e *Engine) kept(name, key string, produce func() (v1.Image, error)) (base, error) {
	folder := e.store.Folder(filepath.Join("images", "layout-"+key))
	if _, err := layout.ImageIndexFromPath(folder); err != nil {
		if err := writeLayout(folder, produce); err != nil {
			return base{}, fmt.Errorf("making image %s: %w", name, err)
		}
	}
	image, err := single(folder)
	if err != nil {
		return base{}, fmt.Errorf("%w: remove %s, and it is made anew", err, folder)
	}
	digest, err := image.Digest()
	return base{name, folder, digest.String()}, err
}

// writeLayout makes a layout of one image in one step, so that the cache never holds half of one. What is there cannot be read.
func writeLayout(folder string, produce func() (v1.Image, error)) error {
	image, err := produce()
	if err != nil {
		return err
	}
	draft := folder + ".draft"
	defer os.RemoveAll(draft)
	if err := os.RemoveAll(draft); err != nil {
		return err
	}
	path, err := layout.Write(draft, empty.Index)
	if err == nil {
		err = path.AppendImage(image)
	}
	if err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(folder), os.Rename(draft, folder))
}

// imageOf makes an image of Debian's root file system.
func imageOf(root string) (v1.Image, error) {
	layer, err := tarball.LayerFromFile(root, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	return oci.Image(debianConfig, layer)
}
