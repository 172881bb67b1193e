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
	found, err := basesOf(job.Dockerfile, text, e.golang.version)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		made, err := e.base(ctx, found[name])
		if err != nil {
			return nil, fmt.Errorf("making image %s: %w", name, err)
		}
		made.name = name
		bases = append(bases, made)
		if !found[name].golang {
			continue
		}
		if err := e.modules.offer(ctx, job.Context); err != nil {
			return nil, err
		}
	}
	return bases, nil
}

func (e *Engine) base(ctx context.Context, r recipe) (base, error) {
	if r.golang {
		return e.golangBase(ctx, r.suite)
	}
	root, err := e.store.Debian(ctx, r.suite)
	if err != nil {
		return base{}, err
	}
	return e.kept(filepath.Base(root), func(string) (v1.Image, error) { return imageOf(debianConfig, root) })
}

// kept is an image as a layout in the cache: what it is made from is in its name. produce may use a folder for what it makes on the
// way. Only one engine at a time comes here, by the lock of the cache.
func (e *Engine) kept(name string, produce func(folder string) (v1.Image, error)) (base, error) {
	folder := e.store.Folder(filepath.Join("images", "layout-"+name))
	if index, err := layout.ImageIndexFromPath(folder); err == nil {
		return baseIn(folder, index)
	}
	draft := folder + ".draft"
	if err := errors.Join(os.RemoveAll(draft), os.MkdirAll(draft, 0o755)); err != nil {
		return base{}, err
	}
	defer os.RemoveAll(draft)
	image, err := produce(draft)
	if err != nil {
		return base{}, err
	}
	whole := filepath.Join(draft, "layout")
	path, err := layout.Write(whole, empty.Index)
	if err != nil {
		return base{}, err
	}
	if err := path.AppendImage(image); err != nil {
		return base{}, err
	}
	// In one step, so that the cache never holds half an image. What is there cannot be read.
	if err := errors.Join(os.RemoveAll(folder), os.Rename(whole, folder)); err != nil {
		return base{}, err
	}
	index, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		return base{}, err
	}
	return baseIn(folder, index)
}

// baseIn is the one image of a layout.
func baseIn(folder string, index v1.ImageIndex) (base, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return base{}, err
	}
	if len(manifest.Manifests) != 1 {
		return base{}, fmt.Errorf("%s has %d images instead of one: remove that folder", folder, len(manifest.Manifests))
	}
	return base{folder: folder, digest: manifest.Manifests[0].Digest.String()}, nil
}

// imageOf makes an image of tarballs.
func imageOf(config v1.Config, tarballs ...string) (v1.Image, error) {
	var layers []v1.Layer
	for _, path := range tarballs {
		layer, err := tarball.LayerFromFile(path, tarball.WithMediaType(types.OCILayer))
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	return oci.Image(config, layers...)
}
