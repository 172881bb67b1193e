// Package parts hands to the other programs of hack what hack/cluster builds or fetches, from the cache that all checkouts share:
// BuildKit from its module, and Debian root file systems from Debian's packages.
package parts

import (
	"context"
	"path/filepath"

	"github.com/emporium-shop/emporium/hack/cluster/internal/build"
	"github.com/emporium-shop/emporium/hack/cluster/internal/debian"
	"github.com/emporium-shop/emporium/hack/cluster/internal/images"
	"github.com/emporium-shop/emporium/hack/cluster/internal/owner"
)

// Store makes parts and keeps them.
type Store struct{ maker images.Maker }

// Of opens the store with the versions that a checkout pins. Note tells the user about something that takes long.
func Of(checkout string, note func(format string, args ...any)) (Store, error) {
	builder, err := build.For(checkout, note)
	return Store{images.Maker{Builder: builder}}, err
}

// Folder is a folder of the cache, for what its user keeps there. It may not exist yet.
func (s Store) Folder(name string) string { return filepath.Join(s.maker.Cache, name) }

// Lock waits until nobody else holds what is in a folder of the cache.
func (s Store) Lock(name string) (release func(), err error) {
	lock, err := owner.Acquire(s.Folder(name)+".lock", func() { s.maker.Note("waiting for another one who uses %s", s.Folder(name)) })
	if err != nil {
		return nil, err
	}
	return lock.Release, nil
}

// BuildKit returns the folder of buildkitd and buildctl. The first time they are built.
func (s Store) BuildKit(ctx context.Context) (string, error) {
	return s.maker.Ensure(ctx, build.BuildKit)
}

// Debian returns the path of a tarball with the root file system of a release, bookworm for example, as its slim images have it,
// and with further packages in it. The first time it is fetched; mmdebstrap must be installed.
func (s Store) Debian(ctx context.Context, suite string, packages ...string) (string, error) {
	return s.maker.DebianRoot(ctx, suite, packages...)
}

// Base is an image for FROM, made on this machine.
type Base = images.Base

// Bases makes the images that Dockerfiles begin with: debian, golang, node. In RUN, Go modules come from goproxy.
func (s Store) Bases(ctx context.Context, goproxy string) ([]Base, error) {
	return s.maker.Bases(ctx, goproxy)
}

// Golang makes golang alone.
func (s Store) Golang(ctx context.Context, goproxy string) (Base, error) {
	return s.maker.Golang(ctx, goproxy)
}

// Names of the images that builds in a cluster need.
const (
	BuildKitImage = images.BuildKit
	RegistryImage = images.Registry
)

// BuildKitArchive returns the path of a tarball with BuildKit for a pod without special rights. The first time it is built.
func (s Store) BuildKitArchive(ctx context.Context) (string, error) {
	return s.maker.RootlessBuildKit(ctx)
}

// RegistryArchive returns the path of a tarball with a registry. The first time it is built.
func (s Store) RegistryArchive(ctx context.Context) (string, error) {
	return s.maker.RegistryArchive(ctx)
}

// Install sees to it that these Debian packages are on this machine. They must be among those that a cluster takes.
func (s Store) Install(ctx context.Context, packages ...string) error {
	return debian.Install(ctx, s.maker.Note, packages...)
}
