package main

import (
	"context"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"github.com/emporium-shop/emporium/internal/signatures"
)

// judged asks the registry for an image's signatures, and judges them by the key in a file.
func judged(t *testing.T, image, key string) (signatures.Verdict, int) {
	t.Helper()
	private := must[*signatures.PrivateKey](t)(signatures.ParsePrivateKey(must[[]byte](t)(os.ReadFile(key)), nil))
	ref := must[name.Digest](t)(name.NewDigest(image))
	found := must[signatures.Found](t)(signatures.Fetch(context.Background(), must[*remote.Puller](t)(remote.NewPuller()), ref))
	return signatures.Judge(ref, found.Signatures, []signatures.PublicKey{private.Public}), len(found.Signatures)
}

func TestTheImageAndItsIndexAreSigned(t *testing.T) {
	h, key := newHub(t), keyFile(t)
	got, why := quickly(t, nil, "--plain-http", h.host, "--sign-key", key, onDisk(t, indexOf(t, attested(t, image(t), "amd64")...)), h.host+"/acme/cart:1")
	if why != "" {
		t.Fatal(why)
	}
	for _, image := range []string{got.Image, got.Index} {
		if v, n := judged(t, image, key); v.State != signatures.Trusted || n != 1 {
			t.Errorf("%s: %+v, %d signatures", image, v, n)
		}
	}
}

func TestNothingIsSignedWithoutAKey(t *testing.T) {
	h := newHub(t)
	got, why := quickly(t, nil, "--plain-http", h.host, onDisk(t, image(t)), h.host+"/acme/cart:1")
	if v, n := judged(t, got.Image, keyFile(t)); why != "" || v.State != signatures.Unsigned || n != 0 {
		t.Errorf("%+v, %d signatures, %s", v, n, why)
	}
}

func TestTheSignaturesOfOthersAreKept(t *testing.T) {
	h, path := newHub(t), onDisk(t, image(t))
	keys := []string{keyFile(t), keyFile(t)}
	for _, key := range append(keys, keys...) {
		if _, why := quickly(t, nil, "--plain-http", h.host, "--sign-key", key, path, h.host+"/cart:1"); why != "" {
			t.Fatal(why)
		}
	}
	got, _ := quickly(t, nil, "--plain-http", h.host, path, h.host+"/cart:1")
	for _, key := range keys {
		if v, n := judged(t, got.Image, key); v.State != signatures.Trusted || n != 2 {
			t.Errorf("%+v, %d signatures", v, n)
		}
	}
}

// An image that nobody can verify must not be the one that a tag leads to.
func TestATagDoesNotNameWhatCouldNotBeSigned(t *testing.T) {
	h := newHub(t)
	h.answer(status(405, ".sig"))
	_, why := quickly(t, nil, "--plain-http", h.host, "--sign-key", keyFile(t), onDisk(t, image(t)), h.host+"/cart:1")
	if !strings.HasSuffix(why, "it is read-only (405)") || names(t, h.host+"/cart:1") != "" {
		t.Error(why)
	}
}

func TestAKeyOfCosignIsOpenedByItsPassword(t *testing.T) {
	h, plain := newHub(t), keyFile(t)
	block, _ := pem.Decode(must[[]byte](t)(os.ReadFile(plain)))
	data := must[[]byte](t)(encrypted.Encrypt(block.Bytes, []byte("open")))
	locked := filepath.Join(t.TempDir(), "cosign.key")
	if err := os.WriteFile(locked, pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED SIGSTORE PRIVATE KEY", Bytes: data}), 0o600); err != nil {
		t.Fatal(err)
	}
	img := image(t)
	args := []string{"--plain-http", h.host, "--sign-key", locked, onDisk(t, img), h.host + "/cart:1"}
	got := call(t, map[string]string{"COSIGN_PASSWORD": "wrong"}, args...)
	if want := "the key for signing: " + locked + " holds a key of cosign that the password does not open"; got.code != 1 || got.told != want || len(h.asked("GET", "HEAD")) != 0 {
		t.Errorf("%+v, want %q", got, want)
	}
	if got := call(t, map[string]string{"COSIGN_PASSWORD": "open"}, args...); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if v, _ := judged(t, h.host+"/cart@"+digestOf(t, img).String(), plain); v.State != signatures.Trusted {
		t.Errorf("%+v", v)
	}
	if _, why := quickly(t, nil, "--sign-key", filepath.Join(t.TempDir(), "none"), onDisk(t, img), h.host+"/cart:1"); !strings.Contains(why, "the key for signing: open ") {
		t.Error(why)
	}
}
