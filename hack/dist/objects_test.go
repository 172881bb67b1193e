package main

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"testing"

	chart "helm.sh/helm/v4/pkg/chart/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

func TestMain(m *testing.M) {
	slog.SetLogLoggerLevel(slog.LevelWarn)
	os.Exit(m.Run())
}

// checkout is what the tests look at: images as in config/.
var checkout = options{root: "../..", tag: "dev", registry: localRegistry}

// objects are those of a manifest by kind, namespace and name. None may stand there twice.
func objects(t *testing.T, manifest []byte) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifest), 4096)
	for {
		var one map[string]any
		err := documents.Decode(&one)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("reading a manifest: %v", err)
		}
		if len(one) == 0 {
			continue
		}
		u := unstructured.Unstructured{Object: one}
		key := u.GetKind() + " " + u.GetNamespace() + "/" + u.GetName()
		if all[key] != nil {
			t.Errorf("%s stands there twice", key)
		}
		all[key] = one
	}
}

// loaded is a chart of the checkout.
func loaded(t *testing.T, name string) *chart.Chart {
	t.Helper()
	c, err := loadChart(checkout, name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rendered is a chart with some values, written as YAML.
func rendered(t *testing.T, c *chart.Chart, r release, values string) []byte {
	t.Helper()
	text, err := render(c, r, valuesOf(t, values))
	if err != nil {
		t.Fatalf("rendering with %q: %v", values, err)
	}
	return text
}

func valuesOf(t *testing.T, text string) map[string]any {
	t.Helper()
	values := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &values); err != nil {
		t.Fatalf("reading %q: %v", text, err)
	}
	return values
}

// deployed is the operator's Deployment among some objects.
func deployed(t *testing.T, all map[string]map[string]any) *unstructured.Unstructured {
	t.Helper()
	for _, one := range all {
		if one["kind"] == "Deployment" {
			return &unstructured.Unstructured{Object: one}
		}
	}
	t.Fatal("there is no Deployment")
	return nil
}

// installYAML and policyYAML are the first two forms.
func installYAML(o options) ([]byte, error) { return forms[0].manifest(o) }

func policyYAML(o options) ([]byte, error) { return forms[1].manifest(o) }
