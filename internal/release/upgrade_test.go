package release

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// The names that released operators gave to what is hashed here. A name that changes means
// that every shop releases itself when the operator is updated, though nobody changed anything.
const (
	samplesRelease = "acme-5a0381e7"
	filledRelease  = "acme-c77a5ee7"
)

const howToKeepIt = `
Every shop would release itself when the operator is updated, though nobody changed a thing. What makes that:
- a new field of ServiceTemplate, or of what is in it, without omitempty: add it (omitzero for structs)
- a new field with a default in the CRD: take out +kubebuilder:default, and say what unset means where the field is read
- a field or a default of ours that was renamed, or changed: keep what it was
- a newer k8s.io/api that writes a type as other JSON: hash the old form in revisionOf
Changing the constants or testdata hides it.`

// The file is a copy of the sample shop, which goes on growing: a service that is added changes no constant here.
func TestTheSamplesKeepTheirRelease(t *testing.T) {
	crd := map[string]any{}
	decode(t, "../../config/crd/bases/shop.emporium.dev_shopservices.yaml", func(o map[string]any) { crd = o })
	schema := crd["spec"].(map[string]any)["versions"].([]any)[0].(map[string]any)["schema"].(map[string]any)["openAPIV3Schema"].(map[string]any)
	var services []v1alpha1.ShopService
	databases := map[string]bool{}
	decode(t, "testdata/samples.yaml", func(o map[string]any) {
		if o["kind"] == "ShopService" {
			setDefaults(o, schema)
			services = append(services, typed[v1alpha1.ShopService](t, o))
		}
		if metadata, _ := o["metadata"].(map[string]any); o["kind"] == "Secret" {
			name, _ := metadata["name"].(string)
			databases[name] = strings.HasSuffix(name, "-db")
		}
	})
	if len(services) < 3 || services[0].Spec.Port != 8080 {
		t.Fatalf("the samples: %d services, with defaults: %+v", len(services), services)
	}
	hash, err := HashSecret(&corev1.Secret{Type: corev1.SecretTypeOpaque, Data: map[string][]byte{"password": []byte("sample")}})
	if err != nil {
		t.Fatal(err)
	}
	hashes := map[Ref]string{}
	for name, is := range databases {
		if is {
			hashes[Ref{v1alpha1.SecretKind, name}] = hash
		}
	}
	s, err := Take(acme(), services, hashes)
	if err != nil || len(s.Problems) > 0 {
		t.Fatal(err, s.Problems)
	}
	if s.Name != samplesRelease {
		t.Errorf("the release of testdata/samples.yaml was %s and is %s.%s", samplesRelease, s.Name, howToKeepIt)
	}
}

// The file has something in every field that there was when it was written, so that a type which is
// written as other JSON is seen. Fields that came later are unset, as they are in a cluster that is updated.
func TestAServiceOfAnOlderOperatorKeepsItsRelease(t *testing.T) {
	service := v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Name: "cart"}}
	decode(t, "testdata/filled-service.yaml", func(o map[string]any) { service.Spec = typed[v1alpha1.ShopServiceSpec](t, o) })
	if name := nameOf(t, acme(), service); name != filledRelease {
		t.Errorf("the release of a service that sets every field was %s and is %s.%s", filledRelease, name, howToKeepIt)
	}
}

// decode reads the documents of a YAML file.
func decode(t *testing.T, path string, each func(map[string]any)) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for doc := range bytes.SplitSeq(b, []byte("\n---\n")) {
		o := map[string]any{}
		if err := yaml.Unmarshal(doc, &o); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		each(o)
	}
}

func typed[T any](t *testing.T, o any) (out T) {
	t.Helper()
	b, err := json.Marshal(o)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// setDefaults fills in the defaults of a structural schema, as the API server does.
func setDefaults(value any, schema map[string]any) {
	switch v := value.(type) {
	case map[string]any:
		properties, _ := schema["properties"].(map[string]any)
		for name, p := range properties {
			of := p.(map[string]any)
			if d, has := of["default"]; has && v[name] == nil {
				v[name] = d
			}
			if v[name] != nil {
				setDefaults(v[name], of)
			}
		}
		if of, ok := schema["additionalProperties"].(map[string]any); ok {
			for _, entry := range v {
				setDefaults(entry, of)
			}
		}
	case []any:
		for _, item := range v {
			setDefaults(item, schema["items"].(map[string]any))
		}
	}
}
