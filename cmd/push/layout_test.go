package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

var amd64 = v1.Platform{OS: "linux", Architecture: "amd64"}

// blob is where a layout has one.
func blob(path string, h v1.Hash) string { return filepath.Join(path, "blobs", "sha256", h.Hex) }

// layerOf returns the digest of an image's first layer.
func layerOf(t *testing.T, img v1.Image) v1.Hash {
	t.Helper()
	return must[*v1.Manifest](t)(img.Manifest()).Layers[0].Digest
}

func TestAnImageThatIsListedUnderTwoNamesIsOne(t *testing.T) {
	img := image(t)
	b, err := open(onDisk(t, img, img), amd64)
	if err != nil || b.image != digestOf(t, img) || b.named != b.image {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestAnIndexOfOneImageNeedsNoPlatform(t *testing.T) {
	img := image(t)
	index := indexOf(t, attested(t, img, "s390x")...)
	b, err := open(onDisk(t, index), amd64)
	if err != nil || b.image != digestOf(t, img) || b.named != digestOf(t, index) {
		t.Errorf("%+v, %v", b, err)
	}
}

// A folder that is no whole image is refused before a registry is asked, in one sentence.
func TestWhatIsNoLayoutOfOneImageIsRefused(t *testing.T) {
	img := image(t)
	layer := layerOf(t, img)
	secret := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(secret, []byte(`{"auths":"sesame"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	attestation := attested(t, img, "amd64")[1]
	change := func(file func(path string) string, do func(file string) error) func(t *testing.T) string {
		return func(t *testing.T) string {
			path := onDisk(t, img)
			if err := do(file(path)); err != nil {
				t.Fatal(err)
			}
			return path
		}
	}
	index := func(path string) string { return filepath.Join(path, "index.json") }
	first := func(path string) string { return blob(path, layer) }
	manifest := func(path string) string { return blob(path, digestOf(t, img)) }
	linked := func(file string) error { // to something of the same size
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		return errors.Join(os.Truncate(secret, info.Size()), os.Remove(file), os.Symlink(secret, file))
	}
	for name, c := range map[string]struct {
		make func(t *testing.T) string
		want string
	}{
		"no folder":          {func(t *testing.T) string { return filepath.Join(t.TempDir(), "none") }, "is no OCI layout: it has no index.json"},
		"no index":           {func(t *testing.T) string { return t.TempDir() }, "is no OCI layout: it has no index.json"},
		"empty":              {func(t *testing.T) string { return onDisk(t) }, "holds 0 images: exactly one can be pushed to a tag"},
		"two images":         {func(t *testing.T) string { return onDisk(t, img, image(t)) }, "holds 2 images: exactly one can be pushed to a tag"},
		"attestations alone": {func(t *testing.T) string { return onDisk(t, indexOf(t, attestation)) }, "holds an index without an image"},
		"an index in it": {func(t *testing.T) string {
			return onDisk(t, indexOf(t, mutate.IndexAddendum{Add: indexOf(t, attested(t, img, "amd64")...)}))
		}, "holds an index or an image inside of a manifest, where none belongs"},
		"index is no JSON":    {change(index, func(f string) error { return os.WriteFile(f, []byte("sesame"), 0o600) }), "has an index.json that cannot be read"},
		"index is a link":     {change(index, linked), "index.json is no file of at most 1048576 bytes"},
		"index is huge":       {change(index, func(f string) error { return os.Truncate(f, mostFile+1) }), "index.json is no file of at most 1048576 bytes"},
		"a blob is missing":   {change(first, os.Remove), "is not complete: the blob " + layer.String() + " of "},
		"a blob is short":     {change(first, func(f string) error { return os.Truncate(f, 1) }), "is not complete: the blob " + layer.String() + " of "},
		"a blob is a link":    {change(first, linked), "is not complete: the blob " + layer.String() + " of "},
		"no manifest":         {change(manifest, os.Remove), "is not complete: the blob " + digestOf(t, img).String() + " of "},
		"manifest is no JSON": {change(manifest, blank), "has a manifest " + digestOf(t, img).String() + " that cannot be read"},
	} {
		_, err := open(c.make(t), amd64)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// blank keeps a file's size.
func blank(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(strings.Repeat("x", int(info.Size()))), 0o600)
}

func TestABlobThatIsNotWhatItsDigestSaysIsNotTaken(t *testing.T) {
	h, img := newHub(t), image(t)
	path := onDisk(t, img)
	if err := blank(blob(path, layerOf(t, img))); err != nil {
		t.Fatal(err)
	}
	_, why := quickly(t, nil, "--plain-http", h.host, path, h.host+"/cart:1")
	if !strings.Contains(why, "does not take the image as it is (400)") || names(t, h.host+"/cart:1") != "" {
		t.Error(why)
	}
}
