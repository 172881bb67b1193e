package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/emporium-shop/emporium/hack/images/oci"
)

// debianConfig is what Debian's images say.
var debianConfig = v1.Config{Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, Cmd: []string{"bash"}}

// bases makes the base images of a Dockerfile that this machine can make.
func (e *Engine) bases(ctx context.Context, job Job) (bases []base, err error) {
	text, err := os.ReadFile(job.Dockerfile)
	if err != nil {
		return nil, fmt.Errorf("reading the Dockerfile: %w", err)
	}
	suites, err := debianBases(text)
	if err != nil {
		return nil, err
	}
	for _, name := range sorted(suites) {
		root, err := e.store.Debian(ctx, suites[name])
		if err != nil {
			return nil, err
		}
		folder := filepath.Join(e.folder, strings.TrimSuffix(filepath.Base(root), ".tar.gz"))
		digest, err := writeLayout(folder, root)
		if err != nil {
			return nil, fmt.Errorf("making image %s: %w", name, err)
		}
		bases = append(bases, base{name, folder, digest})
	}
	return bases, nil
}

// writeLayout makes an image of a tarball, as a layout. Writing it twice does nothing the second time.
func writeLayout(folder, root string) (digest string, err error) {
	layer, err := tarball.LayerFromFile(root, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return "", err
	}
	image, err := oci.Image(debianConfig, layer)
	if err != nil {
		return "", err
	}
	hash, err := image.Digest()
	if err != nil {
		return "", err
	}
	written, err := layout.FromPath(folder)
	if err != nil {
		if written, err = layout.Write(folder, empty.Index); err != nil {
			return "", err
		}
	}
	return hash.String(), written.ReplaceImage(image, func(d v1.Descriptor) bool { return d.Digest == hash })
}
