package signatures

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// mediaType of a document in the registry; its layer is annotated with the signature.
const mediaType types.MediaType = "application/vnd.dev.cosign.simplesigning.v1+json"

const (
	annotation = "dev.cosignproject.cosign/signature"
	// mostSignatures of an image are looked at, the newest; each costs a request.
	mostSignatures = 32
	// mostDocument bounds what is signed, in bytes: some hundred are usual.
	mostDocument = 64 << 10
)

// Tag returns where the signatures of an image are.
func Tag(image name.Digest) name.Tag { return image.Context().Tag(tagOf(image)) }

func tagOf(image name.Digest) string { return strings.Replace(image.DigestStr(), ":", "-", 1) + ".sig" }

// Found is what a registry holds of an image's signatures.
type Found struct {
	Signatures []Signature
	kept       v1.Image // what holds them; nil: there is nothing yet
}

// Fetch asks for the signatures of an image. That there are none is no error, and what is at their
// tag and is no signature does not count as one.
func Fetch(ctx context.Context, from *remote.Puller, image name.Digest) (Found, error) {
	got, err := from.Get(ctx, Tag(image))
	if absent(err) {
		return Found{}, nil
	}
	if err != nil {
		return Found{}, err
	}
	kept, m, is := imageOf(got)
	if !is {
		return Found{}, nil
	}
	out := Found{kept: kept}
	for _, d := range m.Layers[max(0, len(m.Layers)-mostSignatures):] {
		s, is, err := read(kept, d)
		if err != nil {
			return Found{}, err
		}
		if is {
			out.Signatures = append(out.Signatures, s)
		}
	}
	return out, nil
}

// imageOf returns what holds signatures, if it is an image; an index would have more asked for.
func imageOf(got *remote.Descriptor) (v1.Image, *v1.Manifest, bool) {
	if got.MediaType != types.OCIManifestSchema1 && got.MediaType != types.DockerManifestSchema2 {
		return nil, nil, false
	}
	img, err := got.Image()
	if err != nil {
		return nil, nil, false
	}
	m, err := img.Manifest()
	return img, m, err == nil
}

// read returns the signature that a layer is, if it is one.
func read(of v1.Image, d v1.Descriptor) (s Signature, is bool, err error) {
	s.Value, err = base64.StdEncoding.DecodeString(d.Annotations[annotation])
	if err != nil || len(s.Value) == 0 || !fetchable(d, mediaType) {
		return Signature{}, false, nil
	}
	s.Document, is, err = content(of, d)
	return s, is, err
}

// fetchable bounds what is asked for. Layers with URLs would have anybody's host asked.
func fetchable(d v1.Descriptor, kind types.MediaType) bool {
	return d.MediaType == kind && d.Size > 0 && d.Size <= mostDocument && len(d.URLs) == 0
}

// content returns a layer; false when the registry does not have it as the manifest names it.
func content(of v1.Image, d v1.Descriptor) ([]byte, bool, error) {
	layer, err := of.LayerByDigest(d.Digest)
	if err != nil {
		return nil, false, err
	}
	text, err := bytesOf(layer)
	if absent(err) || differs(err) {
		return nil, false, nil
	}
	return text, err == nil, err
}

func bytesOf(layer v1.Layer) ([]byte, error) {
	r, err := layer.Compressed()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r) // no more than the size that the manifest tells, and checked by its digest
}

func absent(err error) bool {
	var answer *transport.Error
	return errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound
}

// differs tells that a registry gave other bytes than the manifest names. The library has no value for it.
func differs(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "error verifying") || strings.Contains(err.Error(), "does not match"))
}

// With returns what is to be pushed to the tag so that it holds another signature beside those that were found.
func (f Found) With(s Signature) (v1.Image, error) {
	base := f.kept
	if base == nil {
		base = mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	}
	img, err := mutate.Append(base, mutate.Addendum{
		Layer: static.NewLayer(s.Document, mediaType), MediaType: mediaType,
		Annotations: map[string]string{annotation: base64.StdEncoding.EncodeToString(s.Value)},
	})
	if err != nil {
		return nil, fmt.Errorf("adding a signature: %w", err)
	}
	return img, nil
}
