package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/emporium-shop/emporium/internal/signatures"
)

const hello = "sha256:79b603d29a6ee8d15bd158a0b21ca3163d214878df35332497fe65dc0325331c"

// A commit that changes nothing makes no release, with provenance or without: what nodes run has one
// digest, while provenance, which knows when it was made, makes each index another one.
func TestTheImageOfBuildKitKeepsItsDigestWhateverIsAttested(t *testing.T) {
	h, indexes := newHub(t), map[string]bool{}
	for _, layout := range []string{"plain", "provenance", "provenance-again"} {
		tag := h.host + "/hello:" + layout
		got, why := quickly(t, nil, "--plain-http", h.host, "testdata/buildkit/"+layout, tag)
		if why != "" || got.Image != h.host+"/hello@"+hello {
			t.Errorf("%s: %+v, %s", layout, got, why)
		}
		if got.Index == "" {
			if names(t, tag) != hello {
				t.Errorf("%s: the tag names %s", layout, names(t, tag))
			}
			continue
		}
		indexes[got.Index] = true
		if !strings.HasSuffix(got.Index, "@"+names(t, tag)) {
			t.Errorf("%s: the tag names %s, not %s", layout, names(t, tag), got.Index)
		}
		whole(t, must[v1.ImageIndex](t)(remote.Index(must[name.Reference](t)(name.ParseReference(tag)))), 2)
	}
	if len(indexes) != 2 {
		t.Errorf("%v", indexes)
	}
}

// BuildKit's attestations refer to their image. A registry that has no list of what refers to an image gets it
// as a tag; what is listed there is no signature.
func TestAttestationsAreListedBesideTheirImageAndAreNoSignatures(t *testing.T) {
	h, key := newHub(t), keyFile(t)
	for _, layout := range []string{"provenance", "provenance-again"} {
		if _, why := quickly(t, nil, "--plain-http", h.host, "testdata/buildkit/"+layout, h.host+"/hello:1"); why != "" {
			t.Fatal(why)
		}
	}
	image := h.host + "/hello@" + hello
	listed := must[*v1.IndexManifest](t)(must[v1.ImageIndex](t)(remote.Referrers(must[name.Digest](t)(name.NewDigest(image)))).IndexManifest())
	if len(listed.Manifests) != 2 || names(t, fmt.Sprintf("%s/hello:%s", h.host, strings.Replace(hello, ":", "-", 1))) == "" {
		t.Errorf("%+v", listed)
	}
	if v, n := judged(t, image, key); v.State != signatures.Unsigned || n != 0 {
		t.Errorf("%+v, %d", v, n)
	}
	if _, why := quickly(t, nil, "--plain-http", h.host, "--sign-key", key, "testdata/buildkit/provenance", h.host+"/hello:1"); why != "" {
		t.Fatal(why)
	}
	if v, n := judged(t, image, key); v.State != signatures.Trusted || n != 1 {
		t.Errorf("%+v, %d", v, n)
	}
}
