package oci

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// ArchiveDigest is the digest of the image in a tarball that WriteArchive wrote.
func ArchiveDigest(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading an image: %w", err)
	}
	defer file.Close()
	archive := tar.NewReader(file)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return "", fmt.Errorf("reading image %s: it has no index.json", path)
		}
		if err != nil {
			return "", fmt.Errorf("reading image %s: %w", path, err)
		}
		if header.Name != "index.json" {
			continue
		}
		var index v1.IndexManifest
		if err := json.NewDecoder(archive).Decode(&index); err != nil {
			return "", fmt.Errorf("reading image %s: %w", path, err)
		}
		if len(index.Manifests) != 1 {
			return "", fmt.Errorf("reading image %s: it holds %d images, not one", path, len(index.Manifests))
		}
		return index.Manifests[0].Digest.String(), nil
	}
}
