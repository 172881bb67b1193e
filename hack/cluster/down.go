package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/emporium-shop/emporium/hack/cluster/internal/owner"
	"github.com/emporium-shop/emporium/hack/cluster/internal/remains"
)

// down ends this checkout's cluster, and clears remains of any other's. What another checkout still runs is left alone.
func down(ctx context.Context, s session) error {
	if os.Geteuid() != 0 {
		return errors.New("ending the cluster: run this as root")
	}
	lock, err := s.lock()
	if err != nil {
		return err
	}
	defer lock.Release()
	found, err := whose(s.Cluster)
	if err != nil {
		return err
	}
	if verdict := owner.Decide(found.facts); verdict.Action == owner.Refuse {
		s.progress.Note("nothing of ours runs; %s", verdict.Reason)
		return nil
	}
	if err := s.clear(ctx, found); err != nil {
		return err
	}
	s.progress.Total("the cluster is down; binaries and logs stay in " + s.State)
	return nil
}

// clear removes everything of a cluster from this machine, and this checkout's data.
func (s session) clear(ctx context.Context, found findings) error {
	if err := remains.Clear(ctx, s.progress.Do, found.record.Processes, found.states); err != nil {
		return err
	}
	// Asked again, because what is mounted below a folder would be emptied with it.
	left, err := remains.Any(found.states)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("clearing remains: still there: %v", left)
	}
	return s.progress.Do("remove data", s.removeData)
}

func (s session) removeData() error {
	for _, path := range s.Data() {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("removing %s: %w", path, err)
		}
	}
	return nil
}
