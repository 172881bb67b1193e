package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// attestation is how BuildKit marks what is about an image and is none: provenance, SBOM.
const (
	attestationKey   = "vnd.docker.reference.type"
	attestationValue = "attestation-manifest"
)

// built is what a layout holds.
type built struct {
	root  remote.Taggable // what the tag is to name: an image, or an index with attestations or platforms
	named v1.Hash         // its digest
	image v1.Hash         // of the image that nodes run; the same as named where there is no index
}

// open reads a layout that holds one image, or one index. Where an index holds images of several
// platforms, the one for platform is what nodes run.
func open(path string, platform v1.Platform) (built, error) {
	index, err := read(path)
	if err != nil {
		return built{}, err
	}
	m, err := index.IndexManifest()
	if err != nil {
		return built{}, fmt.Errorf("the layout %s has an index.json that cannot be read", path)
	}
	root, err := only(m)
	if err != nil {
		return built{}, fmt.Errorf("the layout %s holds %w", path, err)
	}
	if err := complete(path, root); err != nil {
		return built{}, err
	}
	if root.MediaType.IsImage() {
		img, err := index.Image(root.Digest)
		return built{img, root.Digest, root.Digest}, unreadable(path, err)
	}
	inner, err := index.ImageIndex(root.Digest)
	if err != nil {
		return built{}, unreadable(path, err)
	}
	im, err := inner.IndexManifest()
	if err != nil {
		return built{}, unreadable(path, err)
	}
	image, err := choose(im, platform)
	if err != nil {
		return built{}, fmt.Errorf("the layout %s holds %w", path, err)
	}
	return built{inner, root.Digest, image}, nil
}

// read looks at index.json itself: what a hostile build left behind must not be a link to a secret.
func read(path string) (v1.ImageIndex, error) {
	file := filepath.Join(path, "index.json")
	info, err := os.Lstat(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s is no OCI layout: it has no index.json", path)
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	if !info.Mode().IsRegular() || info.Size() > mostFile {
		return nil, fmt.Errorf("%s is no file of at most %d bytes", file, mostFile)
	}
	index, err := layout.ImageIndexFromPath(path)
	return index, unreadable(path, err)
}

func unreadable(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("reading the layout %s: %w", path, err)
}

// only returns the one thing that a layout holds; BuildKit lists it once for each name.
func only(m *v1.IndexManifest) (v1.Descriptor, error) {
	found := map[v1.Hash]v1.Descriptor{}
	for _, d := range m.Manifests {
		if d.MediaType.IsImage() || d.MediaType.IsIndex() {
			found[d.Digest] = d
		}
	}
	if len(found) != 1 {
		return v1.Descriptor{}, fmt.Errorf("%d images: exactly one can be pushed to a tag", len(found))
	}
	for _, d := range found {
		return d, nil
	}
	panic("unreachable")
}

// choose returns the image of an index that nodes run.
func choose(m *v1.IndexManifest, platform v1.Platform) (v1.Hash, error) {
	var images, fit []v1.Descriptor
	for _, d := range m.Manifests {
		if !d.MediaType.IsImage() || d.Annotations[attestationKey] == attestationValue {
			continue
		}
		images = append(images, d)
		if d.Platform != nil && d.Platform.Satisfies(platform) {
			fit = append(fit, d)
		}
	}
	switch {
	case len(images) == 1:
		return images[0].Digest, nil
	case len(images) == 0:
		return v1.Hash{}, errors.New("an index without an image")
	case len(fit) == 0:
		return v1.Hash{}, fmt.Errorf("%d images, none for %s: name another one with --platform", len(images), platform)
	}
	return fit[0].Digest, nil
}
