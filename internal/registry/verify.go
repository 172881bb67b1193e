package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/emporium-shop/emporium/internal/signatures"
)

// mostAnswer is how many bytes one answer may have that tells of signatures: a list of 32 has some 20 KiB.
const mostAnswer = 1 << 20

var errLong = errors.New("an answer that is too long")

// Verify asks for the signatures of an image, repository@sha256:…, and judges them. It returns an
// error, in the same sentence on every retry, where the registry does not say: nothing is known then.
func (h *HTTP) Verify(ctx context.Context, image string, trusted []signatures.PublicKey, keys authn.Keychain) (signatures.Verdict, error) {
	ref, err := name.NewDigest(image, h.howTo(image)...)
	if err != nil {
		return signatures.Verdict{}, fmt.Errorf("%s is no name of an image by its digest", image)
	}
	puller, err := remote.NewPuller(remote.WithTransport(sealed{bounded{h.transport}}), remote.WithAuthFromKeychain(keys),
		remote.WithRetryPredicate(never), remote.WithRetryStatusCodes(), remote.WithUserAgent("emporium"))
	if err != nil {
		return signatures.Verdict{}, fmt.Errorf("preparing to ask registry %s: %w", hostOf(image), err)
	}
	verdict, err := judged(ctx, puller, ref, trusted)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return signatures.Verdict{}, stillSilent(image)
	}
	if errors.Is(err, errLong) {
		return signatures.Verdict{}, fmt.Errorf("registry %s answers with more than %d bytes for the signatures of an image", hostOf(image), mostAnswer)
	}
	if err != nil {
		return signatures.Verdict{}, plainly(image, err)
	}
	return verdict, nil
}

// judged asks for the second form of signatures only where the first does not do.
func judged(ctx context.Context, from *remote.Puller, image name.Digest, trusted []signatures.PublicKey) (signatures.Verdict, error) {
	found, err := signatures.Fetch(ctx, from, image)
	if err != nil {
		return signatures.Verdict{}, err
	}
	if verdict := signatures.Judge(image, found.Signatures, trusted); verdict.State == signatures.Trusted {
		return verdict, nil
	}
	bundles, err := signatures.FetchBundles(ctx, from, image)
	if err != nil {
		return signatures.Verdict{}, err
	}
	return signatures.Judge(image, append(found.Signatures, bundles...), trusted), nil
}

func stillSilent(image string) error {
	return fmt.Errorf("registry %s did not tell of signatures within %s", hostOf(image), Patience)
}

// bounded ends answers that are longer than mostAnswer: registries are anybody's.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		res.Body = &short{ReadCloser: res.Body, left: mostAnswer}
	}
	return res, err
}

// short is a body that may be so long.
type short struct {
	io.ReadCloser
	left int
}

func (s *short) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p[:min(len(p), s.left+1)])
	if s.left -= n; s.left < 0 {
		return 0, errLong
	}
	return n, err
}
