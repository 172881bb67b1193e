package oci

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func image(t *testing.T, files ...File) v1.Image {
	t.Helper()
	layer, err := Layer(files)
	if err != nil {
		t.Fatal(err)
	}
	image, err := Image(v1.Config{User: "1"}, layer)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func TestTheOrderOfFilesDoesNotMatter(t *testing.T) {
	a, b := File{Path: "/a/x", Content: []byte("x"), Mode: 0o644}, File{Path: "/b", Content: []byte("y"), Mode: 0o755}
	first, err := image(t, a, b).Digest()
	if err != nil {
		t.Fatal(err)
	}
	second, err := image(t, b, a).Digest()
	if err != nil {
		t.Fatal(err)
	}
	if first != second {
		t.Errorf("got %s and %s", first, second)
	}
}

func TestTheArchiveKeepsNameAndDigest(t *testing.T) {
	content := image(t, File{Path: "/a", Content: []byte("x"), Mode: 0o644})
	path := filepath.Join(t.TempDir(), "images", "a.tar")
	if err := WriteArchive(path, "emporium.local/a:v1", content); err != nil {
		t.Fatal(err)
	}
	files := read(t, path)
	var index v1.IndexManifest
	if err := json.Unmarshal(files["index.json"], &index); err != nil {
		t.Fatal(err)
	}
	want, err := content.Digest()
	if err != nil {
		t.Fatal(err)
	}
	got := index.Manifests[0]
	if got.Digest != want || got.Annotations[nameAnnotation] != "emporium.local/a:v1" {
		t.Errorf("got %+v, want digest %s", got, want)
	}
	if len(files) != 5 { // index, version, manifest, configuration and one layer
		t.Errorf("got %d files", len(files))
	}
}

func read(t *testing.T, path string) map[string][]byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	files := map[string][]byte{}
	for archive := tar.NewReader(file); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheDigestOfAnArchiveIsThatOfItsImage(t *testing.T) {
	content := image(t, File{Path: "/a", Content: []byte("x"), Mode: 0o644})
	path := filepath.Join(t.TempDir(), "a.tar")
	if err := WriteArchive(path, "emporium.local/a:v1", content); err != nil {
		t.Fatal(err)
	}
	want, err := content.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ArchiveDigest(path); err != nil || got != want.String() {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestWhatIsNoImageHasNoDigest(t *testing.T) {
	empty, text := filepath.Join(t.TempDir(), "empty.tar"), filepath.Join(t.TempDir(), "text.tar")
	if err := errors.Join(os.WriteFile(empty, make([]byte, 1024), 0o600), os.WriteFile(text, []byte("no tarball"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{empty, text, filepath.Join(t.TempDir(), "none")} {
		if got, err := ArchiveDigest(path); err == nil {
			t.Errorf("%s has the digest %q", path, got)
		}
	}
}
