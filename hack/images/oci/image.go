package oci

import (
	"fmt"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Image puts layers and a configuration together, for the platform this machine has.
func Image(config v1.Config, layers ...v1.Layer) (v1.Image, error) {
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, layer := range layers {
		var err error
		if image, err = mutate.Append(image, mutate.Addendum{Layer: layer, MediaType: mediaType(layer)}); err != nil {
			return nil, fmt.Errorf("adding a layer: %w", err)
		}
	}
	image, err := mutate.ConfigFile(image, &v1.ConfigFile{
		Architecture: runtime.GOARCH, OS: "linux", Created: v1.Time{Time: epoch}, Config: config, RootFS: rootFS(image),
	})
	if err != nil {
		return nil, fmt.Errorf("setting the configuration: %w", err)
	}
	return image, nil
}

// mediaType keeps a layer as it is: compressed or not.
func mediaType(layer v1.Layer) types.MediaType {
	kind, err := layer.MediaType()
	if err == nil && kind == types.OCIUncompressedLayer {
		return kind
	}
	return types.OCILayer
}

func rootFS(image v1.Image) v1.RootFS {
	config, err := image.ConfigFile()
	if err != nil {
		return v1.RootFS{Type: "layers"}
	}
	return config.RootFS
}
