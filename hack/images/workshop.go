package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/emporium-shop/emporium/hack/cluster/load"
	"github.com/emporium-shop/emporium/hack/images/internal/engine"
	"github.com/emporium-shop/emporium/hack/images/internal/recipe"
	"github.com/emporium-shop/emporium/hack/images/oci"
)

// atOnce bounds how many images are made at the same time: each go build uses several processors itself.
const atOnce = 2

// workshop makes images of one checkout.
type workshop struct {
	options
	cluster load.Cluster
	// known are the Dockerfiles by image.
	known  map[string]string
	engine *buildKit
}

func makeAll(ctx context.Context, w workshop, names []string) error {
	names, err := choose(w.known, names)
	if err != nil {
		return err
	}
	if w.reproduce {
		return w.compare(ctx, names)
	}
	w.engine = &buildKit{}
	defer w.engine.close()
	if w.stage != "" {
		return w.run(ctx, names)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	leftOut := make([]error, len(names))
	for i, name := range names {
		group.Go(func() error {
			err := w.make(ctx, name)
			if unable := (engine.Unable{}); errors.As(err, &unable) {
				leftOut[i] = fmt.Errorf("left out %s: %w; docker build -t %s -f %s %s makes it too", name, err,
					w.reference(name), w.known[name], contextOf(".", w.known[name]))
				return nil
			}
			return err
		})
	}
	// What this machine cannot make keeps it from nothing else.
	return errors.Join(group.Wait(), errors.Join(leftOut...))
}

// make makes one image and brings it where it is wanted.
func (w workshop) make(ctx context.Context, name string) error {
	begun := time.Now()
	image, err := w.image(ctx, name)
	if err != nil {
		return fmt.Errorf("making image %s: %w", name, err)
	}
	digest, err := image.Digest()
	if err != nil {
		return fmt.Errorf("making image %s: %w", name, err)
	}
	outcome, err := w.deliver(ctx, name, image, digest.String())
	if err != nil {
		return err
	}
	fmt.Printf("%7.1fs  %s@%s %s\n", time.Since(begun).Seconds(), w.reference(name), digest, outcome)
	return nil
}

func (w workshop) reference(name string) string {
	registry := localRegistry
	if w.push != "" {
		registry = w.push
	}
	return registry + "/" + name + ":" + w.tag
}

func (w workshop) image(ctx context.Context, name string) (v1.Image, error) {
	file := w.known[name]
	text, err := os.ReadFile(filepath.Join(w.cluster.Checkout(), file))
	if err != nil {
		return nil, err
	}
	if w.buildKit {
		return w.byBuildKit(ctx, name)
	}
	plan, err := recipe.Read(file, text, w.tag)
	if refused := (recipe.Refused{}); errors.As(err, &refused) {
		fmt.Printf("          BuildKit makes %s: %s\n", name, refused.Why)
		return w.byBuildKit(ctx, name)
	}
	if err != nil {
		return nil, err
	}
	// Binaries are packed before this returns.
	out, err := os.MkdirTemp("", "image-"+name+"-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(out)
	return follow(ctx, plan, w.cluster.Checkout(), out)
}

// deliver writes the tarball, and loads or pushes the image.
func (w workshop) deliver(ctx context.Context, name string, image v1.Image, digest string) (string, error) {
	if w.push != "" {
		return "pushed", oci.Push(ctx, w.reference(name), image)
	}
	tarball := filepath.Join(w.cluster.Images(), name+"-"+w.tag+".tar")
	if err := oci.WriteArchive(tarball, w.reference(name), image); err != nil {
		return "", err
	}
	if !w.load {
		return "in " + tarball, nil
	}
	if there, err := w.cluster.Has(ctx, w.reference(name), digest); err != nil || there {
		return "is in the cluster already", err
	}
	return "loaded", w.cluster.Image(ctx, tarball)
}
