package main

import (
	"bytes"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// comparableObjects are those of a form without what must differ: a chart brings no Namespace, and tells Helm to keep the CRDs.
func comparableObjects(t *testing.T, manifest []byte) map[string]map[string]any {
	t.Helper()
	all := objects(t, manifest)
	maps.DeleteFunc(all, func(key string, _ map[string]any) bool { return strings.HasPrefix(key, "Namespace ") })
	for _, one := range all {
		unstructured.RemoveNestedField(one, "metadata", "annotations", "helm.sh/resource-policy")
	}
	return all
}

func built(t *testing.T, folder string) []byte {
	t.Helper()
	made, err := kustomized("../../config/" + folder)
	if err != nil {
		t.Fatal(err)
	}
	text, err := made.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTheChartWithItsDefaultsIsInstallYAML(t *testing.T) {
	for _, o := range []options{checkout, {root: checkout.root, tag: "1.2.3", registry: "registry.example:5000/emporium"}} {
		installed, err := installYAML(o)
		if err != nil {
			t.Fatal(err)
		}
		c, err := loadChart(o, "emporium")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(comparableObjects(t, installed), comparableObjects(t, rendered(t, c, release{}, ""))); diff != "" {
			t.Errorf("with the tag %s: -install.yaml +chart:\n%s", o.tag, diff)
		}
	}
}

func TestTheChartOfAFewNamespacesIsConfigNamespaced(t *testing.T) {
	chart := comparableObjects(t, rendered(t, loaded(t, "emporium"), release{}, "namespaces: [acme]"))
	if diff := cmp.Diff(comparableObjects(t, built(t, "namespaced")), chart); diff != "" {
		t.Errorf("-config/namespaced +chart:\n%s", diff)
	}
}

// Rights per act are a form of their own beside install.yaml, and a value of the chart.
func TestTheChartWithItsAccessPolicyIsInstallPolicyYAML(t *testing.T) {
	both, err := installYAML(checkout)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := policyYAML(checkout)
	if err != nil {
		t.Fatal(err)
	}
	both = append(append(both, "\n---\n"...), policy...)
	if diff := cmp.Diff(comparableObjects(t, both), comparableObjects(t, rendered(t, loaded(t, "emporium"), release{}, "accessPolicy: {enabled: true}"))); diff != "" {
		t.Errorf("-install.yaml and install-policy.yaml +chart:\n%s", diff)
	}
}

func TestTheTwoChartsTogetherAreTheChartWithItsDefaults(t *testing.T) {
	both := objects(t, rendered(t, loaded(t, "emporium"), release{}, "crds: {enabled: false}"))
	maps.Copy(both, objects(t, rendered(t, loaded(t, "emporium-crds"), release{}, "")))
	if diff := cmp.Diff(objects(t, rendered(t, loaded(t, "emporium"), release{}, "")), both); diff != "" {
		t.Errorf("-one chart +both:\n%s", diff)
	}
}

func TestRenderingTwiceIsTheSame(t *testing.T) {
	values := "{namespaces: [b, a], commonLabels: {z: '1', a: '2'}, nodeSelector: {z: '1', a: '2'}, networkPolicy: {enabled: true}}"
	first := rendered(t, loaded(t, "emporium"), release{}, values)
	for range 5 {
		if again := rendered(t, loaded(t, "emporium"), release{}, values); !bytes.Equal(first, again) {
			t.Fatalf("it differs:\n%s", cmp.Diff(string(first), string(again)))
		}
	}
}

// A namespace of its own would be deleted with the release, and with it what others have there.
func TestTheChartHasNoNamespaceNoHookAndNoJob(t *testing.T) {
	for _, name := range chartNames {
		manifest := rendered(t, loaded(t, name), release{}, "")
		if bytes.Contains(manifest, []byte("helm.sh/hook")) {
			t.Errorf("%s has a hook", name)
		}
		for key := range objects(t, manifest) {
			if kind, _, _ := strings.Cut(key, " "); kind == "Namespace" || kind == "Job" || kind == "CronJob" || kind == "Pod" {
				t.Errorf("%s brings %s", name, key)
			}
		}
	}
}

func TestEveryObjectIsInTheNamespaceOfTheRelease(t *testing.T) {
	for key, one := range objects(t, rendered(t, loaded(t, "emporium"), release{namespace: "elsewhere"}, "{networkPolicy: {enabled: true}, metrics: {podMonitor: {enabled: true}}}")) {
		if namespace := (&unstructured.Unstructured{Object: one}).GetNamespace(); namespace != "" && namespace != "elsewhere" {
			t.Errorf("%s is not in the namespace of the release", key)
		}
		subjects, _, _ := unstructured.NestedSlice(one, "subjects")
		for _, subject := range subjects {
			if subject.(map[string]any)["namespace"] != "elsewhere" {
				t.Errorf("%s binds %v", key, subject)
			}
		}
	}
}
