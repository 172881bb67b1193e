// Package load brings image tarballs into the nodes of a cluster made by hack/cluster.
package load

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
)

// HostAddress is where pods reach this machine. It is there as long as the cluster is.
const HostAddress = layout.HostAddress

// Cluster is the cluster of a checkout, as far as its images are concerned.
type Cluster struct{ layout layout.Cluster }

// Into names the cluster to load into.
func Into(c layout.Cluster) Cluster { return Cluster{c} }

// Here finds the cluster of the checkout that contains folder.
func Here(folder string) (Cluster, error) {
	found, err := layout.Here(folder)
	return Into(found), err
}

// Checkout is the folder whose cluster it is.
func (c Cluster) Checkout() string { return c.layout.Checkout() }

// Images is where tarballs of the project's images are kept.
func (c Cluster) Images() string { return c.layout.Images() }

// Image imports a tarball into every node.
func (c Cluster) Image(ctx context.Context, tarball string) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, node := range c.layout.Nodes() {
		group.Go(func() error { return c.ImageOn(ctx, node, tarball) })
	}
	return group.Wait()
}

// ImageOn imports a tarball into one node.
func (c Cluster) ImageOn(ctx context.Context, node layout.Node, tarball string) error {
	if _, err := c.ctr(ctx, node, "images", "import", tarball); err != nil {
		return fmt.Errorf("loading %s into %s: %w", tarball, node.Name, err)
	}
	return nil
}

// Has reports whether every node has an image of this name with this digest.
func (c Cluster) Has(ctx context.Context, name, digest string) (bool, error) {
	for _, node := range c.layout.Nodes() {
		list, err := c.ctr(ctx, node, "images", "list", "name=="+name)
		if err != nil {
			return false, fmt.Errorf("listing the images of %s: %w", node.Name, err)
		}
		if !strings.Contains(list, digest) {
			return false, nil
		}
	}
	return true, nil
}

func (c Cluster) ctr(ctx context.Context, node layout.Node, args ...string) (string, error) {
	args = append([]string{"--address", node.Socket(), "--namespace", "k8s.io"}, args...)
	output, err := exec.CommandContext(ctx, c.layout.Bin("ctr"), args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("running ctr %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	return string(output), nil
}
