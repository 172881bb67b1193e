package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func program(t *testing.T) []byte {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text), Mode: 0o644} }

const dpkg = `Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u10
Description: GNU C Library
 Version: not this one

Package: gone
Status: deinstall ok config-files
Version: 1

Package: base files
`

// TestWhatAnImageHoldsIsListed by the purls that vulnerabilities are looked up with.
func TestWhatAnImageHoldsIsListed(t *testing.T) {
	for name, c := range map[string]struct {
		root fstest.MapFS
		want []string
	}{
		"an empty image":         {fstest.MapFS{}, nil},
		"Debian":                 {fstest.MapFS{"var/lib/dpkg/status": file(dpkg), "etc/os-release": file("NAME=x\nID=debian\n")}, []string{"pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64"}},
		"Ubuntu":                 {fstest.MapFS{"var/lib/dpkg/status": file(dpkg), "etc/os-release": file("ID=\"ubuntu\"\n")}, []string{"pkg:deb/ubuntu/libc6@2.36-9%2Bdeb12u10?arch=amd64"}},
		"distroless":             {fstest.MapFS{"var/lib/dpkg/status.d/tzdata": file("Package: tzdata\nVersion: 2026a\n"), "var/lib/dpkg/status.d/tzdata.md5sums": file("Package: x\nVersion: 1\n")}, []string{"pkg:deb/debian/tzdata@2026a"}},
		"Alpine":                 {fstest.MapFS{"lib/apk/db/installed": file("C:Q1x\nP:musl\nV:1.2.5-r10\nA:x86_64\n\nP:busybox\nV:1.37.0-r9\n")}, []string{"pkg:apk/alpine/busybox@1.37.0-r9", "pkg:apk/alpine/musl@1.2.5-r10"}},
		"npm":                    {fstest.MapFS{"app/node_modules/pg/package.json": file(`{"name":"pg","version":"8.1.0"}`), "app/node_modules/@x/y/package.json": file(`{"name":"@x/y","version":"1.0.0"}`)}, []string{"pkg:npm/%40x/y@1.0.0", "pkg:npm/pg@8.1.0"}},
		"no package of npm":      {fstest.MapFS{"app/package.json": file(`{"name":"app","version":"1"}`), "app/node_modules/a/lib/package.json": file(`{"type":"module"}`), "app/node_modules/b/package.json": file(`{broken`)}, nil},
		"a package of npm twice": {fstest.MapFS{"a/node_modules/pg/package.json": file(`{"name":"pg","version":"8.1.0"}`), "b/node_modules/pg/package.json": file(`{"name":"pg","version":"8.1.0"}`)}, []string{"pkg:npm/pg@8.1.0"}},
		"Python":                 {fstest.MapFS{"usr/lib/python3/x_y-1.dist-info/METADATA": file("Metadata-Version: 2.1\nName: X_Y\nVersion: 1.0\n\nVersion: in the text\n")}, []string{"pkg:pypi/x-y@1.0"}},
		"a script":               {fstest.MapFS{"bin/run": {Data: []byte("#!/bin/sh\n"), Mode: 0o755}}, nil},
	} {
		found, err := packagesOf(c.root)
		var got []string
		for _, p := range found {
			got = append(got, p.purl)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
}

func TestAProgramOfGoTellsItsModules(t *testing.T) {
	found, err := packagesOf(fstest.MapFS{"app": {Data: program(t), Mode: 0o755}, "data": {Data: program(t), Mode: 0o644}})
	if err != nil || len(found) == 0 {
		t.Fatalf("%d packages, %v", len(found), err)
	}
	if !slices.ContainsFunc(found, func(p pkg) bool {
		return p.name == "stdlib" && strings.HasPrefix(p.purl, "pkg:golang/stdlib@1.") && p.found == "app"
	}) {
		t.Errorf("the standard library is not among %v", found)
	}
}

// TestTheDocumentIsOneThatReadersOfSPDXTake: each package is contained in the image, which the document describes.
func TestTheDocumentIsOneThatReadersOfSPDXTake(t *testing.T) {
	root, to := filepath.Join(t.TempDir(), "sbom"), t.TempDir()
	for name, text := range map[string]string{"etc/os-release": "ID=debian\n", "var/lib/dpkg/status": dpkg} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/", filepath.Join(root, "out")); err != nil { // nothing of this machine is listed
		t.Fatal(err)
	}
	env := map[string]string{"BUILDKIT_SCAN_SOURCE": root, "BUILDKIT_SCAN_DESTINATION": to, "BUILDKIT_SCAN_SOURCE_EXTRAS": "/nonexistent", "SOURCE_DATE_EPOCH": "0"}
	if err := run(func(key string) string { return env[key] }, time.Now()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(to, "sbom.spdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s statement
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	d := s.Predicate
	if s.PredicateType != "https://spdx.dev/Document" || d.SPDXVersion != "SPDX-2.3" || d.CreationInfo.Created != "1970-01-01T00:00:00Z" || d.DocumentNamespace == "" {
		t.Errorf("%+v", s)
	}
	if len(d.Packages) != 2 || d.Packages[1].Name != "libc6" || d.Packages[1].SourceInfo != "found in var/lib/dpkg/status" || len(d.Relationships) != 2 {
		t.Errorf("packages %+v, relationships %+v", d.Packages, d.Relationships)
	}
	ids := map[string]bool{documentID: true}
	for _, p := range d.Packages {
		ids[p.SPDXID] = true
	}
	for _, r := range d.Relationships {
		if !ids[r.Element] || !ids[r.Related] {
			t.Errorf("%+v names what is not in the document", r)
		}
	}
}

func TestAScannerThatBuildKitDoesNotRunSaysSo(t *testing.T) {
	if err := run(func(string) string { return "" }, time.Now()); err == nil || !strings.Contains(err.Error(), "BUILDKIT_SCAN_SOURCE") {
		t.Errorf("%v", err)
	}
	env := map[string]string{"BUILDKIT_SCAN_SOURCE": "/nonexistent", "BUILDKIT_SCAN_DESTINATION": t.TempDir()}
	if err := run(func(key string) string { return env[key] }, time.Now()); err == nil {
		t.Error("an image that is not there was scanned")
	}
}
