package main

import (
	"archive/tar"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/emporium-shop/emporium/hack/images/internal/engine"
)

// withBuildKit is a checkout whose images BuildKit can make, where this machine can run it.
func withBuildKit(t *testing.T, o options) workshop {
	t.Helper()
	if err := engine.Able(); err != nil {
		t.Skipf("left out: %v", err)
	}
	w := checkout(t, o)
	below := filepath.Join("hack", "cluster", "components", "buildkit")
	if err := os.CopyFS(filepath.Join(w.cluster.Checkout(), below), os.DirFS("../cluster/components/buildkit")); err != nil {
		t.Fatal(err)
	}
	w.engine = &buildKit{}
	t.Cleanup(w.engine.close)
	return w
}

func TestADockerfileThatRunsCommandsIsBuiltByBuildKit(t *testing.T) {
	w := withBuildKit(t, options{tag: "v1"})
	image, err := w.image(t.Context(), "teller")
	if err != nil {
		t.Fatal(err)
	}
	if got := file(t, image, "loud"); got != "HELLO WORLD\n" {
		t.Errorf("RUN made %q", got)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != "65532:65532" || config.Config.Labels["org.opencontainers.image.version"] != "v1" {
		t.Errorf("got %+v", config.Config)
	}
	if !config.Created.Time.Equal(time.Unix(0, 0)) {
		t.Errorf("the image was created at %s: it would be another one each time", config.Created.Time)
	}
	// The same sources, built a second time without what is in the cache: files get other times, and steps run at another.
	w.anew = true
	words := filepath.Join(w.cluster.Checkout(), "services", "teller", "words")
	if err := os.Chtimes(words, time.Now(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	again, err := w.image(t.Context(), "teller")
	if err != nil {
		t.Fatal(err)
	}
	if digest(t, image) != digest(t, again) {
		t.Error("the same sources make another image")
	}
}

func file(t *testing.T, image v1.Image, name string) string {
	t.Helper()
	for archive := tar.NewReader(mutate.Extract(image)); ; {
		header, err := archive.Next()
		if err != nil {
			t.Fatalf("looking for %s: %v", name, err)
		}
		if header.Name == name {
			text, err := io.ReadAll(archive)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
	}
}

func TestAnImageOfBuildKitIsWrittenForTheClusterAsWell(t *testing.T) {
	w := withBuildKit(t, options{tag: "v1"})
	if err := makeAll(t.Context(), w, []string{"teller"}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(w.cluster.Images(), "teller-v1.tar")); err != nil {
		t.Error(err)
	}
}

func TestAStageOfTestsFailsTheCommandWhenATestFails(t *testing.T) {
	w := withBuildKit(t, options{tag: "v1", stage: "test"})
	if err := makeAll(t.Context(), w, []string{"teller"}); err != nil {
		t.Fatal(err)
	}
	words := filepath.Join(w.cluster.Checkout(), "services", "teller", "words")
	if err := os.WriteFile(words, []byte("good bye"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := makeAll(t.Context(), w, []string{"teller"}); err == nil || !strings.Contains(err.Error(), "grep -q HELLO loud") {
		t.Errorf("got %v, want the step that failed", err)
	}
	w.stage = "tests"
	if err := makeAll(t.Context(), w, []string{"teller"}); err == nil || !strings.Contains(err.Error(), `"tests" could not be found`) {
		t.Errorf("got %v, want that there is no such stage", err)
	}
}

func TestTheContextIsTheFolderThatHasADockerignore(t *testing.T) {
	root := checkout(t, options{}).cluster.Checkout()
	for name, want := range map[string]string{"greeter": root, "teller": filepath.Join(root, "services", "teller")} {
		if got := contextOf(root, filepath.Join(root, "services", name, "Dockerfile")); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}
