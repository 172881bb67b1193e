package registry

import (
	"context"
	"encoding/json"
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

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

var (
	acme = types.NamespacedName{Namespace: "shops", Name: "acme"}
	noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
)

// serve starts a registry behind a door that sees each request first and may answer it.
func serve(t *testing.T, door func(http.ResponseWriter, *http.Request) bool) string {
	t.Helper()
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if door == nil || !door(w, r) {
			inner.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// push makes an image and returns its digest.
func push(t *testing.T, image string, options ...remote.Option) string {
	t.Helper()
	img, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(image)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img, options...); err != nil {
		t.Fatal(err)
	}
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

// resolver asks registries on this machine.
func resolver(t *testing.T, objects ...client.Object) *Resolver {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return &Resolver{
		Registry: NewHTTP(true), Live: fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build(),
		Now: func() time.Time { return noon },
	}
}

func service(name, image string, pullSecrets ...string) v1alpha1.ReleaseService {
	s := v1alpha1.ReleaseService{Name: name, ServiceTemplate: v1alpha1.ServiceTemplate{Image: image}}
	for _, secret := range pullSecrets {
		if s.Pod == nil {
			s.Pod = &v1alpha1.PodOptions{}
		}
		s.Pod.ImagePullSecrets = append(s.Pod.ImagePullSecrets, corev1.LocalObjectReference{Name: secret})
	}
	return s
}

func pullSecret(name string, auths map[string]string) *corev1.Secret {
	entries := map[string]map[string]string{}
	for where, password := range auths {
		entries[where] = map[string]string{"username": "shop", "password": password}
	}
	b, _ := json.Marshal(map[string]any{"auths": entries})
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: name}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: b},
	}
}

func resolve(r *Resolver, services ...v1alpha1.ReleaseService) (map[string]string, string) {
	return r.Resolve(context.Background(), acme, "acme-aaaaaaaa", services)
}

func TestTagsAreResolvedToTheirDigests(t *testing.T) {
	host := serve(t, nil)
	cart, catalog := push(t, host+"/team/cart:1"), push(t, host+"/catalog:latest")
	got, why := resolve(resolver(t),
		service("cart", host+"/team/cart:1"), service("cart-worker", host+"/team/cart:1"), service("catalog", host+"/catalog"),
		service("search", host+"/search@"+cart))
	want := map[string]string{"cart": cart, "cart-worker": cart, "catalog": catalog}
	if diff := cmp.Diff(want, got); diff != "" || why != "" {
		t.Errorf("digests (-want +got):\n%s%s", diff, why)
	}
}

func TestOneHeadIsAskedForEachImage(t *testing.T) {
	var manifests, others atomic.Int32
	host := serve(t, func(_ http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.Method == http.MethodHead && strings.Contains(r.URL.Path, "/manifests/"):
			manifests.Add(1)
		case r.Method == http.MethodGet && r.URL.Path != "/v2/":
			others.Add(1)
		}
		return false
	})
	push(t, host+"/cart:1")
	manifests.Store(0)
	others.Store(0)
	resolve(resolver(t), service("a", host+"/cart:1"), service("b", host+"/cart:1"), service("c", host+"/cart:1"))
	if manifests.Load() != 1 || others.Load() != 0 {
		t.Errorf("%d heads and %d other requests, want one head", manifests.Load(), others.Load())
	}
}

// answering is a registry that answers every request for a manifest so.
func answering(t *testing.T, status int) string {
	return serve(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/v2/" {
			return false
		}
		w.WriteHeader(status)
		fmt.Fprint(w, `{"errors":[{"code":"UNKNOWN","message":"the registry's own words"}]}`)
		return true
	})
}

func TestWhyATagCouldNotBeResolved(t *testing.T) {
	closed := serve(t, nil)
	shut, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := shut.Addr().String()
	shut.Close()
	full, busy, secret := answering(t, 500), answering(t, 429), answering(t, 401)
	silent := serve(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/v2/" {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "2")
		return true
	})
	for image, want := range map[string]string{
		closed + "/cart:1": "does not have the image (404)",
		nobody + "/cart:1": "cannot be reached by the operator",
		full + "/cart:1":   "answers 500",
		busy + "/cart:1":   "has been asked too often (429)",
		secret + "/cart:1": "refuses access (401): the pull secrets do not fit, or it has no such image",
		silent + "/cart:1": "does not tell the digest",
	} {
		got, why := resolve(resolver(t), service("cart", image))
		if want := fmt.Sprintf("registry %s %s (cart)", strings.Split(image, "/")[0], want); why != want || len(got) > 0 {
			t.Errorf("%s: %q and %v, want %q", image, why, got, want)
		}
		if _, again := resolve(resolver(t), service("cart", image)); again != why {
			t.Errorf("another sentence on the next try: %q, %q", why, again)
		}
	}
	for image, want := range map[string]string{
		"Cart:1":                   "Cart:1 is no name of an image (cart)",
		"registry.invalid/cart:1":  "registry registry.invalid has a name that the operator cannot look up (cart)",
		"registry.example/cart:1 ": "registry.example/cart:1  is no name of an image (cart)",
	} {
		if _, why := resolve(resolver(t), service("cart", image)); why != want {
			t.Errorf("%s: %q, want %q", image, why, want)
		}
	}
}

func TestAServiceWhoseTagIsKnownDoesNotSufferFromAnother(t *testing.T) {
	good, bad := serve(t, nil), answering(t, 503)
	want := push(t, good+"/cart:1")
	got, why := resolve(resolver(t), service("cart", good+"/cart:1"), service("tax", bad+"/tax:1"))
	if got["cart"] != want || len(got) != 1 || why != fmt.Sprintf("registry %s answers 503 (tax)", bad) {
		t.Errorf("%v, %q", got, why)
	}
}

func TestASlowRegistryIsWaitedForASecondAtMost(t *testing.T) {
	release := make(chan struct{})
	slow := serve(t, func(http.ResponseWriter, *http.Request) bool {
		<-release
		return true
	})
	defer close(release)
	quick := serve(t, nil)
	want := push(t, quick+"/cart:1")
	services := []v1alpha1.ReleaseService{service("cart", quick+"/cart:1")}
	for i := range 40 {
		services = append(services, service(fmt.Sprintf("s%02d", i), fmt.Sprintf("%s/s%d:1", slow, i)))
	}
	begun := time.Now()
	got, why := resolve(resolver(t), services...)
	if took := time.Since(begun); took > Budget+500*time.Millisecond {
		t.Errorf("the cut waited for %s", took)
	}
	if got["cart"] != want || len(got) != 1 {
		t.Errorf("the quick registry's answer is lost: %v", got)
	}
	if want := fmt.Sprintf("registry %s did not answer within 1s (s00, s01, s02 and 37 more)", slow); why != want {
		t.Errorf("%q, want %q", why, want)
	}
}

// stuck never answers, whatever the context says.
type stuck struct{ client.Reader }

func (stuck) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	select {}
}

func TestAnAPIServerThatHangsHoldsUpNoRelease(t *testing.T) {
	r := resolver(t)
	r.Live = stuck{}
	begun := time.Now()
	_, why := resolve(r, service("cart", "127.0.0.1:1/cart:1"))
	if took := time.Since(begun); took > Budget+500*time.Millisecond || why == "" {
		t.Errorf("the cut waited for %s: %q", took, why)
	}
}
