// Sbom lists what is in an image, as a scanner of BuildKit: spec.attest.sbomGenerator of a ShopSource names its image. It runs in the
// build, sees the root of the image that was made, and writes an SPDX document, which BuildKit attaches to the image.
//
// It reads what images themselves hold of it: the modules that Go programs carry, the databases of dpkg and apk, and the packages
// of npm and of Python. Libraries that were copied in without any of these are not seen.
// docker.io/docker/buildkit-syft-scanner knows more kinds, in the same place.
//
// Environment, which BuildKit sets: BUILDKIT_SCAN_SOURCE, the image's root; BUILDKIT_SCAN_SOURCE_EXTRAS, a folder of further roots;
// BUILDKIT_SCAN_DESTINATION, where the documents go.
package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

func main() {
	if err := run(os.Getenv, time.Now()); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(getenv func(string) string, now time.Time) error {
	to, core, extras := getenv("BUILDKIT_SCAN_DESTINATION"), getenv("BUILDKIT_SCAN_SOURCE"), getenv("BUILDKIT_SCAN_SOURCE_EXTRAS")
	if to == "" || core == "" {
		return fmt.Errorf("BUILDKIT_SCAN_SOURCE and BUILDKIT_SCAN_DESTINATION are not set: this program is run by BuildKit, as the scanner that attest:sbom names")
	}
	if seconds, err := strconv.ParseInt(getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		now = time.Unix(seconds, 0)
	}
	roots := []string{core}
	if extras != "" {
		more, err := filepath.Glob(filepath.Join(extras, "*"))
		if err != nil {
			return fmt.Errorf("listing further roots: %w", err)
		}
		roots = append(roots, more...)
	}
	for _, root := range roots {
		if err := scan(root, to, now.UTC()); err != nil {
			return err
		}
	}
	return nil
}

// scan writes the document of one root. Links are not followed out of it.
func scan(folder, to string, now time.Time) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return fmt.Errorf("opening the root of the image: %w", err)
	}
	defer root.Close()
	found, err := packagesOf(root.FS())
	if err != nil {
		return fmt.Errorf("scanning %s: %w", folder, err)
	}
	name := filepath.Base(folder)
	text, err := json.Marshal(statementOf(documentOf(cmp.Or(name, "image"), found, now)))
	if err != nil {
		return fmt.Errorf("writing the document of %s: %w", name, err)
	}
	if err := os.WriteFile(filepath.Join(to, name+".spdx.json"), text, 0o644); err != nil {
		return fmt.Errorf("writing the document of %s: %w", name, err)
	}
	fmt.Fprintf(os.Stderr, "sbom: %d packages in %s\n", len(found), name)
	return nil
}
