package stage

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"sigs.k8s.io/yaml"

	"github.com/emporium-shop/emporium/hack/images/oci"
)

func TestAnImageIsLookedForInTheRegistry(t *testing.T) {
	server := httptest.NewServer(registry.New())
	defer server.Close()
	repository := strings.TrimPrefix(server.URL, "http://") + "/library/golang"
	image, err := random.Image(10, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := oci.Push(t.Context(), repository+":1.26", image, name.Insecure); err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]bool{"1.26": true, "made-of-0": false} {
		if got, err := has(t.Context(), repository+":"+tag); err != nil || got != want {
			t.Errorf("%s: got %t, %v", tag, got, err)
		}
	}
	server.Close()
	if _, err := has(t.Context(), repository+":1.26"); err == nil {
		t.Error("a registry that is away has no error")
	}
}

func TestARegistryIsNamedByItsNamespace(t *testing.T) {
	if got := (Builds{Namespace: "acme"}).Host(); got != "registry.acme.svc:5000" {
		t.Error(got)
	}
}

func TestAForeignClusterIsGivenNoRegistry(t *testing.T) {
	if _, err := (Stage{Foreign: true}).Builds("acme", ""); err == nil || !strings.Contains(err.Error(), "KUBECONFIG") {
		t.Errorf("got %v", err)
	}
}

func TestTheRegistrysManifestIsInTheNamespaceThatIsAskedFor(t *testing.T) {
	for doc := range strings.SplitSeq(registryManifest, "\n---\n") {
		var object struct {
			Kind     string
			Metadata struct{ Namespace string }
		}
		if err := yaml.Unmarshal([]byte(doc), &object); err != nil || object.Kind == "" || object.Metadata.Namespace != "NAMESPACE" {
			t.Errorf("got %+v, %v", object, err)
		}
	}
	if strings.Count(registryManifest, "image: IMAGE\n") != 1 {
		t.Error("it names no image")
	}
}
