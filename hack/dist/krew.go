package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// home is the project, as charts name it.
const home = "https://github.com/emporium-shop/emporium"

// krewManifest is the file that krew installs kubectl shop by (https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest).
type krewManifest struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Metadata   krewMetadata `json:"metadata"`
	Spec       krewSpec     `json:"spec"`
}

type krewMetadata struct {
	Name string `json:"name"`
}

type krewSpec struct {
	Version          string         `json:"version"`
	Homepage         string         `json:"homepage"`
	ShortDescription string         `json:"shortDescription"`
	Description      string         `json:"description"`
	Caveats          string         `json:"caveats"`
	Platforms        []krewPlatform `json:"platforms"`
}

type krewPlatform struct {
	Selector krewSelector `json:"selector"`
	URI      string       `json:"uri"`
	SHA256   string       `json:"sha256"`
	Bin      string       `json:"bin"`
}

type krewSelector struct {
	MatchLabels map[string]string `json:"matchLabels"`
}

// krew packs each program into kubectl-shop_<os>_<arch>.tar.gz, since krew takes archives alone, and writes shop.yaml, which names
// them with their sums.
func krew(o options) error {
	m := krewManifest{APIVersion: "krew.googlecontainertools.github.com/v1alpha2", Kind: "Plugin", Metadata: krewMetadata{"shop"}, Spec: krewSpec{
		Version: "v" + o.version(), Homepage: home, ShortDescription: "See, approve and take back releases of a shop",
		Description: "Shows what a shop of Emporium serves, what comes next and what it waits for; lets a release serve, goes\n" +
			"back to an older one, and says beforehand what files would do. It acts with your own rights.\n",
		Caveats: "It needs Emporium in the cluster: kubectl shop check says whether all is there.\n" +
			"For the Tab key, put kubectl_complete-shop of this plugin's folder into your PATH.\n",
	}}
	for _, p := range platforms {
		name := strings.TrimSuffix(nameOf(p.os, p.arch), ".exe") + ".tar.gz"
		sum, bin, err := pack(o, p.os, p.arch, name)
		if err != nil {
			return fmt.Errorf("packing %s: %w", name, err)
		}
		m.Spec.Platforms = append(m.Spec.Platforms, krewPlatform{
			Selector: krewSelector{map[string]string{"os": p.os, "arch": p.arch}}, URI: strings.TrimSuffix(o.downloads, "/") + "/" + name, SHA256: sum, Bin: bin,
		})
	}
	text, err := yaml.Marshal(m)
	if err != nil {
		return fmt.Errorf("writing krew's manifest: %w", err)
	}
	if err := os.WriteFile(filepath.Join(o.out, "shop.yaml"), text, 0o644); err != nil {
		return fmt.Errorf("writing krew's manifest: %w", err)
	}
	return nil
}

// pack writes an archive of the program and its completion. It returns the archive's sum and the program's name in it.
func pack(o options, goos, arch, to string) (sum, bin string, err error) {
	program, err := os.ReadFile(filepath.Join(o.out, nameOf(goos, arch)))
	if err != nil {
		return "", "", err
	}
	completion, err := os.ReadFile(filepath.Join(o.root, plugin, "kubectl_complete-shop"))
	if err != nil {
		return "", "", err
	}
	bin = "kubectl-shop" + filepath.Ext(nameOf(goos, arch))
	packed, err := archive(o, []entry{{bin, program}, {"kubectl_complete-shop", completion}})
	if err != nil {
		return "", "", err
	}
	return fmt.Sprintf("%x", sha256.Sum256(packed)), bin, os.WriteFile(filepath.Join(o.out, to), packed, 0o644)
}

// entry is a program in an archive.
type entry struct {
	name    string
	content []byte
}

// archive makes a tar.gz that holds nothing of this machine: no user, and the time of SOURCE_DATE_EPOCH.
func archive(o options, entries []entry) ([]byte, error) {
	var out bytes.Buffer
	compressed := gzip.NewWriter(&out)
	files := tar.NewWriter(compressed)
	for _, e := range entries {
		if err := files.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: e.name, Mode: 0o755, Size: int64(len(e.content)), ModTime: o.made, Format: tar.FormatUSTAR}); err != nil {
			return nil, err
		}
		if _, err := files.Write(e.content); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(files.Close(), compressed.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
