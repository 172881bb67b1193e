package main

import (
	"archive/tar"
	"errors"
	"io"
	"log"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/emporium-shop/emporium/hack/cluster/load"
)

// checkout copies the little checkout of testdata to a place of its own.
func checkout(t *testing.T, o options) workshop {
	t.Helper()
	folder, err := os.MkdirTemp("", "co") // short: the path of a checkout is limited
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if err := os.CopyFS(folder, os.DirFS("testdata/checkout")); err != nil {
		t.Fatal(err)
	}
	cluster, err := load.Here(folder)
	if err != nil {
		t.Fatal(err)
	}
	known, err := dockerfiles(folder)
	if err != nil {
		t.Fatal(err)
	}
	return workshop{options: o, cluster: cluster, known: known}
}

func digest(t *testing.T, image v1.Image) string {
	t.Helper()
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

func TestTheSameSourcesGiveTheSameDigest(t *testing.T) {
	first, second, newer := checkout(t, options{tag: "v1"}), checkout(t, options{tag: "v1"}), checkout(t, options{tag: "v2"})
	var digests []string
	for _, w := range []workshop{first, second, newer} {
		image, err := w.image(t.Context(), "greeter")
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, digest(t, image))
	}
	if digests[0] != digests[1] {
		t.Error("another checkout, another umask or another time makes another image")
	}
	if digests[0] == digests[2] {
		t.Error("another version makes the same image")
	}
}

func TestTheImageHoldsWhatItsLastStageSays(t *testing.T) {
	image, err := checkout(t, options{tag: "v1"}).image(t.Context(), "greeter")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int64{
		"greeter": 0o755, "words": 0o755, "words/first": 0o644, "words/polite": 0o755, "words/polite/second": 0o644,
	}
	if diff := cmp.Diff(want, contents(t, image)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != "65532:65532" || !slices.Equal(config.Config.Entrypoint, []string{"/greeter"}) {
		t.Errorf("got %+v", config.Config)
	}
}

func contents(t *testing.T, image v1.Image) map[string]int64 {
	t.Helper()
	files := map[string]int64{}
	for archive := tar.NewReader(mutate.Extract(image)); ; {
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

func TestATarballIsWrittenForTheCluster(t *testing.T) {
	w := checkout(t, options{tag: "v1"})
	if err := makeAll(t.Context(), w, []string{"greeter"}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(w.cluster.Checkout(), ".cluster", "images", "greeter-v1.tar")); err != nil {
		t.Error(err)
	}
}

func TestAnImageIsPushed(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	w := checkout(t, options{tag: "v1", push: address + "/shop"})
	if err := makeAll(t.Context(), w, []string{"greeter"}); err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Get(server.URL + "/v2/shop/greeter/manifests/v1")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		t.Errorf("the registry answers %s", answer.Status)
	}
}

func TestWhatCannotBeMadeIsSaid(t *testing.T) {
	w := checkout(t, options{tag: "v1"})
	for name, want := range map[string]string{
		"broken":  "services/broken/Dockerfile: dockerfile parse error on line 2: unknown instruction: RAN",
		"missing": "there is no missing, only broken, greeter, teller",
	} {
		if err := makeAll(t.Context(), w, []string{name}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

func TestTheRootHasTheOperator(t *testing.T) {
	w := checkout(t, options{})
	if err := os.WriteFile(filepath.Join(w.cluster.Checkout(), "Dockerfile"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	known, err := dockerfiles(w.cluster.Checkout())
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(known)); !slices.Equal(got, []string{"broken", "greeter", "operator", "teller"}) {
		t.Errorf("got %v", got)
	}
}

func TestACommandWithADockerfileIsAnImage(t *testing.T) {
	w := checkout(t, options{})
	for _, path := range []string{"cmd/checker", "cmd/greeter"} {
		folder := filepath.Join(w.cluster.Checkout(), filepath.FromSlash(path))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(w.cluster.Checkout(), "cmd", "checker", "Dockerfile"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	known, err := dockerfiles(w.cluster.Checkout())
	if err != nil || known["checker"] != filepath.Join("cmd", "checker", "Dockerfile") {
		t.Errorf("got %v: %v", known, err)
	}
	if err := os.WriteFile(filepath.Join(w.cluster.Checkout(), "cmd", "greeter", "Dockerfile"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := dockerfiles(w.cluster.Checkout()); err == nil || !strings.Contains(err.Error(), "greeter has two") {
		t.Errorf("two images of one name: %v", err)
	}
}
