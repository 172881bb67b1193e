package signatures

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

const (
	// bundleType is what cosign writes since version 3, unless it is told --new-bundle-format=false.
	bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"
	// inToto is the type of what a bundle signs, and signing the predicate that makes it the signature of an image:
	// the same key may sign other statements about an image, such as one of its flaws.
	inToto  = "application/vnd.in-toto+json"
	signing = "https://sigstore.dev/cosign/sign/v1"
	// mostInBundle bounds the signatures of one bundle: cosign writes one.
	mostInBundle = 4
)

// bundle is the part of a Sigstore bundle that a signature by a key needs. Its form is Sigstore's.
type bundle struct {
	Envelope dsse.Envelope `json:"dsseEnvelope"`
}

// statement is what is signed in a bundle. Its form is in-toto's.
type statement struct {
	PredicateType string `json:"predicateType"`
	Subject       []struct {
		Digest map[string]string `json:"digest"`
	} `json:"subject"`
}

// FetchBundles asks for the signatures of an image that refer to it, as cosign writes them since version 3: the
// registry lists them, or the tag sha256-<hex> does. That there are none is no error.
func FetchBundles(ctx context.Context, from *remote.Puller, image name.Digest) (out []Signature, err error) {
	index, err := remote.Referrers(image, remote.WithContext(ctx), remote.Reuse(from))
	if err != nil {
		return nil, err
	}
	list, err := index.IndexManifest()
	if err != nil {
		return nil, nil //nolint:nilerr // something else than an index lists no signatures
	}
	asked := 0
	for _, d := range list.Manifests {
		if d.ArtifactType != bundleType || asked >= mostSignatures {
			continue
		}
		asked++
		found, err := ofReferrer(ctx, from, image.Context().Digest(d.Digest.String()))
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

func ofReferrer(ctx context.Context, from *remote.Puller, ref name.Digest) ([]Signature, error) {
	got, err := from.Get(ctx, ref)
	if absent(err) || differs(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	img, m, is := imageOf(got)
	if !is || len(m.Layers) != 1 || !fetchable(m.Layers[0], bundleType) {
		return nil, nil
	}
	text, is, err := content(img, m.Layers[0])
	if err != nil || !is {
		return nil, err
	}
	return ofBundle(text), nil
}

// ofBundle returns the signatures in a bundle; none where it holds something else.
func ofBundle(text []byte) (out []Signature) {
	var b bundle
	if err := json.Unmarshal(text, &b); err != nil || b.Envelope.PayloadType != inToto {
		return nil
	}
	payload, err := b.Envelope.DecodeB64Payload()
	if err != nil {
		return nil
	}
	for _, s := range b.Envelope.Signatures {
		if value, err := base64.StdEncoding.DecodeString(s.Sig); err == nil && len(value) > 0 && len(out) < mostInBundle {
			out = append(out, Signature{Document: dsse.PAE(inToto, payload), Value: value, statement: payload})
		}
	}
	return out
}

// subjects are the images that a statement is about.
func subjects(text []byte) (out []string) {
	var s statement
	if err := json.Unmarshal(text, &s); err != nil || s.PredicateType != signing {
		return nil
	}
	for _, subject := range s.Subject {
		for algorithm, hex := range subject.Digest {
			out = append(out, v1.Hash{Algorithm: algorithm, Hex: hex}.String())
		}
	}
	return out
}
