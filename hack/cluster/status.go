package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/emporium-shop/emporium/hack/cluster/internal/owner"
	"github.com/emporium-shop/emporium/hack/cluster/load"
)

// status tells what up would find, and what it would do about it.
func status(ctx context.Context, s session) error {
	found, err := look(ctx, s.Cluster)
	if err != nil {
		return err
	}
	f := found.facts
	fmt.Println("this checkout:", s.State)
	fmt.Println("cluster of:   ", orNone(f.Owner))
	fmt.Println("running:      ", orNone(strings.Join(f.Alive, ", ")))
	fmt.Println("dead:         ", orNone(strings.Join(f.Dead, ", ")))
	verdict := owner.Decide(f)
	fmt.Printf("up would:      %s (%s)\n", verdict.Action, verdict.Reason)
	return nil
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func loadImages(ctx context.Context, s session) error {
	for _, tarball := range s.args {
		if err := s.progress.Do(tarball, func() error { return load.Into(s.Cluster).Image(ctx, tarball) }); err != nil {
			return err
		}
	}
	return nil
}
