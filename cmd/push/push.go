package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/emporium-shop/emporium/internal/registry/pullsecret"
	"github.com/emporium-shop/emporium/internal/signatures"
)

// Result is what is told of a pushed image.
type Result struct {
	// Image is what nodes run, registry/repository@sha256:….
	Image string `json:"image"`
	// Index is what the tag names, where that is not the image itself.
	Index string `json:"index,omitempty"`
}

// tries is how often a request is made that fails for a moment; between two of them are one and three seconds.
const tries = 3

func pauses(first time.Duration) remote.Backoff {
	return remote.Backoff{Duration: first, Factor: 3, Jitter: 0.1, Steps: tries}
}

// pusher writes to one repository.
type pusher struct {
	options
	keys pullsecret.Keys
	sign *signatures.PrivateKey // nil: nothing is signed
	to   *remote.Pusher
	from *remote.Puller
}

func newPusher(o options, keys pullsecret.Keys, sign *signatures.PrivateKey) (*pusher, error) {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.ResponseHeaderTimeout = o.silence
	with := []remote.Option{
		remote.WithAuthFromKeychain(keys), remote.WithTransport(onlyTLS{base, o.plainHTTP}), remote.WithUserAgent("emporium-push"),
		remote.WithRetryBackoff(pauses(o.pause)), remote.WithRetryPredicate(transient), remote.WithRetryStatusCodes(transientCodes...),
	}
	to, err := remote.NewPusher(with...)
	if err != nil {
		return nil, fmt.Errorf("preparing to push: %w", err)
	}
	from, err := remote.NewPuller(with...)
	if err != nil {
		return nil, fmt.Errorf("preparing to push: %w", err)
	}
	return &pusher{options: o, keys: keys, sign: sign, to: to, from: from}, nil
}

// push names an image last: until then nothing but digests leads to what was sent.
func (p *pusher) push(ctx context.Context, b built) error {
	if err := p.to.Push(ctx, p.digest(b.named), b.root); err != nil {
		return err
	}
	for _, digest := range b.digests() {
		if err := p.signed(ctx, p.digest(digest)); err != nil {
			return err
		}
	}
	return p.to.Push(ctx, p.tag, b.root) // asks for the tag first, and writes it when it names something else
}

// digests are those that somebody may verify: nodes run the image, and cosign follows a tag to the index.
func (b built) digests() []v1.Hash {
	if b.named == b.image {
		return []v1.Hash{b.image}
	}
	return []v1.Hash{b.image, b.named}
}

// signed adds a signature to those that an image has, unless this key signed it before: no two
// signatures are the same, and each push would write another.
func (p *pusher) signed(ctx context.Context, image name.Digest) error {
	if p.sign == nil {
		return nil
	}
	found, err := signatures.Fetch(ctx, p.from, image)
	if err != nil {
		return err
	}
	if signatures.Judge(image, found.Signatures, []signatures.PublicKey{p.sign.Public}).State == signatures.Trusted {
		return nil
	}
	made, err := signatures.Sign(image, p.sign)
	if err != nil {
		return err
	}
	all, err := found.With(made)
	if err != nil {
		return err
	}
	return p.to.Push(ctx, signatures.Tag(image), all)
}

func (p *pusher) digest(h v1.Hash) name.Digest { return p.tag.Context().Digest(h.String()) }

func (p *pusher) result(b built) Result {
	r := Result{Image: p.repository + "@" + b.image.String()}
	if b.named != b.image {
		r.Index = p.repository + "@" + b.named.String()
	}
	return r
}

// anonymous tells whether the push secret holds nothing for the repository.
func (p *pusher) anonymous() bool {
	auth, err := p.keys.Resolve(p.tag.Context())
	return err != nil || auth == authn.Anonymous
}
