// Package images makes the images that the cluster itself needs, and keeps them in the cache that all checkouts share.
package images

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/emporium-shop/emporium/hack/cluster/internal/build"
	"github.com/emporium-shop/emporium/hack/cluster/internal/owner"
	"github.com/emporium-shop/emporium/hack/cluster/internal/render"
	"github.com/emporium-shop/emporium/hack/images/oci"
)

// Names of the cluster's images, as the manifests use them.
const (
	CoreDNS       = "emporium.local/coredns:cluster"
	MetricsServer = "emporium.local/metrics-server:cluster"
	Postgres      = "emporium.local/postgres:15"
)

// nobody is the user that images run as unless a manifest says otherwise.
const nobody = "65532:65532"

// Maker makes images from what a Builder builds.
type Maker struct{ build.Builder }

// Small makes an image that holds just one static binary. It returns the path of its tarball.
func (m Maker) Small(ctx context.Context, c build.Component, name string) (string, error) {
	folder, err := m.Ensure(ctx, c)
	if err != nil {
		return "", err
	}
	return m.keep(filepath.Base(folder)+".tar", func(target string) error {
		layer, err := oci.Layer([]oci.File{{Path: "/" + c.Name, Source: filepath.Join(folder, c.Name), Mode: 0o755}})
		if err != nil {
			return err
		}
		image, err := oci.Image(v1.Config{Entrypoint: []string{"/" + c.Name}, User: nobody}, layer)
		if err != nil {
			return err
		}
		return oci.WriteArchive(target, name, image)
	})
}

// Components are the images made from components: their names by component.
func Components() map[string]build.Component {
	return map[string]build.Component{
		render.PauseImage: build.Pause,
		CoreDNS:           build.CoreDNS,
		MetricsServer:     build.MetricsServer,
	}
}

// keep makes a file unless the cache has it. Its name holds a key of all that it is made from, and its end, as the maker of a file may look at that.
func (m Maker) keep(name string, produce func(target string) error) (string, error) {
	folder := filepath.Join(m.Cache, "images")
	path := filepath.Join(folder, name)
	if there(path) {
		return path, nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("making the folder for images: %w", err)
	}
	lock, err := owner.Acquire(path+".lock", func() { m.Note("waiting for another one who makes %s", name) })
	if err != nil {
		return "", err
	}
	defer lock.Release()
	if there(path) {
		return path, nil
	}
	// Beside the cache first, so that the cache never holds half a file.
	fresh := filepath.Join(folder, "making-"+name)
	defer os.Remove(fresh)
	if err := produce(fresh); err != nil {
		return "", fmt.Errorf("making %s: %w", name, err)
	}
	return path, os.Rename(fresh, path)
}

func there(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
