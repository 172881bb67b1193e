// Package manifests holds what the cluster runs in itself: DNS, metrics and storage.
package manifests

import (
	"bytes"
	_ "embed" // for the files
	"fmt"
	"text/template"
)

var (
	//go:embed rbac.yaml
	rbac []byte
	//go:embed storage.yaml
	storage []byte
	//go:embed coredns.yaml
	coredns []byte
	//go:embed metrics-server.yaml
	metricsServer []byte
	//go:embed volume.yaml
	volumeText string

	volumeTemplate = template.Must(template.New("volume").Parse(volumeText))
)

// Volume is a folder on a node that meets one claim.
type Volume struct{ Name, Path, Node string }

// All is everything, to be applied at once.
func All(volumes []Volume) ([]byte, error) {
	parts := [][]byte{rbac, storage, coredns, metricsServer}
	for _, volume := range volumes {
		var text bytes.Buffer
		if err := volumeTemplate.Execute(&text, volume); err != nil {
			return nil, fmt.Errorf("rendering volume %s: %w", volume.Name, err)
		}
		parts = append(parts, text.Bytes())
	}
	return bytes.Join(parts, []byte("---\n")), nil
}
