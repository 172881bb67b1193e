package main

import (
	"context"
	"net"

	"golang.org/x/sync/errgroup"

	"github.com/emporium-shop/emporium/hack/cluster/internal/kube"
	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
	"github.com/emporium-shop/emporium/hack/cluster/internal/render"
	"github.com/emporium-shop/emporium/hack/cluster/load"
)

// startNode starts what runs inside a node. Its kubelet comes last, and finds the images that the first pods need:
// one that is missing would be asked for at a registry, and then not again for ten seconds. Nodes join in turn, since the controller
// manager gives them their addresses of pods in the order in which they come: turn ends when the one before has joined.
func (s session) startNode(ctx context.Context, run *runner, api *kube.API, node layout.Node, ready supplies, turn <-chan struct{}, joined chan<- struct{}) error {
	if err := s.progress.Do(node.Name+" containerd", func() error { return startContainerd(ctx, run, node) }); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return s.progress.Do(node.Name+" PostgreSQL", func() error { return s.importImages(ctx, node, ready.postgres) })
	})
	group.Go(func() error {
		if err := s.progress.Do(node.Name+" images", func() error { return s.importImages(ctx, node, ready.small...) }); err != nil {
			return err
		}
		if err := s.join(ctx, run, api, node, turn); err != nil {
			return err
		}
		close(joined)
		return nil
	})
	return group.Wait()
}

func startContainerd(ctx context.Context, run *runner, node layout.Node) error {
	if err := run.inNode(node, "containerd", render.Containerd(run.Cluster, node)); err != nil {
		return err
	}
	return poll(ctx, "containerd", answering(node))
}

// answering asks whether a node's containerd takes connections.
func answering(node layout.Node) func(context.Context) bool {
	return func(context.Context) bool {
		connection, err := net.Dial("unix", node.Socket())
		if err != nil {
			return false
		}
		connection.Close()
		return true
	}
}

func (s session) importImages(ctx context.Context, node layout.Node, tarballs ...string) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, tarball := range tarballs {
		group.Go(func() error { return load.Into(s.Cluster).ImageOn(ctx, node, tarball) })
	}
	return group.Wait()
}

func (s session) join(ctx context.Context, run *runner, api *kube.API, node layout.Node, turn <-chan struct{}) error {
	select {
	case <-turn:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return s.progress.Do(node.Name+" ready", func() error {
		if err := run.inNode(node, "kube-proxy", render.KubeProxy(s.Cluster, node)); err != nil {
			return err
		}
		if err := run.inNode(node, "kubelet", render.Kubelet(s.Cluster, node)); err != nil {
			return err
		}
		return api.WaitNode(ctx, node.Name)
	})
}
