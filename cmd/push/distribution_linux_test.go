package main

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/crypto/bcrypt"

	"github.com/emporium-shop/emporium/internal/signatures"
)

// distribution is the registry that most people run, in a process of its own: EMPORIUM_REGISTRY names its
// program, else what hack/cluster built for the clusters of this machine is taken.
type distribution struct{ host, storage string }

func program(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("EMPORIUM_REGISTRY"); path != "" {
		return path
	}
	if cache, err := os.UserCacheDir(); err == nil {
		if found, _ := filepath.Glob(filepath.Join(cache, "emporium", "bin", "registry-*", "registry")); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	t.Skip("no program of distribution's registry here: EMPORIUM_REGISTRY names one")
	return ""
}

// newDistribution starts one; more is added to its settings.
func newDistribution(t *testing.T, storage, more string) distribution {
	t.Helper()
	binary := program(t)
	d := distribution{host: nobody(t), storage: storage}
	config := filepath.Join(t.TempDir(), "config.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nhttp: {addr: %q}\nstorage:\n  filesystem: {rootdirectory: %q}\n%s", d.host, storage, more)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "serve", config)
	cmd.Env = append(os.Environ(), "OTEL_TRACES_EXPORTER=none")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for end := time.Now().Add(20 * time.Second); ; {
		res, err := http.Get("http://" + d.host + "/v2/")
		if err == nil {
			res.Body.Close()
			return d
		}
		if time.Now().After(end) {
			t.Fatalf("the registry does not answer: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// files are all that is in the storage, but for uploads that have ended.
func (d distribution) files(t *testing.T) (out []string) {
	t.Helper()
	err := filepath.WalkDir(d.storage, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !strings.Contains(path, "/_uploads/") {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDistributionTakesAnImageWithItsProvenanceAndSignature(t *testing.T) {
	d, key := newDistribution(t, t.TempDir(), ""), keyFile(t)
	args := []string{"--plain-http", d.host, "--sign-key", key, "testdata/buildkit/provenance", d.host + "/acme/hello:v1"}
	got, why := quickly(t, nil, args...)
	if why != "" || got.Image != d.host+"/acme/hello@"+hello {
		t.Fatalf("%+v, %s", got, why)
	}
	whole(t, must[v1.ImageIndex](t)(remote.Index(must[name.Reference](t)(name.ParseReference(d.host+"/acme/hello:v1")))), 2)
	for _, image := range []string{got.Image, got.Index} {
		if v, n := judged(t, image, key); v.State != signatures.Trusted || n != 1 {
			t.Errorf("%s: %+v, %d signatures", image, v, n)
		}
	}
	before := d.files(t)
	if again, why := quickly(t, nil, args...); why != "" || again != got {
		t.Errorf("%+v, %s", again, why)
	}
	if after := d.files(t); len(after) != len(before) {
		t.Errorf("%d files became %d", len(before), len(after))
	}
}

func TestDistributionThatIsReadOnly(t *testing.T) {
	d := newDistribution(t, t.TempDir(), "  maintenance: {readonly: {enabled: true}}\n")
	_, why := quickly(t, nil, "--plain-http", d.host, "testdata/buildkit/plain", d.host+"/hello:1")
	if want := fmt.Sprintf("registry %s takes no images: it is read-only (405)", d.host); why != want {
		t.Errorf("%q, want %q", why, want)
	}
}

func TestDistributionThatWantsCredentials(t *testing.T) {
	hash := must[[]byte](t)(bcrypt.GenerateFromPassword([]byte("right"), bcrypt.MinCost))
	users := filepath.Join(t.TempDir(), "htpasswd")
	if err := os.WriteFile(users, []byte("pusher:"+string(hash)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := newDistribution(t, t.TempDir(), fmt.Sprintf("auth: {htpasswd: {realm: shop, path: %q}}\n", users))
	right, wrong := pushSecret(t, "config.json", d.host), pushSecret(t, "config.json", d.host)
	file := filepath.Join(wrong, "config.json")
	if err := os.WriteFile(file, []byte(strings.Replace(string(must[[]byte](t)(os.ReadFile(file))), "right", "wrong", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{
		"":    fmt.Sprintf("registry %s wants credentials for acme/hello (401), and the push secret has none for it", d.host),
		wrong: fmt.Sprintf("registry %s does not let the push secret's user push to acme/hello (401)", d.host),
		right: fmt.Sprintf(`{"image":"%s/acme/hello@%s"}`, d.host, hello),
	} {
		if got := call(t, map[string]string{"DOCKER_CONFIG": folder}, "--plain-http", d.host, "testdata/buildkit/plain", d.host+"/acme/hello:1"); got.told != want {
			t.Errorf("%+v, want %q", got, want)
		}
	}
}

// A full disk is nothing that distribution has a status for: it answers 500, as when something happened for a moment.
func TestDistributionWhoseDiskIsFull(t *testing.T) {
	storage := t.TempDir()
	if err := syscall.Mount("tmpfs", storage, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("a small disk can be mounted by root alone: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(storage, syscall.MNT_DETACH) })
	d := newDistribution(t, storage, "")
	large := must[v1.Image](t)(mutate.AppendLayers(image(t), must[v1.Layer](t)(random.Layer(1<<20, "application/vnd.oci.image.layer.v1.tar+gzip"))))
	_, why := quickly(t, nil, "--plain-http", d.host, onDisk(t, large), d.host+"/hello:1")
	if want := fmt.Sprintf("registry %s is full (500)", d.host); why != want {
		t.Errorf("%q, want %q", why, want)
	}
	if got := names(t, d.host+"/hello:1"); got != "" {
		t.Errorf("the tag names %s", got)
	}
}
