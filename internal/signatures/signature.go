package signatures

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
)

// kind is what a document of simple signing says of itself. It keeps anything else that the same key
// signed, such as a file or an attestation, from counting as the signature of an image.
const kind = "cosign container image signature"

// Signature is one of an image: a document, and what a key made of it.
type Signature struct {
	Document, Value []byte
	statement       []byte // of a bundle, whose document is more than its statement
}

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

// of tells whether the document is about an image.
func (s Signature) of(digest string) bool {
	if s.statement != nil {
		return slices.Contains(subjects(s.statement), digest)
	}
	var d document
	err := json.Unmarshal(s.Document, &d)
	return err == nil && d.Critical.Type == kind && d.Critical.Image.DockerManifestDigest == digest
}
