package main

import (
	"fmt"
	"path/filepath"

	"sigs.k8s.io/kustomize/api/filters/imagetag"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// ownImages are those that make images makes, and that a version's tag and registry belong to.
var ownImages = []string{"operator", "gateway", "push", "console"}

// imageFields are where images stand: as what runs, and as variables of the operator (RELATED_IMAGE_…).
var imageFields = types.FsSlice{
	{Path: "spec/template/spec/containers[]/image"},
	{Path: "spec/template/spec/containers[]/env[]/value"},
}

// form is a manifest that is made from a folder of config/. Each says at its top what it is.
type form struct{ file, folder, head string }

var forms = []form{
	{"install.yaml", "default", "# Emporium %s, all of it: kubectl apply --server-side -f install.yaml. How to upgrade and remove it: docs/guides/install.md.\n"},
	{"install-policy.yaml", "policy", "# Rights per act on the shops of Emporium %s, beside install.yaml: docs/guides/rights.md.\n"},
	{"install-console.yaml", "console", "# The web console of Emporium %s, in a namespace of its own beside install.yaml: docs/guides/console.md.\n"},
}

// manifest is what a folder of config/ makes, with the images of a version.
func (f form) manifest(o options) ([]byte, error) {
	objects, err := kustomized(filepath.Join(o.root, "config", f.folder))
	if err != nil {
		return nil, err
	}
	for _, name := range ownImages {
		image := types.Image{Name: localRegistry + "/" + name, NewName: o.registry + "/" + name, NewTag: o.tag}
		if err := objects.ApplyFilter(imagetag.Filter{ImageTag: image, FsSlice: imageFields}); err != nil {
			return nil, fmt.Errorf("naming the image %s: %w", name, err)
		}
	}
	text, err := objects.AsYaml()
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", f.file, err)
	}
	return append(fmt.Appendf(nil, f.head, o.tag), text...), nil
}

// kustomized is what kubectl kustomize prints of a folder: namespaces and kinds first.
func kustomized(folder string) (resmap.ResMap, error) {
	o := krusty.MakeDefaultOptions()
	o.Reorder = krusty.ReorderOptionLegacy
	objects, err := krusty.MakeKustomizer(o).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		return nil, fmt.Errorf("building %s: %w", folder, err)
	}
	return objects, nil
}
