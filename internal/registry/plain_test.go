package registry

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
)

// within leads the names of a cluster to a registry on this machine, which speaks no TLS.
type within struct{ to string }

func (w within) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "http" {
		return nil, http.ErrSchemeMismatch
	}
	r = r.Clone(r.Context())
	r.URL.Host = w.to
	return http.DefaultTransport.RoundTrip(r)
}

func TestARegistryWithoutTLSIsAskedOnlyWhereTheOperatorWasToldSo(t *testing.T) {
	at := serve(t, nil)
	want := push(t, at+"/cart:1")
	told := NewHTTP(true, "other.build.svc:5000", "registry.build.svc:5000")
	told.transport = within{at}
	got, err := told.Digest(context.Background(), "registry.build.svc:5000/cart:1", authn.DefaultKeychain)
	if err != nil || got != want {
		t.Errorf("the digest is %q (%v), want %s", got, err, want)
	}
	untold := NewHTTP(true, "other.build.svc:5000")
	untold.transport = within{at}
	if got, err := untold.Digest(context.Background(), "registry.build.svc:5000/cart:1", authn.DefaultKeychain); err == nil {
		t.Errorf("a registry that nobody named was asked without TLS: %s", got)
	}
}
