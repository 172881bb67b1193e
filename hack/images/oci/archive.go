package oci

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// nameAnnotation is where containerd looks for the name an image is to have.
const nameAnnotation = "io.containerd.image.name"

// WriteArchive writes the image as a tarball in the OCI layout, which containerd imports and Docker loads.
// Unlike a Docker archive it keeps the image's digest. The file appears in one step.
func WriteArchive(path, name string, image v1.Image) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("writing image %s: %w", name, err)
	}
	fresh, err := os.CreateTemp(filepath.Dir(path), ".image-")
	if err != nil {
		return fmt.Errorf("writing image %s: %w", name, err)
	}
	defer os.Remove(fresh.Name())
	defer fresh.Close()
	if err := writeLayout(fresh, name, image); err != nil {
		return fmt.Errorf("writing image %s: %w", name, err)
	}
	return os.Rename(fresh.Name(), path)
}

func writeLayout(to io.Writer, name string, image v1.Image) error {
	archive := &layoutArchive{tar.NewWriter(to)}
	index, err := indexOf(name, image)
	if err != nil {
		return err
	}
	if err := archive.bytes("index.json", index); err != nil {
		return err
	}
	if err := archive.bytes("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)); err != nil {
		return err
	}
	if err := archive.blobs(image); err != nil {
		return err
	}
	return archive.Close()
}

func indexOf(name string, image v1.Image) ([]byte, error) {
	descriptor, err := partial.Descriptor(image)
	if err != nil {
		return nil, err
	}
	descriptor.Annotations = map[string]string{nameAnnotation: name}
	return json.Marshal(v1.IndexManifest{
		SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{*descriptor},
	})
}

type layoutArchive struct{ *tar.Writer }

func (a *layoutArchive) bytes(name string, content []byte) error {
	if err := a.header(name, int64(len(content))); err != nil {
		return err
	}
	_, err := a.Write(content)
	return err
}

func (a *layoutArchive) header(name string, size int64) error {
	return a.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: size, ModTime: epoch})
}

func blobName(digest v1.Hash) string { return "blobs/" + digest.Algorithm + "/" + digest.Hex }

func (a *layoutArchive) blobs(image v1.Image) error {
	manifest, err := image.RawManifest()
	if err != nil {
		return err
	}
	digest, err := image.Digest()
	if err != nil {
		return err
	}
	if err := a.bytes(blobName(digest), manifest); err != nil {
		return err
	}
	if err := a.config(image); err != nil {
		return err
	}
	return a.layers(image)
}

func (a *layoutArchive) config(image v1.Image) error {
	config, err := image.RawConfigFile()
	if err != nil {
		return err
	}
	digest, err := image.ConfigName()
	if err != nil {
		return err
	}
	return a.bytes(blobName(digest), config)
}

func (a *layoutArchive) layers(image v1.Image) error {
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	for _, layer := range layers {
		if err := a.layer(layer); err != nil {
			return err
		}
	}
	return nil
}

func (a *layoutArchive) layer(layer v1.Layer) error {
	digest, err := layer.Digest()
	if err != nil {
		return err
	}
	size, err := layer.Size()
	if err != nil {
		return err
	}
	content, err := layer.Compressed()
	if err != nil {
		return err
	}
	defer content.Close()
	if err := a.header(blobName(digest), size); err != nil {
		return err
	}
	_, err = io.Copy(a, content)
	return err
}
