package main

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/emporium-shop/emporium/hack/cluster/internal/images"
)

// pushDatabase brings the sample shop's database to a registry, for a cluster of the user's own.
func pushDatabase(ctx context.Context, s session) error {
	target := s.args[0] + "/postgres:15"
	return s.progress.Do(target, func() error {
		builder, err := s.builder()
		if err != nil {
			return err
		}
		image, err := images.Maker{Builder: builder}.PostgreSQLImage(ctx)
		if err != nil {
			return fmt.Errorf("%w\nit is made of Debian's packages by root; elsewhere, push an image of PostgreSQL 15 as %s yourself", err, target)
		}
		return push(ctx, image, target)
	})
}

func push(ctx context.Context, image v1.Image, target string) error {
	reference, err := name.ParseReference(target)
	if err != nil {
		return fmt.Errorf("naming image %s: %w", target, err)
	}
	if err := remote.Write(reference, image, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return fmt.Errorf("pushing image %s: %w", target, err)
	}
	return nil
}
