package signatures

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
)

// cosigned reads what cosign made.
func cosigned(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "cosign", file))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestBothFormsOfCosignsSignaturesAreTrustedByCosignsKey(t *testing.T) {
	keys, err := ParsePublicKeys(cosigned(t, "cosign.pub"))
	if err != nil {
		t.Fatal(err)
	}
	image, err := name.NewDigest("registry.example/acme/hello@sha256:79b603d29a6ee8d15bd158a0b21ca3163d214878df35332497fe65dc0325331c")
	if err != nil {
		t.Fatal(err)
	}
	other, err := name.NewDigest("registry.example/acme/hello@sha256:3565f207b81469fb9814909d52f08d5b371b275d73276a4a0f339bb4167fdec3")
	if err != nil {
		t.Fatal(err)
	}
	value, err := base64.StdEncoding.DecodeString(string(cosigned(t, "document.sig")))
	if err != nil {
		t.Fatal(err)
	}
	for form, found := range map[string][]Signature{
		"simple signing": {{Document: cosigned(t, "document.json"), Value: value}}, "bundle": ofBundle(cosigned(t, "bundle.json")),
	} {
		if got := Judge(image, found, keys); got != (Verdict{State: Trusted, Key: keys[0].ID()}) {
			t.Errorf("%s: %+v", form, got)
		}
		if got := Judge(other, found, keys); got.State != Untrusted {
			t.Errorf("%s, of another image: %+v", form, got)
		}
		if got := Judge(image, found, publicKeys(t, "pkcs8.pub")); got.State != Untrusted {
			t.Errorf("%s, by another key: %+v", form, got)
		}
	}
}

func TestTheKeyOfCosignSignsAsCosignDoes(t *testing.T) {
	key, err := ParsePrivateKey(cosigned(t, "cosign.key"), []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	image, err := name.NewDigest("127.0.0.1:15998/acme/hello@sha256:79b603d29a6ee8d15bd158a0b21ca3163d214878df35332497fe65dc0325331c")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Sign(image, key)
	if err != nil {
		t.Fatal(err)
	}
	if want := cosigned(t, "document.json"); !bytes.Equal(s.Document, want) {
		t.Errorf("what is signed is\n%s\nand cosign signs\n%s", s.Document, want)
	}
	keys, err := ParsePublicKeys(cosigned(t, "cosign.pub"))
	if err != nil || Judge(image, []Signature{s}, keys).State != Trusted {
		t.Errorf("the public key does not accept it: %v", err)
	}
}
