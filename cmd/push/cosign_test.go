package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/emporium-shop/emporium/internal/signatures"
)

// cosign runs the real one, which EMPORIUM_COSIGN names, in a folder.
func cosign(t *testing.T, folder string, args ...string) (string, error) {
	t.Helper()
	program := os.Getenv("EMPORIUM_COSIGN")
	if program == "" {
		t.Skip("EMPORIUM_COSIGN names no cosign")
	}
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = folder, append(os.Environ(), "COSIGN_PASSWORD=secret", "HOME="+folder)
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// pair lets cosign make keys.
func pair(t *testing.T) (folder string, public []signatures.PublicKey) {
	t.Helper()
	folder = t.TempDir()
	if text, err := cosign(t, folder, "generate-key-pair"); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return folder, must[[]signatures.PublicKey](t)(signatures.ParsePublicKeys(must[[]byte](t)(os.ReadFile(filepath.Join(folder, "cosign.pub")))))
}

func TestCosignVerifiesWhatIsSignedHere(t *testing.T) {
	folder, _ := pair(t)
	h := newHub(t)
	args := []string{"--plain-http", h.host, "--sign-key", filepath.Join(folder, "cosign.key"), "testdata/buildkit/provenance", h.host + "/acme/hello:1"}
	if got := call(t, map[string]string{"COSIGN_PASSWORD": "secret"}, args...); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	for _, image := range []string{h.host + "/acme/hello:1", h.host + "/acme/hello@" + hello} {
		if text, err := cosign(t, folder, "verify", "--key", "cosign.pub", "--insecure-ignore-tlog", image); err != nil {
			t.Errorf("%s: %v: %s", image, err, text)
		}
		other, _ := pair(t)
		if text, err := cosign(t, other, "verify", "--key", "cosign.pub", "--insecure-ignore-tlog", image); err == nil {
			t.Errorf("%s, by another key: %s", image, text)
		}
	}
}

func TestWhatCosignSignsIsTrustedHere(t *testing.T) {
	folder, keys := pair(t)
	_, others := pair(t)
	h := newHub(t)
	for _, bundle := range []string{"true", "false"} {
		repository := h.host + "/acme/bundle-" + bundle
		if _, why := quickly(t, nil, "--plain-http", h.host, "testdata/buildkit/plain", repository+":1"); why != "" {
			t.Fatal(why)
		}
		image := repository + "@" + hello
		if text, err := cosign(t, folder, "sign", "--key", "cosign.key", "--new-bundle-format="+bundle, "--tlog-upload=false", "--use-signing-config=false", "--yes", image); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		ref, puller := must[name.Digest](t)(name.NewDigest(image)), must[*remote.Puller](t)(remote.NewPuller())
		found := must[signatures.Found](t)(signatures.Fetch(context.Background(), puller, ref)).Signatures
		found = append(found, must[[]signatures.Signature](t)(signatures.FetchBundles(context.Background(), puller, ref))...)
		if v := signatures.Judge(ref, found, keys); v.State != signatures.Trusted || len(found) != 1 {
			t.Errorf("bundle=%s: %+v, %d signatures", bundle, v, len(found))
		}
		if v := signatures.Judge(ref, found, others); v.State != signatures.Untrusted {
			t.Errorf("bundle=%s, by another key: %+v", bundle, v)
		}
	}
}
