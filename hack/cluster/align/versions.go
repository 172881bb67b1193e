package main

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// module is what one go.mod needs: the version of each path, and which of them it pins by a replacement.
type module struct {
	folder string
	needs  map[string]string
	pinned map[string]bool
}

func read(root string) (out []module, err error) {
	for _, folder := range folders(root) {
		content, err := os.ReadFile(filepath.Join(folder, "go.mod"))
		if err != nil {
			return nil, fmt.Errorf("reading what is needed: %w", err)
		}
		m, err := parse(folder, content)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func parse(folder string, content []byte) (module, error) {
	file, err := modfile.Parse(filepath.Join(folder, "go.mod"), content, nil)
	if err != nil {
		return module{}, fmt.Errorf("reading what is needed: %w", err)
	}
	m := module{folder: folder, needs: map[string]string{}, pinned: map[string]bool{}}
	for _, r := range file.Require {
		m.needs[r.Mod.Path] = r.Mod.Version
	}
	for _, r := range file.Replace {
		if _, needed := m.needs[r.Old.Path]; needed && r.New.Version != "" {
			m.needs[r.Old.Path], m.pinned[r.Old.Path] = r.New.Version, true
		}
	}
	return m, nil
}

// raises names, by folder, the modules that another folder needs in a higher version.
func raises(all []module) map[string]map[string]string {
	highest := map[string]string{}
	for _, m := range all {
		for path, version := range m.needs {
			if semver.Compare(version, highest[path]) > 0 {
				highest[path] = version
			}
		}
	}
	out := map[string]map[string]string{}
	for _, m := range all {
		for path, version := range m.needs {
			if version != highest[path] && !m.pinned[path] {
				if out[m.folder] == nil {
					out[m.folder] = map[string]string{}
				}
				out[m.folder][path] = highest[path]
			}
		}
	}
	return out
}
