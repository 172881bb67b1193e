package registry

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// closed is a registry that lets in who knows the password.
func closed(inner http.Handler, password string, seen *atomic.Int32) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, given, is := r.BasicAuth()
		if is {
			seen.Add(1)
		}
		if given != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="shop"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	})
}

// trusting asks over TLS, with the test server's certificate.
func trusting(s *httptest.Server) *HTTP {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	h := NewHTTP(true)
	h.transport.(sealed).RoundTripper.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
	return h
}

func TestARegistryIsAskedWithThePullSecretsOfThePod(t *testing.T) {
	var seen atomic.Int32
	s := httptest.NewTLSServer(closed(registry.New(registry.Logger(log.New(io.Discard, "", 0))), "right", &seen))
	defer s.Close()
	host := strings.TrimPrefix(s.URL, "https://")
	h := trusting(s)
	digest := push(t, host+"/cart:1", remote.WithTransport(h.transport), remote.WithAuth(&authn.Basic{Username: "shop", Password: "right"}))
	account := func(name string, secrets ...string) *corev1.ServiceAccount {
		a := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: name}}
		for _, s := range secrets {
			a.ImagePullSecrets = append(a.ImagePullSecrets, corev1.LocalObjectReference{Name: s})
		}
		return a
	}
	r := resolver(t, pullSecret("good", map[string]string{"https://" + host + "/v2/": "right"}), pullSecret("bad", map[string]string{host: "wrong"}),
		pullSecret("other", map[string]string{"registry.example": "right"}), account("default"), account("puller", "good"))
	r.Registry = h
	asAccount := service("puller", host+"/cart:1")
	asAccount.Pod = &v1alpha1.PodOptions{ServiceAccountName: "puller"}
	got, why := resolve(r, service("good", host+"/cart:1", "good"), service("second", host+"/cart:1", "other", "good"), asAccount,
		service("bad", host+"/cart:1", "bad"), service("none", host+"/cart:1"), service("missing", host+"/cart:1", "missing"), service("other", host+"/cart:1", "other"))
	for _, name := range []string{"good", "second", "puller"} {
		if got[name] != digest {
			t.Errorf("%s: %q, want %s", name, got[name], digest)
		}
	}
	if want := fmt.Sprintf("registry %s refuses access (401): the pull secrets do not fit, or it has no such image (bad, missing, none and 1 more)", host); why != want || len(got) != 3 {
		t.Errorf("%v, %q, want %q", got, why, want)
	}
}

func TestACertificateThatIsNotTrustedIsSaidSo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.2:0") // plain HTTP is tried for 127.0.0.1 alone
	if err != nil {
		t.Skip("only Linux has more than one address for itself")
	}
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Listener.Close()
	s.Listener, s.Config.ErrorLog = l, log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	host := l.Addr().String()
	_, why := resolve(resolver(t), service("cart", host+"/cart:1"))
	if want := fmt.Sprintf("registry %s has a certificate that the operator does not trust (cart)", host); why != want {
		t.Errorf("%q, want %q", why, want)
	}
}

func TestCredentialsAreNotSentWithoutTLS(t *testing.T) {
	var seen atomic.Int32
	s := httptest.NewServer(closed(http.NotFoundHandler(), "right", &seen))
	defer s.Close()
	host := strings.TrimPrefix(s.URL, "http://")
	_, why := resolve(resolver(t, pullSecret("good", map[string]string{host: "right"})), service("cart", host+"/cart:1", "good"))
	if want := fmt.Sprintf("registry %s wants credentials and has no TLS (cart)", host); why != want || seen.Load() != 0 {
		t.Errorf("%q, want %q; the password was sent %d times", why, want, seen.Load())
	}
}

func TestTheOperatorsOwnMachineIsNotAsked(t *testing.T) {
	var asked atomic.Int32
	host := serve(t, func(http.ResponseWriter, *http.Request) bool {
		asked.Add(1)
		return false
	})
	for _, host := range []string{host, strings.Replace(host, "127.0.0.1", "localhost", 1), "169.254.169.254"} {
		r := resolver(t)
		r.Registry = NewHTTP(false)
		_, why := resolve(r, service("cart", host+"/cart:1"))
		if want := fmt.Sprintf("registry %s is the operator's own machine or a link-local address, which it does not ask (cart)", host); why != want {
			t.Errorf("%q, want %q", why, want)
		}
	}
	if asked.Load() > 0 {
		t.Errorf("asked %d times", asked.Load())
	}
}

func TestBothFormsOfPullSecretsAreRead(t *testing.T) {
	old := &corev1.Secret{Type: corev1.SecretTypeDockercfg, Data: map[string][]byte{corev1.DockerConfigKey: []byte(`{"registry.example":{"auth":"c2hvcDpvbGQ="}}`)}}
	for _, s := range []*corev1.Secret{pullSecret("new", map[string]string{"registry.example": "new"}), old} {
		if got := parse(s); len(got) != 1 {
			t.Errorf("%s: %v", s.Type, got)
		}
	}
	for _, s := range []*corev1.Secret{{Type: corev1.SecretTypeOpaque}, {Type: corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{corev1.DockerConfigJsonKey: []byte(`[]`)}}} {
		if got := parse(s); len(got) != 0 {
			t.Errorf("%v", got)
		}
	}
}
