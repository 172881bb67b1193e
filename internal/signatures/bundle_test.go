package signatures

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// stated is a bundle about an image, as cosign writes it.
func stated(t *testing.T, predicate, payloadType, about string, key *PrivateKey) []byte {
	t.Helper()
	algorithm, hex, _ := strings.Cut(about, ":")
	payload := []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"` + algorithm + `":"` + hex + `"}}],"predicateType":"` + predicate + `","predicate":{}}`)
	value, err := key.sign(dsse.PAE(payloadType, payload))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{
		"mediaType": bundleType, "verificationMaterial": map[string]any{"publicKey": map[string]string{"hint": "x"}},
		"dsseEnvelope": map[string]any{
			"payload": base64.StdEncoding.EncodeToString(payload), "payloadType": payloadType,
			"signatures": []map[string]string{{"sig": base64.StdEncoding.EncodeToString(value)}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// refer pushes a bundle that refers to an image.
func refer(t *testing.T, image name.Digest, text []byte) {
	t.Helper()
	subject, err := remote.Head(image)
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.Append(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), bundleType),
		mutate.Addendum{Layer: static.NewLayer(text, bundleType), MediaType: bundleType})
	if err != nil {
		t.Fatal(err)
	}
	about := mutate.Subject(img, v1.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size})
	digest, err := about.(v1.Image).Digest()
	if err != nil {
		t.Fatal(err)
	}
	write(t, image.Context().Digest(digest.String()), about.(v1.Image))
}

func judgeBundles(t *testing.T, image name.Digest, keys ...PublicKey) Verdict {
	t.Helper()
	puller, err := remote.NewPuller()
	if err != nil {
		t.Fatal(err)
	}
	found, err := FetchBundles(context.Background(), puller, image)
	if err != nil {
		t.Fatal(err)
	}
	return Judge(image, found, keys)
}

func TestABundleThatRefersToAnImageIsItsSignature(t *testing.T) {
	for _, api := range []bool{true, false} { // distribution, for one, has no API for it: a tag lists them
		image, key := pushed(t, serve(t, nil, registry.WithReferrersSupport(api))+"/team/cart"), privateKey(t, "pkcs8.pem")
		if got := judgeBundles(t, image, key.Public); got.State != Unsigned {
			t.Errorf("before: %+v", got)
		}
		refer(t, image, stated(t, signing, inToto, image.DigestStr(), privateKey(t, "ecparam.pem")))
		if got := judgeBundles(t, image, key.Public); got.State != Untrusted {
			t.Errorf("by another key: %+v", got)
		}
		refer(t, image, stated(t, signing, inToto, image.DigestStr(), key))
		if got := judgeBundles(t, image, key.Public); got != (Verdict{State: Trusted, Key: key.Public.ID()}) {
			t.Errorf("%+v", got)
		}
	}
}

// The same key may sign that an image has a flaw.
func TestWhatElseIsStatedOfAnImageIsNotItsSignature(t *testing.T) {
	host, key := serve(t, nil), privateKey(t, "pkcs8.pem")
	other := "sha256:" + strings.Repeat("b", 64)
	for what, c := range map[string]struct {
		predicate, payloadType, about string
		want                          State
	}{
		"another predicate": {"https://cosign.sigstore.dev/attestation/vuln/v1", inToto, "", Untrusted},
		"no predicate":      {"", inToto, "", Untrusted},
		"another image":     {signing, inToto, other, Untrusted},
		"another algorithm": {signing, inToto, "sha512:" + strings.Repeat("b", 64), Untrusted},
		"no statement":      {signing, "text/plain", "", Unsigned},
	} {
		image := pushed(t, host+"/team/cart")
		if c.about == "" {
			c.about = image.DigestStr()
		}
		refer(t, image, stated(t, c.predicate, c.payloadType, c.about, key))
		if got := judgeBundles(t, image, key.Public); got.State != c.want {
			t.Errorf("%s: %+v, want %s", what, got, c.want)
		}
	}
}

func TestWhatRefersToAnImageAndIsNoBundleDoesNotCount(t *testing.T) {
	image, key := pushed(t, serve(t, nil)+"/team/cart"), privateKey(t, "pkcs8.pem")
	good := string(stated(t, signing, inToto, image.DigestStr(), key))
	for what, text := range map[string]string{
		"no JSON": "{", "nothing": "{}", "no base64": strings.Replace(good, `"payload":"`, `"payload":"%`, 1), "no signature": strings.Replace(good, `"sig":"`, `"sig":"%`, 1),
		"long": good + strings.Repeat(" ", mostDocument),
	} {
		refer(t, image, []byte(text))
		if got := judgeBundles(t, image, key.Public); got.State != Unsigned {
			t.Errorf("%s: %+v", what, got)
		}
	}
	for range 2 * mostInBundle { // more than a bundle may hold
		good = strings.Replace(good, `"signatures":[`, `"signatures":[{"sig":"eA=="},`, 1)
	}
	if n := len(ofBundle([]byte(good))); n != mostInBundle {
		t.Errorf("%d signatures in one bundle", n)
	}
}

func TestOnlySoManyBundlesAreAskedFor(t *testing.T) {
	image, key := pushed(t, serve(t, nil)+"/team/cart"), privateKey(t, "pkcs8.pem")
	for range mostSignatures + 2 {
		refer(t, image, stated(t, signing, inToto, image.DigestStr(), key)) // no two signatures are the same
	}
	puller, err := remote.NewPuller()
	if err != nil {
		t.Fatal(err)
	}
	if found, err := FetchBundles(context.Background(), puller, image); err != nil || len(found) != mostSignatures {
		t.Errorf("%d bundles, %v", len(found), err)
	}
}
