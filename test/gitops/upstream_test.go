package gitops

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

var update = flag.Bool("update", false, "write the files of config/gitops/argocd that are made from others")

// written compares a file with what it should hold, or writes it.
func written(t *testing.T, path string, content []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	if err != nil || string(have) != string(content) {
		t.Errorf("%s is not current: run go test ./... -update in test/gitops (%v)", path, err)
	}
}

func yamlOf(t *testing.T, v any) []byte {
	t.Helper()
	text, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// healthCase is one test in the form of Argo CD's repository.
type healthCase struct {
	InputPath    string  `json:"inputPath"`
	HealthStatus verdict `json:"healthStatus"`
}

// The objects that are kept as tests for Argo CD's repository, by kind and file. The tables of reasons_test.go hold all the others.
func kept(t *testing.T) map[string]map[string]*unstructured.Unstructured {
	edited := shopSaying(t, v1alpha1.ReasonServing)
	edited.SetGeneration(5)
	fresh := shopSaying(t, v1alpha1.ReasonServing)
	fresh.Object["status"] = map[string]any{"observedGeneration": int64(-1)}
	return map[string]map[string]*unstructured.Unstructured{
		"Shop": {
			"healthy_serving.yaml": shopSaying(t, v1alpha1.ReasonServing), "healthy_rollbackWindow.yaml": shopSaying(t, v1alpha1.ReasonRollbackWindow),
			"progressing_starting.yaml": shopSaying(t, v1alpha1.ReasonStarting), "progressing_newGeneration.yaml": edited, "progressing_new.yaml": fresh,
			"suspended_awaitingApproval.yaml": shopSaying(t, v1alpha1.ReasonAwaitingPromotion), "suspended_paused.yaml": shopSaying(t, v1alpha1.ReasonPaused),
			"degraded_checkFailed.yaml": shopSaying(t, v1alpha1.ReasonCheckFailed), "degraded_nobodyGetsIn.yaml": closedShop(t),
		},
		"ShopService": {
			"healthy_serving.yaml": serviceSaying(t, v1alpha1.ReasonServing), "progressing_releasing.yaml": serviceSaying(t, v1alpha1.ReasonReleasing),
			"suspended_awaitingApproval.yaml": serviceSaying(t, v1alpha1.ReasonAwaitingPromotion), "degraded_unknownShop.yaml": serviceSaying(t, v1alpha1.ReasonUnknownShop),
		},
		"ShopRelease": {
			"healthy_serving.yaml": releaseSaying(t, v1alpha1.ReasonServing), "healthy_retired.yaml": releaseSaying(t, v1alpha1.ReasonRetired),
			"progressing_starting.yaml": candidateSaying(t, v1alpha1.ReasonStarting), "suspended_awaitingApproval.yaml": candidateSaying(t, v1alpha1.ReasonAwaitingPromotion),
			"degraded_rejected.yaml": releaseSaying(t, v1alpha1.ReasonGuardBroken),
		},
		"ShopSource": {
			"healthy_upToDate.yaml": sourceSaying(t, v1alpha1.ReasonUpToDate), "progressing_building.yaml": sourceSaying(t, v1alpha1.ReasonBuilding),
			"suspended_paused.yaml": sourceSaying(t, v1alpha1.ReasonPaused), "degraded_testsFailed.yaml": sourceSaying(t, v1alpha1.ReasonTestsFailed),
		},
	}
}

func TestTheHealthTestsForArgoCDHold(t *testing.T) {
	for kind, files := range kept(t) {
		var all struct {
			Tests []healthCase `json:"tests"`
		}
		for _, name := range sorted(files) {
			v := health(t, files[name])
			if expected, _, _ := strings.Cut(name, "_"); !strings.EqualFold(expected, v.Status) {
				t.Errorf("%s %s is %s", kind, name, v.Status)
			}
			written(t, filepath.Join(customizations, kind, "testdata", name), yamlOf(t, files[name].Object))
			all.Tests = append(all.Tests, healthCase{"testdata/" + name, v})
		}
		written(t, filepath.Join(customizations, kind, "health_test.yaml"), yamlOf(t, all))
	}
}

type discoveryCase struct {
	InputPath string           `json:"inputPath"`
	Result    []map[string]any `json:"result"`
}

type actionCase struct {
	Action             string `json:"action"`
	InputPath          string `json:"inputPath"`
	ExpectedOutputPath string `json:"expectedOutputPath"`
}

// withStatus is a Shop as a file has it.
func withStatus(spec, status map[string]any) *unstructured.Unstructured {
	u := named("Shop", "acme", "acme", spec)
	u.SetGeneration(4)
	status["observedGeneration"] = int64(4)
	u.Object["status"] = status
	return u
}

// TestTheActionTestsForArgoCDHold. Those of retry are in actions_test.go alone: it writes the time, and Argo CD's tests compare files.
func TestTheActionTestsForArgoCDHold(t *testing.T) {
	held := withStatus(map[string]any{"release": map[string]any{"active": active}}, switched())
	held.Object["metadata"].(map[string]any)["managedFields"] = []any{map[string]any{
		"manager": "argocd-controller", "operation": "Apply", "apiVersion": "shop.emporium.dev/v1alpha1", "fieldsType": "FieldsV1",
		"fieldsV1": map[string]any{"f:spec": map[string]any{"f:release": map[string]any{"f:active": map[string]any{}}}},
	}}
	inputs := map[string]*unstructured.Unstructured{
		"waiting":  withStatus(map[string]any{"release": map[string]any{"promotion": "Manual"}}, waiting()),
		"switched": withStatus(map[string]any{}, switched()), "pinned": withStatus(map[string]any{"release": map[string]any{"active": active}}, switched()),
		"paused": withStatus(map[string]any{"paused": true}, map[string]any{}), "gitHolds": held, "failed": withStatus(map[string]any{}, stalled("StartDeadlineExceeded", nil)),
	}
	var all struct {
		DiscoveryTests []discoveryCase `json:"discoveryTests"`
		ActionTests    []actionCase    `json:"actionTests"`
	}
	for _, name := range sorted(inputs) {
		written(t, filepath.Join(actions, "testdata", name+".yaml"), yamlOf(t, inputs[name].Object))
		out, err := runLua(actions+"discovery.lua", inputs[name])
		if err != nil {
			t.Fatal(err)
		}
		one := discoveryCase{InputPath: "testdata/" + name + ".yaml"}
		for _, action := range sorted(out.(map[string]any)) {
			result := out.(map[string]any)[action].(map[string]any)
			result["name"] = action
			one.Result = append(one.Result, result)
		}
		all.DiscoveryTests = append(all.DiscoveryTests, one)
	}
	for _, c := range []struct{ action, input string }{{"promote", "waiting"}, {"rollback", "switched"}, {"unpin", "pinned"}, {"pause", "switched"}, {"resume", "paused"}} {
		out, err := runLua(filepath.Join(actions, c.action, "action.lua"), inputs[c.input])
		if err != nil {
			t.Fatal(err)
		}
		expected := "testdata/" + c.input + "_" + c.action + ".yaml"
		written(t, filepath.Join(actions, expected), yamlOf(t, out))
		all.ActionTests = append(all.ActionTests, actionCase{c.action, "testdata/" + c.input + ".yaml", expected})
	}
	written(t, actions+"action_test.yaml", yamlOf(t, all))
}

// TestTheConfigMapHoldsTheScripts: argocd-cm.yaml is what an Argo CD without our scripts in its binary is given.
func TestTheConfigMapHoldsTheScripts(t *testing.T) {
	script := func(path string) string {
		text, err := os.ReadFile(customizations + path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	data := map[string]string{}
	for _, kind := range []string{"Shop", "ShopService", "ShopRelease", "ShopSource"} {
		data["resource.customizations.health.shop.emporium.dev_"+kind] = script(kind + "/health.lua")
	}
	type definition struct {
		Name   string `json:"name"`
		Script string `json:"action.lua"`
	}
	var all struct {
		Discovery   string       `json:"discovery.lua"`
		Definitions []definition `json:"definitions"`
	}
	all.Discovery = script("Shop/actions/discovery.lua")
	names, err := filepath.Glob(actions + "*/action.lua")
	if err != nil || len(names) != 6 {
		t.Fatalf("actions: %v, %v", names, err)
	}
	slices.Sort(names)
	for _, path := range names {
		name := filepath.Base(filepath.Dir(path))
		all.Definitions = append(all.Definitions, definition{name, script("Shop/actions/" + name + "/action.lua")})
	}
	data["resource.customizations.actions.shop.emporium.dev_Shop"] = string(yamlOf(t, all))
	text := yamlOf(t, map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "argocd-cm", "namespace": "argocd"}, "data": data,
	})
	const head = "# Health and actions of Emporium's kinds: kubectl -n argocd patch configmap argocd-cm --patch-file argocd-cm.yaml\n" +
		"# Made from resource_customizations: go test ./... -update in test/gitops.\n"
	written(t, recipes+"argocd/argocd-cm.yaml", append([]byte(head), text...))
}

// TestTheRightsNameActionsThatThereAre.
func TestTheRightsNameActionsThatThereAre(t *testing.T) {
	text, err := os.ReadFile(recipes + "argocd/rbac.yaml")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if _, rest, ok := strings.Cut(line, "action/shop.emporium.dev/Shop/"); ok {
			action, _, _ := strings.Cut(rest, ",")
			named[action] = true
			if _, err := os.Stat(filepath.Join(actions, action, "action.lua")); err != nil {
				t.Errorf("%s: %v", action, err)
			}
		}
	}
	if len(named) != 6 {
		t.Errorf("the lines name %v", sorted(named))
	}
}
