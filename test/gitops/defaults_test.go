package gitops

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// embedded are defaults below a list that come with Kubernetes' own types: they bite who uses those fields, as in every Deployment.
var embedded = []string{
	"configMapKeyRef.name", "secretKeyRef.name", "fileKeyRef.optional", "configMapRef.name", "secretRef.name", "imagePullSecrets.[].name",
	"configMap.name",
}

// TestNoListOfAUserHasADefault: Argo CD's usual diff compares lists whole. With a default below items, what Git leaves out is there
// in the cluster, and the Application is OutOfSync for ever.
func TestNoListOfAUserHasADefault(t *testing.T) {
	used := map[string]bool{}
	for _, kind := range []string{"shops", "shopservices", "shopsources"} {
		seen := 0
		walk(spec(t, kind), "spec", false, func(path string, inList bool) {
			seen++
			known := slices.IndexFunc(embedded, func(known string) bool { return strings.HasSuffix(path, "."+known) })
			if inList && known >= 0 {
				used[embedded[known]] = true
			}
			if inList && known < 0 {
				t.Errorf("%s: %s has a default below a list; say in its comment what unset means, and let the operator fill it in", kind, path)
			}
		})
		if seen == 0 {
			t.Errorf("%s: no default at all was found", kind)
		}
	}
	for _, known := range embedded {
		if !used[known] {
			t.Errorf("%s is allowed, and nothing has it", known)
		}
	}
}

// TestTheWalkFindsADefaultBelowAList is what the test above rests on.
func TestTheWalkFindsADefaultBelowAList(t *testing.T) {
	var schema map[string]any
	text := `{properties: {release: {properties: {checks: {items: {properties: {deadline: {default: 5m}}}}, settle: {default: 5s}}}}}`
	if err := yaml.Unmarshal([]byte(text), &schema); err != nil {
		t.Fatal(err)
	}
	var found []string
	walk(schema, "spec", false, func(path string, inList bool) {
		if inList {
			found = append(found, path)
		}
	})
	if !slices.Equal(found, []string{"spec.release.checks.[].deadline"}) {
		t.Errorf("found %v", found)
	}
}

// walk calls found for each default of a schema, and says whether it is below a list.
func walk(schema map[string]any, path string, inList bool, found func(path string, inList bool)) {
	if _, there := schema["default"]; there {
		found(path, inList)
	}
	if items, ok := schema["items"].(map[string]any); ok {
		walk(items, path+".[]", true, found)
	}
	if values, ok := schema["additionalProperties"].(map[string]any); ok {
		walk(values, path+".*", inList, found)
	}
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range sorted(properties) {
		walk(properties[name].(map[string]any), path+"."+name, inList, found)
	}
}

// spec is the schema of a kind's spec.
func spec(t *testing.T, kind string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../config/crd/bases", "shop.emporium.dev_"+kind+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var crd struct {
		Spec struct {
			Versions []struct {
				Schema struct {
					OpenAPIV3Schema struct {
						Properties map[string]map[string]any `json:"properties"`
					} `json:"openAPIV3Schema"`
				} `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(text, &crd); err != nil {
		t.Fatal(err)
	}
	return crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
}
