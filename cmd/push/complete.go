package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// complete finds what a layout lacks before anything is sent: a build that ran out of disk leaves one
// that begins well. Whether blobs are what their digests say, the registry checks as it takes them.
func complete(path string, d v1.Descriptor) error {
	if !d.MediaType.IsDistributable() {
		return nil // is fetched from elsewhere by who runs the image
	}
	file := filepath.Join(path, "blobs", d.Digest.Algorithm, d.Digest.Hex)
	info, err := os.Lstat(file) // a link may lead to a secret
	if err != nil || !info.Mode().IsRegular() || info.Size() != d.Size {
		return fmt.Errorf("the layout %s is not complete: the blob %s of %d bytes is missing, or has another size", path, d.Digest, d.Size)
	}
	if !d.MediaType.IsImage() && !d.MediaType.IsIndex() {
		return nil
	}
	data, err := readFile(file)
	if err != nil {
		return unreadable(path, err)
	}
	var m struct {
		Manifests []v1.Descriptor `json:"manifests"`
		Config    *v1.Descriptor  `json:"config"`
		Layers    []v1.Descriptor `json:"layers"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return fmt.Errorf("the layout %s has a manifest %s that cannot be read", path, d.Digest)
	}
	return all(path, d.MediaType, append(append(m.Manifests, m.Layers...), configs(m.Config)...))
}

func configs(d *v1.Descriptor) []v1.Descriptor {
	if d == nil {
		return nil
	}
	return []v1.Descriptor{*d}
}

// all looks at what a manifest names. An index in an index is nothing that a build makes, and could go on for ever.
func all(path string, in types.MediaType, of []v1.Descriptor) error {
	for _, d := range of {
		if d.MediaType.IsIndex() || (in.IsImage() && d.MediaType.IsImage()) {
			return fmt.Errorf("the layout %s holds an index or an image inside of a manifest, where none belongs", path)
		}
		if err := complete(path, d); err != nil {
			return err
		}
	}
	return nil
}
