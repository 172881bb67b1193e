package images

import (
	"context"
	"fmt"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/emporium-shop/emporium/hack/images/oci"
)

// Base is an image for FROM, made on this machine in the place of the one at Docker Hub.
type Base struct {
	// Repository and Tags are those at Docker Hub: golang, 1.26.
	Repository string
	Tags       []string
	// Key changes with what the image is made of.
	Key string
	// Config is that of the image.
	Config v1.Config
	// layers are compressed tarballs.
	layers []string
}

// Image puts the layers together.
func (b Base) Image() (v1.Image, error) {
	var layers []v1.Layer
	for _, file := range b.layers {
		layer, err := tarball.LayerFromFile(file, tarball.WithMediaType(types.OCILayer))
		if err != nil {
			return nil, fmt.Errorf("reading a layer of %s: %w", b.Repository, err)
		}
		layers = append(layers, layer)
	}
	return oci.Image(b.Config, layers...)
}

const debianPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Bases makes the images that Dockerfiles begin with: Debian, Go as it is on this machine, and Debian's Node. goproxy is where
// modules come from in RUN, where no proxy of the internet is reached.
func (m Maker) Bases(ctx context.Context, goproxy string) ([]Base, error) {
	var all []Base
	for _, suite := range []string{"bookworm", "trixie"} {
		root, err := m.DebianRoot(ctx, suite)
		if err != nil {
			return nil, err
		}
		all = append(all, base("debian", []string{suite + "-slim"}, v1.Config{Env: []string{debianPath}, Cmd: []string{"bash"}}, root))
	}
	golang, err := m.Golang(ctx, goproxy)
	if err != nil {
		return nil, err
	}
	node, err := m.debianWith(ctx, "nodejs,ca-certificates")
	if err != nil {
		return nil, err
	}
	return append(all, golang, base("node", []string{"20-slim"}, v1.Config{Env: []string{debianPath}, Cmd: []string{"node"}}, node)), nil
}

func base(repository string, tags []string, config v1.Config, layers ...string) Base {
	parts := append([]string{repository, fmt.Sprintf("%+v", config)}, tags...)
	for _, layer := range layers {
		parts = append(parts, filepath.Base(layer))
	}
	return Base{Repository: repository, Tags: tags, Key: key(parts...), Config: config, layers: layers}
}

// debianWith returns the path of a root file system with more packages.
func (m Maker) debianWith(ctx context.Context, packages string) (string, error) {
	args := append(append([]string{}, slim...), "--include="+packages, "trixie")
	return m.keep("debian-trixie-with-"+key(args...)+".tar.gz", func(target string) error {
		m.Note("fetching Debian with %s (half a minute the first time)", packages)
		return mmdebstrap(ctx, append(args, target)...)
	})
}
