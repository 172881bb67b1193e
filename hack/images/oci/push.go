package oci

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Push brings an image to the registry that its name begins with, as whom Docker's settings of this user say. Options are those of
// the name: name.Insecure for a registry without TLS.
func Push(ctx context.Context, target string, image v1.Image, options ...name.Option) error {
	reference, err := name.ParseReference(target, options...)
	if err != nil {
		return fmt.Errorf("naming image %s: %w", target, err)
	}
	if err := remote.Write(reference, image, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return fmt.Errorf("pushing image %s: %w", target, err)
	}
	return nil
}
