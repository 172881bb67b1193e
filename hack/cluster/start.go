package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/emporium-shop/emporium/hack/cluster/internal/cgroup"
	"github.com/emporium-shop/emporium/hack/cluster/internal/debian"
	"github.com/emporium-shop/emporium/hack/cluster/internal/kube"
	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
	"github.com/emporium-shop/emporium/hack/cluster/internal/network"
	"github.com/emporium-shop/emporium/hack/cluster/internal/pki"
	"github.com/emporium-shop/emporium/hack/cluster/internal/render"
	"github.com/emporium-shop/emporium/hack/cluster/manifests"
)

// patience bounds a start on a machine that is busy with other things.
const patience = 5 * time.Minute

// volumesPerNode is how many claims a node can meet at the same time.
const volumesPerNode = 16

// start brings up a cluster where there is none. Control plane and node start side by side and meet when the API server is ready.
func (s session) start(ctx context.Context, ready supplies) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.lay(); err != nil {
		return err
	}
	run, ctx, err := newRunner(ctx, s.Cluster)
	if err != nil {
		return err
	}
	api, err := kube.Connect(s.Cluster)
	if err != nil {
		return err
	}
	before := make(chan struct{})
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.startControlPlane(ctx, run, api, before) })
	for _, node := range s.Nodes() {
		turn, joined := before, make(chan struct{})
		group.Go(func() error { return s.startNode(ctx, run, api, node, ready, turn, joined) })
		before = joined
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return run.complete()
}

// lay writes and makes all that processes expect when they start.
func (s session) lay() error {
	if err := writeAll(map[string]string{s.SizeFile(): fmt.Sprintln(s.Size)}); err != nil {
		return fmt.Errorf("writing how many nodes there are: %w", err)
	}
	if err := s.progress.Do("certificates", func() error { return pki.Make(s.Cluster) }); err != nil {
		return err
	}
	if err := s.progress.Do("network", func() error { return network.Make(s.Cluster) }); err != nil {
		return err
	}
	host, err := findHost()
	if err != nil {
		return err
	}
	for _, node := range s.Nodes() {
		if err := s.layNode(node, host); err != nil {
			return err
		}
	}
	return s.makeVolumes()
}

func (s session) layNode(node layout.Node, host render.Host) error {
	files, err := render.NodeFiles(s.Cluster, node, host)
	if err != nil {
		return err
	}
	if err := writeAll(files); err != nil {
		return fmt.Errorf("writing the configuration of %s: %w", node.Name, err)
	}
	return cgroup.Make(node)
}

func findHost() (host render.Host, err error) {
	if host.Runc, err = debian.Find("runc"); err != nil {
		return host, err
	}
	bridge, err := debian.Find("containernetworking-plugins")
	host.CNI = filepath.Dir(bridge)
	return host, err
}

func writeAll(files map[string]string) error {
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (s session) volumes() (volumes []manifests.Volume) {
	for _, node := range s.Nodes() {
		for number := range volumesPerNode {
			name := fmt.Sprintf("%s-%02d", node.Name, number)
			volumes = append(volumes, manifests.Volume{Name: name, Path: s.Volumes(name), Node: node.Name})
		}
	}
	return volumes
}

func (s session) makeVolumes() error {
	for _, volume := range s.volumes() {
		if err := os.MkdirAll(volume.Path, 0o777); err != nil {
			return fmt.Errorf("making volume %s: %w", volume.Name, err)
		}
		// Whatever the umask: a pod's user is not known here.
		if err := os.Chmod(volume.Path, 0o777); err != nil {
			return fmt.Errorf("opening volume %s: %w", volume.Name, err)
		}
	}
	return nil
}

func (s session) apply(ctx context.Context, api *kube.API) error {
	all, err := manifests.All(s.volumes())
	if err != nil {
		return err
	}
	return api.Apply(ctx, all)
}
