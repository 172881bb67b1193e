package main

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
	"github.com/emporium-shop/emporium/hack/cluster/internal/render"
	"github.com/emporium-shop/emporium/hack/cluster/programs"
)

// renew gives the nodes' containerd of a running cluster the settings of this version of the checkout. It starts again alone: pods run on
// without it. What differs in other programs' settings counts from the next down and up.
func (s session) renew(ctx context.Context) error {
	host, err := findHost()
	if err != nil {
		return err
	}
	for _, node := range s.Nodes() {
		files, err := render.NodeFiles(s.Cluster, node, host)
		if err != nil {
			return err
		}
		path := node.State("containerd.toml")
		changed, err := writeChanged(path, files[path])
		if err != nil {
			return fmt.Errorf("renewing the configuration of %s: %w", node.Name, err)
		}
		if !changed {
			continue
		}
		s.progress.Note("%s has new settings: starting its containerd again", node.Name)
		if err := restart(ctx, programs.Of(s.Cluster).Locked(), node); err != nil {
			return err
		}
	}
	return nil
}

func restart(ctx context.Context, c programs.Cluster, node layout.Node) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	name := node.Process("containerd")
	if err := c.Kill(ctx, name); err != nil {
		return err
	}
	if err := c.Start(name); err != nil {
		return err
	}
	return poll(ctx, "containerd", answering(node))
}

// writeChanged writes a file unless it says the same already.
func writeChanged(path, text string) (changed bool, err error) {
	old, err := os.ReadFile(path)
	if err == nil && bytes.Equal(old, []byte(text)) {
		return false, nil
	}
	return true, writeAll(map[string]string{path: text})
}
