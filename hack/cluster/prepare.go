package main

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/emporium-shop/emporium/hack/cluster/internal/build"
	"github.com/emporium-shop/emporium/hack/cluster/internal/images"
)

// supplies are the image tarballs of a cluster that is about to start.
type supplies struct {
	// small are needed before the first pod.
	small []string
	// postgres is large, and needed only by a shop.
	postgres string
}

func (s session) builder() (build.Builder, error) {
	return build.For(s.Checkout(), s.progress.Note)
}

// prepare makes binaries and images. The database's image waits for the network, so it is made meanwhile.
func (s session) prepare(ctx context.Context) (ready supplies, err error) {
	builder, err := s.builder()
	if err != nil {
		return ready, err
	}
	maker := images.Maker{Builder: builder}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return s.progress.Do("image of PostgreSQL", func() (err error) {
			ready.postgres, err = maker.PostgreSQL(ctx)
			return err
		})
	})
	group.Go(func() error {
		if err := s.progress.Do("binaries", func() error { return s.binaries(ctx, builder) }); err != nil {
			return err
		}
		return s.progress.Do("images", func() (err error) {
			ready.small, err = smallImages(ctx, maker)
			return err
		})
	})
	return ready, group.Wait()
}

// binaries builds one component after the other: each build uses all processors by itself.
func (s session) binaries(ctx context.Context, builder build.Builder) error {
	for _, component := range build.Components {
		folder, err := builder.Ensure(ctx, component)
		if err != nil {
			return err
		}
		if err := build.Link(folder, s.Bin()); err != nil {
			return err
		}
	}
	return nil
}

func smallImages(ctx context.Context, maker images.Maker) (tarballs []string, err error) {
	for name, component := range images.Components() {
		tarball, err := maker.Small(ctx, component, name)
		if err != nil {
			return nil, err
		}
		tarballs = append(tarballs, tarball)
	}
	return tarballs, nil
}

// assets builds only what envtest needs. It needs neither root nor Debian.
func assets(ctx context.Context, s session) error {
	builder, err := s.builder()
	if err != nil {
		return err
	}
	for _, wanted := range []struct {
		component build.Component
		names     []string
	}{
		{build.Etcd, []string{"etcd"}},
		{build.Kubernetes, []string{"kube-apiserver", "kubectl"}},
	} {
		folder, err := builder.Ensure(ctx, wanted.component, wanted.names...)
		if err != nil {
			return err
		}
		if err := build.Link(folder, s.Bin()); err != nil {
			return err
		}
	}
	s.progress.Total("export KUBEBUILDER_ASSETS=" + s.Bin())
	return nil
}
