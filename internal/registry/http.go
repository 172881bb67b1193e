package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// HTTP asks registries as a node would that pulls, for the head of the manifest alone.
type HTTP struct {
	transport http.RoundTripper
	plainHTTP []string
}

// NewHTTP returns one that asks no host of the operator's own machine, unless anywhere: teams
// write images, and "localhost" is another machine for the node that pulls. The registries of plainHTTP, host:port, are
// asked without TLS where they have none, and are sent no credentials then.
func NewHTTP(anywhere bool, plainHTTP ...string) *HTTP {
	dialer := &net.Dialer{}
	if !anywhere {
		dialer.Control = refuseOwn
	}
	return &HTTP{plainHTTP: plainHTTP, transport: sealed{&http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
		MaxResponseHeaderBytes: 64 << 10, MaxIdleConnsPerHost: 8, IdleConnTimeout: 10 * time.Second,
	}}}
}

// howTo says by which schemes an image's registry is asked.
func (h *HTTP) howTo(image string) []name.Option {
	if slices.Contains(h.plainHTTP, hostOf(image)) {
		return []name.Option{name.Insecure}
	}
	return nil
}

// Digest asks for the digest of what the image's tag names.
func (h *HTTP) Digest(ctx context.Context, image string, keys authn.Keychain) (string, error) {
	ref, err := name.ParseReference(image, h.howTo(image)...)
	if err != nil {
		return "", fmt.Errorf("%s is no name of an image", image)
	}
	found, err := remote.Head(ref, remote.WithContext(ctx), remote.WithTransport(h.transport), remote.WithAuthFromKeychain(keys),
		remote.WithRetryPredicate(never), remote.WithRetryStatusCodes(), remote.WithUserAgent("emporium"))
	if err != nil {
		return "", plainly(image, err)
	}
	if found.Digest.Algorithm != "sha256" || len(found.Digest.Hex) != 64 {
		return "", fmt.Errorf("registry %s names images by another hash than SHA-256", hostOf(image))
	}
	return found.Digest.String(), nil
}

// never: a second try waits longer than a release does.
func never(error) bool { return false }

// hostOf is the registry as people write it.
func hostOf(image string) string {
	ref, err := name.ParseReference(image)
	if err != nil {
		return image
	}
	if host := ref.Context().RegistryStr(); host != name.DefaultRegistry {
		return host
	}
	return "docker.io"
}

var (
	errOwn   = errors.New("an address of the operator's own machine")
	errClear = errors.New("credentials without TLS")
)

// refuseOwn sees the address after names are looked up: a name may lead anywhere.
func refuseOwn(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if ip := at.Addr().Unmap(); ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() || ip.IsMulticast() {
		return errOwn
	}
	return nil
}

// sealed sends no credentials over plain HTTP, which is tried for private addresses when TLS fails:
// whoever can make TLS fail could read them.
type sealed struct{ http.RoundTripper }

func (s sealed) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && (r.Header.Get("Authorization") != "" || r.Method == http.MethodPost) {
		return nil, errClear
	}
	return s.RoundTripper.RoundTrip(r)
}

// plainly says what a registry answered without its own words, which are anybody's, and without
// what differs from one try to the next.
func plainly(image string, err error) error {
	host := hostOf(image)
	var answer *transport.Error
	var lookup *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return tooSlow(image)
	case errors.Is(err, errOwn):
		return fmt.Errorf("registry %s is the operator's own machine or a link-local address, which it does not ask", host)
	case errors.Is(err, errClear):
		return fmt.Errorf("registry %s wants credentials and has no TLS", host)
	case errors.As(err, &answer):
		return fmt.Errorf("registry %s %s", host, meaning(answer.StatusCode))
	case errors.As(err, &certificate):
		return fmt.Errorf("registry %s has a certificate that the operator does not trust", host)
	case errors.As(err, &lookup):
		return fmt.Errorf("registry %s has a name that the operator cannot look up", host)
	case strings.Contains(err.Error(), "Docker-Content-Digest"):
		return fmt.Errorf("registry %s does not tell the digest", host)
	}
	return fmt.Errorf("registry %s cannot be reached by the operator", host)
}

func meaning(status int) string {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Sprintf("refuses access (%d): the pull secrets do not fit, or it has no such image", status)
	case http.StatusNotFound:
		return "does not have the image (404)"
	case http.StatusTooManyRequests:
		return "has been asked too often (429)"
	}
	return fmt.Sprintf("answers %d", status)
}
