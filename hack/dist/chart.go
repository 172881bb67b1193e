package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"
)

// chartNames are the folders of charts/.
var chartNames = []string{"emporium", "emporium-crds"}

// loadChart reads a chart of the checkout as that of a version. What its files link to in config/ becomes a part of it.
func loadChart(o options, name string) (*chart.Chart, error) {
	c, err := loader.LoadDir(filepath.Join(o.root, "charts", name))
	if err != nil {
		return nil, fmt.Errorf("loading the chart %s: %w", name, err)
	}
	c.Metadata.Version, c.Metadata.AppVersion = o.version(), o.tag
	// The default registry is where the images of this version are.
	for _, file := range slices.Concat(c.Raw, c.Files) {
		if file.Name == chartutil.ValuesfileName || file.Name == "README.md" {
			file.Data = bytes.ReplaceAll(file.Data, []byte(localRegistry), []byte(o.registry))
		}
		if file.Name == chartutil.ValuesfileName {
			if err := yaml.Unmarshal(file.Data, &c.Values); err != nil {
				return nil, fmt.Errorf("reading values.yaml of %s: %w", name, err)
			}
		}
	}
	c.StampModTimes(o.made)
	return c, nil
}

// save writes <name>-<version>.tgz. Files stand in the archive in the order of their names, not in that of the disk.
func save(c *chart.Chart, folder string) error {
	for _, files := range [][]*common.File{c.Templates, c.Files} {
		slices.SortFunc(files, func(a, b *common.File) int { return cmp.Compare(a.Name, b.Name) })
	}
	if _, err := chartutil.Save(c, folder); err != nil {
		return fmt.Errorf("packing the chart %s: %w", c.Name(), err)
	}
	return nil
}

// release says how a chart is rendered.
type release struct {
	// namespace of the release. Unset: emporium-system, as that of install.yaml.
	namespace string
	upgrade   bool
	// notes adds what is said to the person who installs.
	notes bool
}

// render is what helm template prints: the chart's objects with some values, which have to keep to its schema.
func render(c *chart.Chart, r release, values map[string]any) ([]byte, error) {
	with, err := util.ToRenderValues(c, values, common.ReleaseOptions{
		Name: "emporium", Namespace: cmp.Or(r.namespace, "emporium-system"), Revision: 1, IsInstall: !r.upgrade, IsUpgrade: r.upgrade,
	}, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(c, with)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		isNotes := strings.HasSuffix(name, "NOTES.txt")
		if text := strings.TrimSpace(files[name]); text != "" && !strings.HasSuffix(name, ".tpl") && (r.notes || !isNotes) {
			fmt.Fprintf(&out, "---\n# %s\n%s\n", name, strings.TrimPrefix(text, "---\n"))
		}
	}
	return out.Bytes(), nil
}
