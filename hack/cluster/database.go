package main

import (
	"context"
	"fmt"

	"github.com/emporium-shop/emporium/hack/cluster/internal/images"
	"github.com/emporium-shop/emporium/hack/images/oci"
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
		return oci.Push(ctx, target, image)
	})
}
