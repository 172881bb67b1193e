package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/emporium-shop/emporium/hack/cluster/internal/debian"
	"github.com/emporium-shop/emporium/hack/cluster/internal/kube"
	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
	"github.com/emporium-shop/emporium/hack/cluster/internal/owner"
)

// up: see what there is, then keep, replace or refuse it.
func up(ctx context.Context, s session) error {
	if err := debian.Ensure(ctx, s.progress.Note); err != nil {
		return err
	}
	lock, err := s.lock()
	if err != nil {
		return err
	}
	defer lock.Release()
	found, err := look(ctx, s.Cluster)
	if err != nil {
		return err
	}
	found.facts.Asked = s.nodes
	verdict := owner.Decide(found.facts)
	switch verdict.Action {
	case owner.Refuse:
		return errors.New(verdict.Reason)
	case owner.Reuse:
		return s.reuse(ctx, verdict.Reason)
	default:
		s.progress.Note("%s: %s", verdict.Action, verdict.Reason)
		return s.build(ctx, found)
	}
}

func (s session) lock() (*owner.Lock, error) {
	return owner.Acquire(layout.LockFile, func() { s.progress.Note("waiting for another up or down on this machine") })
}

// reuse also brings back what a user may have broken or used up: what the cluster runs in itself, and volumes.
func (s session) reuse(ctx context.Context, reason string) error {
	api, err := kube.Connect(s.Cluster)
	if err != nil {
		return err
	}
	if err := s.progress.Do("manifests", func() error { return s.apply(ctx, api) }); err != nil {
		return err
	}
	if err := s.progress.Do("volumes", func() error { return s.reclaim(ctx, api) }); err != nil {
		return err
	}
	if err := s.renew(ctx); err != nil {
		return err
	}
	s.progress.Total("the cluster is up: " + reason)
	return nil
}

func (s session) reclaim(ctx context.Context, api *kube.API) error {
	names, err := api.ReclaimVolumes(ctx)
	for _, name := range names {
		s.progress.Note("volume %s was released: emptied, and free again", name)
	}
	return err
}

// build makes binaries and images first: should that fail, nothing has been taken away yet.
func (s session) build(ctx context.Context, found findings) error {
	ready, err := s.prepare(ctx)
	if err != nil {
		return err
	}
	if err := s.clear(ctx, found); err != nil {
		return err
	}
	s.Size = cmp.Or(s.nodes, 1)
	if err := s.start(ctx, ready); err != nil {
		return fmt.Errorf("%w\nlogs: %s; the next up begins anew, down removes what there is", err, filepath.Dir(s.Log("x")))
	}
	s.progress.Total("the cluster is up: export KUBECONFIG=" + s.Kubeconfig())
	return nil
}

func printKubeconfig(_ context.Context, s session) error {
	if _, err := os.Stat(s.Kubeconfig()); err != nil {
		return errors.New("finding the kubeconfig: there is no cluster; start one with: make up")
	}
	fmt.Println(s.Kubeconfig())
	return nil
}
