package engine

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTheLayerOfGoHasWhatGoHas: its programs are such, links to folders are followed, and the umask and time of whoever installed it do not matter.
func TestTheLayerOfGoHasWhatGoHas(t *testing.T) {
	root, elsewhere := t.TempDir(), t.TempDir()
	write(t, filepath.Join(root, "VERSION"), "go1.26.8\n")
	write(t, filepath.Join(root, "bin", "go"), "program")
	write(t, filepath.Join(elsewhere, "fmt", "print.go"), "package fmt\n")
	if err := errors.Join(os.Chmod(filepath.Join(root, "bin", "go"), 0o700), os.Symlink(elsewhere, filepath.Join(root, "src"))); err != nil {
		t.Fatal(err)
	}
	packed := filepath.Join(t.TempDir(), "go.tar.gz")
	if err := packGo(root, packed); err != nil {
		t.Fatal(err)
	}
	want := map[string]int64{
		"go/": 0o755, "go/bin/": 0o777, "go/src/": 0o777, "usr/": 0o755, "usr/local/": 0o755, "usr/local/go/": 0o755,
		"usr/local/go/VERSION": 0o644, "usr/local/go/bin/": 0o755, "usr/local/go/bin/go": 0o755,
		"usr/local/go/src/": 0o755, "usr/local/go/src/fmt/": 0o755, "usr/local/go/src/fmt/print.go": 0o644,
	}
	if diff := cmp.Diff(want, packedFiles(t, packed)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func packedFiles(t *testing.T, path string) map[string]int64 {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]int64{}
	for archive := tar.NewReader(unpacked); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		files[header.Name] = header.Mode
	}
}
