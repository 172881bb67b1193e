package registry

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/emporium-shop/emporium/internal/signatures"
)

// signingKey makes one.
func signingKey(t *testing.T) *signatures.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	out, err := signatures.ParsePrivateKey(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// signed pushes an image with a signature, and returns it by its digest.
func signed(t *testing.T, repository string, key *signatures.PrivateKey, options ...remote.Option) string {
	t.Helper()
	ref, err := name.NewDigest(repository + "@" + push(t, repository+":1", options...))
	if err != nil {
		t.Fatal(err)
	}
	s, err := signatures.Sign(ref, key)
	if err != nil {
		t.Fatal(err)
	}
	img, err := signatures.Found{}.With(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(signatures.Tag(ref), img, options...); err != nil {
		t.Fatal(err)
	}
	return ref.String()
}

func verify(image string, trusted ...*signatures.PrivateKey) (signatures.Verdict, error) {
	var keys []signatures.PublicKey
	for _, k := range trusted {
		keys = append(keys, k.Public)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	return NewHTTP(true).Verify(ctx, image, keys, authn.DefaultKeychain)
}

func TestARegistryIsAskedWhoSignedAnImage(t *testing.T) {
	host, key, other := serve(t, nil), signingKey(t), signingKey(t)
	image, unsigned := signed(t, host+"/team/cart", key), host+"/tax@"+push(t, host+"/tax:1")
	for _, c := range []struct {
		image string
		by    *signatures.PrivateKey
		want  signatures.State
	}{
		{image, key, signatures.Trusted}, {image, other, signatures.Untrusted}, {unsigned, key, signatures.Unsigned},
		{strings.Replace(image, "/cart@", "/cart:1@", 1), key, signatures.Trusted},
		{strings.Replace(image, "/team/", "/nobody/", 1), key, signatures.Unsigned},
	} {
		if got, err := verify(c.image, c.by); err != nil || got.State != c.want {
			t.Errorf("%s: %+v, %v, want %s", c.image, got, err, c.want)
		}
	}
}

func TestThreeRequestsTellWhoSigned(t *testing.T) {
	var seen atomic.Int32
	host := serve(t, func(http.ResponseWriter, *http.Request) bool {
		seen.Add(1)
		return false
	})
	key := signingKey(t)
	image := signed(t, host+"/cart", key)
	seen.Store(0)
	if got, err := verify(image, key); err != nil || got.State != signatures.Trusted || seen.Load() != 3 {
		t.Errorf("%+v, %v, %d requests", got, err, seen.Load())
	}
}

func TestSignaturesAreAskedForWithCredentialsAndOverTLS(t *testing.T) {
	var seen atomic.Int32
	s := httptest.NewTLSServer(closed(registry.New(registry.Logger(log.New(io.Discard, "", 0))), "right", &seen))
	defer s.Close()
	host, key, h := strings.TrimPrefix(s.URL, "https://"), signingKey(t), trusting(s)
	image := signed(t, host+"/cart", key, remote.WithTransport(h.transport), remote.WithAuth(&authn.Basic{Username: "shop", Password: "right"}))
	if got, err := h.Verify(context.Background(), image, []signatures.PublicKey{key.Public}, parse(pullSecret("good", map[string]string{host: "right"}))); err != nil || got.State != signatures.Trusted {
		t.Errorf("%+v, %v", got, err)
	}
	got, err := h.Verify(context.Background(), image, []signatures.PublicKey{key.Public}, parse(pullSecret("bad", map[string]string{host: "wrong"})))
	if want := fmt.Sprintf("registry %s refuses access (401): the pull secrets do not fit, or it has no such image", host); err == nil || err.Error() != want || got.State != "" {
		t.Errorf("%+v, %v, want %q", got, err, want)
	}
}

// What a registry does not say is no verdict: a registry that is away must not look like one that has no signatures.
func TestWhyItIsNotKnownWhetherAnImageIsSigned(t *testing.T) {
	key, silent := signingKey(t), make(chan struct{})
	defer close(silent)
	slow := serve(t, func(http.ResponseWriter, *http.Request) bool { <-silent; return true })
	long := serve(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/v2/" {
			return false
		}
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		w.Write(bytes.Repeat([]byte(" "), mostAnswer+1))
		return true
	})
	torn := serve(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/v2/" {
			return false
		}
		w.Header().Set("Content-Length", "100")
		w.Write([]byte("{"))
		panic(http.ErrAbortHandler)
	})
	digest := "/cart@sha256:" + strings.Repeat("a", 64)
	for host, want := range map[string]string{
		answering(t, 500): "answers 500", answering(t, 403): "refuses access (403): the pull secrets do not fit, or it has no such image",
		answering(t, 429): "has been asked too often (429)", slow: "did not tell of signatures within 5s", torn: "cannot be reached by the operator",
		long: "answers with more than 1048576 bytes for the signatures of an image", "127.0.0.1:1": "cannot be reached by the operator",
	} {
		for range 2 {
			got, err := verify(host+digest, key)
			if want := fmt.Sprintf("registry %s %s", host, want); err == nil || err.Error() != want || got.State != "" {
				t.Errorf("%+v, %v, want %q", got, err, want)
			}
		}
	}
	if _, err := verify("cart:1", key); err == nil || err.Error() != "cart:1 is no name of an image by its digest" {
		t.Error(err)
	}
	if _, err := NewHTTP(false).Verify(context.Background(), slow+digest, nil, authn.DefaultKeychain); err == nil || !strings.Contains(err.Error(), "the operator's own machine") {
		t.Error(err)
	}
}

// A registry in the cluster has a name, and a name is asked over TLS alone unless it is said to have none.
func TestARegistryWithoutTLSIsAskedWhereItIsNamed(t *testing.T) {
	host, key := serve(t, nil), signingKey(t)
	image := strings.Replace(signed(t, host+"/cart", key), host, "registry.shops.svc:5000", 1)
	// What has a name is asked by that name at the test's registry.
	ask := func(plain ...string) *HTTP {
		h := NewHTTP(true, plain...)
		h.transport.(sealed).RoundTripper.(*http.Transport).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, host)
		}
		return h
	}
	named, other := ask("registry.shops.svc:5000"), ask("registry.shops.svc")
	if got, err := named.Verify(context.Background(), image, []signatures.PublicKey{key.Public}, authn.DefaultKeychain); err != nil || got.State != signatures.Trusted {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := other.Verify(context.Background(), image, []signatures.PublicKey{key.Public}, authn.DefaultKeychain); err == nil {
		t.Errorf("%+v", got)
	}
}
