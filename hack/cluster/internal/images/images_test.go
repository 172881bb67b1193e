package images

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestAVersionOfGoIsFoundUnderItsMinorToo(t *testing.T) {
	for version, want := range map[string][]string{"1.26.8": {"1.26.8", "1.26"}, "1.26": {"1.26"}, "1.27rc1": {"1.27rc1"}} {
		if got := goTags(version); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", version, got, want)
		}
	}
}

func TestABaseHasANewKeyWithAllThatItIsMadeOf(t *testing.T) {
	config := v1.Config{Env: []string{"GOPROXY=http://a"}}
	keys := map[string]string{}
	for name, b := range map[string]Base{
		"as it is":       base("golang", []string{"1.26"}, config, "/cache/debian-1.tar.gz", "/cache/go-1.tar.gz"),
		"other layer":    base("golang", []string{"1.26"}, config, "/cache/debian-2.tar.gz", "/cache/go-1.tar.gz"),
		"other settings": base("golang", []string{"1.26"}, v1.Config{}, "/cache/debian-1.tar.gz", "/cache/go-1.tar.gz"),
		"other tag":      base("golang", []string{"1.27"}, config, "/cache/debian-1.tar.gz", "/cache/go-1.tar.gz"),
		"other name":     base("node", []string{"1.26"}, config, "/cache/debian-1.tar.gz", "/cache/go-1.tar.gz"),
	} {
		if other, taken := keys[b.Key]; taken {
			t.Errorf("%s and %s have one key", name, other)
		}
		keys[b.Key] = name
	}
	if again := base("golang", []string{"1.26"}, config, "/elsewhere/debian-1.tar.gz", "/elsewhere/go-1.tar.gz"); keys[again.Key] != "as it is" {
		t.Error("where the cache lies changes the key")
	}
}

func TestGoIsPackedWithoutDataOfTests(t *testing.T) {
	root := t.TempDir()
	for path, mode := range map[string]os.FileMode{
		"VERSION": 0o444, "go.env": 0o644, "bin/go": 0o775, "lib/time/zoneinfo.zip": 0o644, "pkg/tool/linux_amd64/compile": 0o755,
		"src/fmt/print.go": 0o640, "src/fmt/testdata/big": 0o644, "test/rotate.go": 0o644,
	} {
		file := filepath.Join(root, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(path), mode)); err != nil {
			t.Fatal(err)
		}
	}
	target := filepath.Join(t.TempDir(), "go.tar.gz")
	if err := packGo(root, target); err != nil {
		t.Fatal(err)
	}
	got := modes(t, target)
	want := map[string]int64{
		"VERSION": 0o644, "go.env": 0o644, "bin/go": 0o755, "lib/time/zoneinfo.zip": 0o644, "pkg/tool/linux_amd64/compile": 0o755, "src/fmt/print.go": 0o644,
	}
	for path, mode := range want {
		if got["usr/local/go/"+path] != mode {
			t.Errorf("%s has mode %o, want %o", path, got["usr/local/go/"+path], mode)
		}
	}
	if len(got) != len(want) {
		t.Errorf("it holds %v", got)
	}
}

// modes are the files of a tarball with their modes.
func modes(t *testing.T, path string) map[string]int64 {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	packed, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int64{}
	archive := tar.NewReader(packed)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag == tar.TypeReg {
			found[header.Name] = header.Mode
		}
	}
}

// TestBuildKitMayMapUsersWithoutTheSetUserIDBit: in a pod the bit does not do.
func TestBuildKitMayMapUsersWithoutTheSetUserIDBit(t *testing.T) {
	all := strings.Join(buildkitRoot, "\n")
	for _, want := range []string{",git,", "chmod u-s", "setcap cap_setuid=ep /usr/bin/newuidmap", "setcap cap_setgid=ep /usr/bin/newgidmap", "user:100000:65536", "user:x:1000:1000:"} {
		if !strings.Contains(all, want) {
			t.Errorf("Debian's part is made without %q", want)
		}
	}
	if buildkitConfig.User != "1000:1000" {
		t.Errorf("it runs as %s", buildkitConfig.User)
	}
}
