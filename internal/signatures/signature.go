package signatures

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
)

// kind is what a document of simple signing says of itself. It keeps anything else that the same key
// signed, such as a file or an attestation, from counting as the signature of an image.
const kind = "cosign container image signature"

// Signature is one of an image: a document, and what a key made of it.
type Signature struct{ Document, Value []byte }

// document is what is signed. Its form is cosign's; the names are those of the wire.
type document struct {
	Critical struct {
		Identity struct {
			DockerReference string `json:"docker-reference"`
		} `json:"identity"`
		Image struct {
			DockerManifestDigest string `json:"docker-manifest-digest"`
		} `json:"image"`
		Type string `json:"type"`
	} `json:"critical"`
	Optional map[string]any `json:"optional"`
}

// Sign signs an image, or an index of images, by its digest.
func Sign(image name.Digest, key *PrivateKey) (Signature, error) {
	var d document
	d.Critical.Identity.DockerReference = image.Context().Name()
	d.Critical.Image.DockerManifestDigest = image.DigestStr()
	d.Critical.Type = kind
	text, err := json.Marshal(d)
	if err != nil {
		return Signature{}, fmt.Errorf("writing what is signed: %w", err)
	}
	value, err := key.sign(text)
	if err != nil {
		return Signature{}, fmt.Errorf("signing: %w", err)
	}
	return Signature{Document: text, Value: value}, nil
}

// digest is the image that the document is about.
func (s Signature) digest() (string, error) {
	var d document
	if err := json.Unmarshal(s.Document, &d); err != nil || d.Critical.Type != kind {
		return "", errors.New("no signature of an image")
	}
	return d.Critical.Image.DockerManifestDigest, nil
}
