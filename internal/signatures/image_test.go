package signatures

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// serve starts a registry; door may answer in its place.
func serve(t *testing.T, door func(http.ResponseWriter, *http.Request) bool, options ...registry.Option) string {
	t.Helper()
	inner := registry.New(append(options, registry.Logger(log.New(io.Discard, "", 0)))...)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if door == nil || !door(w, r) {
			inner.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// pushed makes an image.
func pushed(t *testing.T, repository string) name.Digest {
	t.Helper()
	img, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.NewDigest(repository + "@" + digest.String())
	if err != nil {
		t.Fatal(err)
	}
	write(t, ref, img)
	return ref
}

func write(t *testing.T, ref name.Reference, what remote.Taggable) {
	t.Helper()
	if err := remote.Push(ref, what); err != nil {
		t.Fatal(err)
	}
}

// sign signs as cmd/push does.
func sign(t *testing.T, image name.Digest, key *PrivateKey) {
	t.Helper()
	s, err := Sign(image, key)
	if err != nil {
		t.Fatal(err)
	}
	all, err := fetch(t, image).With(s)
	if err != nil {
		t.Fatal(err)
	}
	write(t, Tag(image), all)
}

func fetch(t *testing.T, image name.Digest) Found {
	t.Helper()
	puller, err := remote.NewPuller()
	if err != nil {
		t.Fatal(err)
	}
	found, err := Fetch(context.Background(), puller, image)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func judge(t *testing.T, image name.Digest, keys ...PublicKey) Verdict {
	t.Helper()
	return Judge(image, fetch(t, image).Signatures, keys)
}

func TestASignedImageIsTrustedByTheKeyThatSigned(t *testing.T) {
	image, key := pushed(t, serve(t, nil)+"/team/cart"), privateKey(t, "pkcs8.pem")
	sign(t, image, key)
	if got := judge(t, image, publicKeys(t, "rsa.pub", "pkcs8.pub")...); got != (Verdict{State: Trusted, Key: key.Public.ID()}) {
		t.Errorf("%+v", got)
	}
}

func TestAnImageWithoutASignatureIsUnsigned(t *testing.T) {
	image := pushed(t, serve(t, nil)+"/team/cart")
	got := judge(t, image, publicKeys(t, "pkcs8.pub")...)
	if want := image.String() + " is not signed: its repository has neither a signature at the tag " + strings.Replace(image.DigestStr(), ":", "-", 1) + ".sig nor a bundle that refers to it"; got != (Verdict{State: Unsigned, Why: want}) {
		t.Errorf("%+v, want %q", got, want)
	}
}

func TestASignatureByAnotherKeyIsNotTrusted(t *testing.T) {
	image := pushed(t, serve(t, nil)+"/team/cart")
	sign(t, image, privateKey(t, "ecparam.pem"))
	keys := publicKeys(t, "pkcs8.pub", "rsa.pub")
	if got, want := judge(t, image, keys...), image.String()+" is signed, but by none of the keys "+keys[0].ID()+", "+keys[1].ID(); got != (Verdict{State: Untrusted, Why: want}) {
		t.Errorf("%+v, want %q", got, want)
	}
	if got := judge(t, image); got.State != Untrusted {
		t.Errorf("without keys: %+v", got)
	}
}

func TestOneTrustedSignatureAmongOthersIsEnough(t *testing.T) {
	image := pushed(t, serve(t, nil)+"/team/cart")
	sign(t, image, privateKey(t, "ecparam.pem"))
	sign(t, image, privateKey(t, "pkcs8.pem"))
	sign(t, image, privateKey(t, "ecparam.pem"))
	if n := len(fetch(t, image).Signatures); n != 3 {
		t.Errorf("%d signatures are kept", n)
	}
	if got := judge(t, image, publicKeys(t, "pkcs8.pub")...); got.State != Trusted {
		t.Errorf("%+v", got)
	}
}

func TestTheSignatureOfAnotherImageIsRefused(t *testing.T) {
	host, key := serve(t, nil), privateKey(t, "pkcs8.pem")
	good, bad := pushed(t, host+"/team/cart"), pushed(t, host+"/team/cart")
	sign(t, good, key)
	copied, err := remote.Get(Tag(good))
	if err != nil {
		t.Fatal(err)
	}
	img, err := copied.Image()
	if err != nil {
		t.Fatal(err)
	}
	write(t, Tag(bad), img)
	got := judge(t, bad, publicKeys(t, "pkcs8.pub")...)
	if want := "key " + key.Public.ID() + " made for something else"; got.State != Untrusted || !strings.Contains(got.Why, want) {
		t.Errorf("%+v", got)
	}
}

// What the repository in a document says does not count: images are copied with their signatures.
func TestASignatureHoldsWhereAnImageIsCopiedTo(t *testing.T) {
	host, key := serve(t, nil), privateKey(t, "pkcs8.pem")
	image := pushed(t, host+"/staging/cart")
	s, err := Sign(image, key)
	if err != nil {
		t.Fatal(err)
	}
	copied, err := name.NewDigest("registry.example/production/cart@" + image.DigestStr())
	if err != nil {
		t.Fatal(err)
	}
	if got := Judge(copied, []Signature{s}, []PublicKey{key.Public}); got.State != Trusted {
		t.Errorf("%+v", got)
	}
}

func TestWhatElseAKeySignedIsNoSignatureOfAnImage(t *testing.T) {
	image, key := pushed(t, serve(t, nil)+"/team/cart"), privateKey(t, "pkcs8.pem")
	for _, text := range []string{
		``, `null`, `"text"`, `{"critical":{"image":{"docker-manifest-digest":"` + image.DigestStr() + `"}}}`,
		`{"critical":{"type":"atomic container signature","image":{"docker-manifest-digest":"` + image.DigestStr() + `"}}}`,
		`{"critical":{"type":"` + kind + `"}}`,
	} {
		value, err := key.sign([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := Judge(image, []Signature{{Document: []byte(text), Value: value}}, []PublicKey{key.Public}); got.State != Untrusted {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

// at puts layers under the tag of an image's signatures.
func at(t *testing.T, image name.Digest, adds ...mutate.Addendum) {
	t.Helper()
	img, err := mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1), adds...)
	if err != nil {
		t.Fatal(err)
	}
	write(t, Tag(image), img)
}

func TestWhatIsAtTheTagAndIsNoSignatureDoesNotCount(t *testing.T) {
	host, key := serve(t, nil), privateKey(t, "pkcs8.pem")
	image := pushed(t, host+"/team/cart")
	s, err := Sign(image, key)
	if err != nil {
		t.Fatal(err)
	}
	value, err := Found{}.With(s)
	if err != nil {
		t.Fatal(err)
	}
	m, err := value.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	signed := m.Layers[0].Annotations
	long := append([]byte(`{"x":"`+strings.Repeat("x", mostDocument)), `"}`...)
	for what, add := range map[string]mutate.Addendum{
		"no annotation": {Layer: static.NewLayer(s.Document, mediaType), MediaType: mediaType},
		"no base64":     {Layer: static.NewLayer(s.Document, mediaType), MediaType: mediaType, Annotations: map[string]string{annotation: "%"}},
		"another type":  {Layer: static.NewLayer(s.Document, "text/plain"), MediaType: "text/plain", Annotations: signed},
		"too long":      {Layer: static.NewLayer(long, mediaType), MediaType: mediaType, Annotations: signed},
		"elsewhere":     {Layer: static.NewLayer(s.Document, mediaType), MediaType: mediaType, Annotations: signed, URLs: []string{"http://127.0.0.1:1/document"}},
	} {
		at(t, image, add)
		if got := judge(t, image, key.Public); got.State != Unsigned {
			t.Errorf("%s: %+v", what, got)
		}
	}
	index, err := random.Index(64, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	write(t, Tag(image), index)
	if got := judge(t, image, key.Public); got.State != Unsigned {
		t.Errorf("an index: %+v", got)
	}
	sign(t, image, key)
	if got := judge(t, image, key.Public); got.State != Trusted {
		t.Errorf("signed over what was there: %+v", got)
	}
}

func TestOnlyTheNewestSignaturesAreLookedAt(t *testing.T) {
	image, key := pushed(t, serve(t, nil)+"/team/cart"), privateKey(t, "pkcs8.pem")
	s, err := Sign(image, key)
	if err != nil {
		t.Fatal(err)
	}
	found := Found{}
	for range mostSignatures + 1 {
		if found.kept, err = found.With(s); err != nil {
			t.Fatal(err)
		}
	}
	write(t, Tag(image), found.kept)
	if n := len(fetch(t, image).Signatures); n != mostSignatures {
		t.Errorf("%d signatures were fetched", n)
	}
}

func TestBytesThatARegistryChangedAreNoSignature(t *testing.T) {
	var answer []byte // in place of the document
	var document v1.Hash
	host := serve(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || document.Hex == "" || !strings.HasSuffix(r.URL.Path, document.Hex) {
			return false
		}
		if answer == nil {
			w.WriteHeader(http.StatusNotFound)
		}
		w.Write(answer)
		return true
	})
	image, key := pushed(t, host+"/team/cart"), privateKey(t, "pkcs8.pem")
	sign(t, image, key)
	s := fetch(t, image).Signatures[0]
	sum, _, err := v1.SHA256(strings.NewReader(string(s.Document)))
	if err != nil {
		t.Fatal(err)
	}
	document = sum
	tampered := []byte(strings.Replace(string(s.Document), "sha256:", "sha256;", 1))
	for what, bytes := range map[string][]byte{"gone": nil, "other": tampered, "longer": append(tampered, 'x')} {
		answer = bytes
		if got := judge(t, image, key.Public); got.State != Unsigned {
			t.Errorf("%s: %+v", what, got)
		}
	}
}

func TestADocumentThatIsChangedIsNotTrusted(t *testing.T) {
	image, key := pushed(t, serve(t, nil)+"/team/cart"), privateKey(t, "pkcs8.pem")
	other := pushed(t, image.Context().Name())
	s, err := Sign(other, key)
	if err != nil {
		t.Fatal(err)
	}
	s.Document = []byte(strings.Replace(string(s.Document), other.DigestStr(), image.DigestStr(), 1))
	if got := Judge(image, []Signature{s}, []PublicKey{key.Public}); got.State != Untrusted {
		t.Errorf("%+v", got)
	}
}

// What a registry does not say is an error, never the absence of signatures.
func TestARegistryThatDoesNotSayHasNotSaidThatThereAreNone(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusNotImplemented} {
		host := serve(t, func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/v2/" {
				return false
			}
			w.WriteHeader(status)
			return true
		})
		image, err := name.NewDigest(host + "/cart@sha256:" + strings.Repeat("a", 64))
		if err != nil {
			t.Fatal(err)
		}
		puller, err := remote.NewPuller(remote.WithRetryStatusCodes())
		if err != nil {
			t.Fatal(err)
		}
		if found, err := Fetch(context.Background(), puller, image); err == nil {
			t.Errorf("%d: %+v", status, found)
		}
		if found, err := FetchBundles(context.Background(), puller, image); err == nil {
			t.Errorf("%d: %+v", status, found)
		}
	}
}
