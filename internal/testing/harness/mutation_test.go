package harness

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// control marks a field that steers the operator and is no part of any object.
const control = "control only"

// mutations are another value for each field of a spec, as JSON, or why there is none. A new
// field of a CRD must be told of here.
var mutations = map[string]map[string]string{
	"shops": {
		"allowedPodMetadata": control, "paused": control, "networkPolicies": `"Disabled"`,
		"builds.cache": control, "builds.registries": control, "builds.slots": control, "builds.storageClassName": control, // of builds: builds_test.go
		"defaults.env": `[{"name":"REGION","value":"eu"}]`, "defaults.imagePullSecrets": `[{"name":"registry"}]`,
		"defaults.nodeSelector": `{"pool":"shop"}`, "defaults.resources.claims": control, "defaults.resources.limits": control, "defaults.resources.requests": control,
		"defaults.tolerations":           `[{"key":"shop","operator":"Exists"}]`,
		"frontDoor.gatewayAPI.hostnames": control, "frontDoor.gatewayAPI.parentRefs": control, "frontDoor.gatewayAPI.previewHostnames": control,
		"frontDoor.gatewayAPI.probeAddress": control, "frontDoor.type": control,
		"frontDoor.managed.drainSeconds": `60`, "frontDoor.managed.image": `"gateway:2"`, "frontDoor.managed.pod": `{"nodeSelector":{"pool":"edge"}}`,
		"frontDoor.managed.replicas": `3`, "frontDoor.managed.resources": `{"requests":{"cpu":"200m"}}`, "frontDoor.managed.service": `{"type":"NodePort","port":81}`,
		"frontDoor.trustedProxies": `["10.0.0.0/8"]`,
		"release.active":           control, "release.checks": control, "release.guard.maxErrorPercent": control, "release.guard.maxLatencyP99": control,
		"release.guard.minRequests": control, "release.guard.window": control, "release.historyLimit": control, "release.promotion": control,
		"release.rollbackWindow": control, "release.settle": control, "release.startDeadline": control, "release.version": `"7"`,
		"release.verify.exempt": control, "release.verify.keys": control, // what is not signed does not start: internal/plan
	},
	"shopservices": {
		"imageFrom.source": control,                  // beside image it is refused: source_test.go
		"activation":       control, "shop": control, // with routes WithTraffic is refused; the shop cannot be changed
		"args": `["serve"]`, "autoscaling.behavior": `{"scaleDown":{"stabilizationWindowSeconds":60}}`, "autoscaling.cpuUtilization": `50`,
		"autoscaling.maxReplicas": `7`, "autoscaling.metrics": `[{"type":"Resource","resource":{"name":"memory","target":{"type":"Utilization","averageUtilization":60}}}]`,
		"autoscaling.minReplicas": `3`, "dependsOn": `["storefront"]`, "disruptionBudget.maxUnavailable": `2`,
		"env": `[{"name":"COLOR","value":"red"}]`, "envFrom": `[]`, "image": `"cart:7"`, "metricsPort": `9191`, "port": `8181`,
		"migration.annotations": control, "migration.args": control, "migration.deadline": control, "migration.irreversible": control, "migration.labels": control,
		"pod.affinity":    `{"podAntiAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":1,"podAffinityTerm":{"topologyKey":"zone"}}]}}`,
		"pod.annotations": control, "pod.labels": control, "pod.serviceAccountName": control, // somebody has to allow them: internal/release
		"pod.fsGroup": `2000`, "pod.imagePullSecrets": control, "pod.nodeSelector": `{"disk":"fast"}`, "pod.priorityClassName": `"high"`,
		"pod.terminationGracePeriodSeconds": `90`, "pod.tolerations": `[{"key":"cart","operator":"Exists"}]`,
		"pod.topologySpreadConstraints": `[{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"ScheduleAnyway"}]`,
		"pod.volumeMounts":              `[{"name":"prices","mountPath":"/prices"}]`, "pod.volumes": `[{"name":"scratch","emptyDir":{}}]`,
		"probes.liveness": `{"httpGet":{"path":"/l","port":"http"}}`, "probes.readiness": `{"httpGet":{"path":"/r","port":"http"}}`, "probes.startup": `{"httpGet":{"path":"/s","port":"http"}}`,
		"replicas":         control, // beside autoscaling it is refused
		"resources.claims": control, "resources.limits": `{"memory":"64Mi"}`, "resources.requests": `{"cpu":"150m"}`,
		"routes": `[{"path":"/api/cart"},{"path":"/basket"}]`,
	},
}

// TestSpecMutation: every field of a spec either changes what runs, or is listed as one that
// only steers; whoever comes to a spec comes to the same, and back to where they were.
func TestSpecMutation(t *testing.T) {
	budget := newBudget(t)
	for plural, object := range map[string]cluster.Key{
		"shops": {Kind: "Shop", Namespace: Namespace, Name: Shop}, "shopservices": {Kind: "ShopService", Namespace: Namespace, Name: "cart"},
	} {
		fields := specFields(t, plural)
		for _, known := range slices.Sorted(maps.Keys(mutations[plural])) {
			if !slices.Contains(fields, known) {
				t.Errorf("%s: %s is no field any more", plural, known)
			}
		}
		for i, field := range fields {
			to, told := mutations[plural][field]
			switch {
			case !told:
				t.Errorf("%s: say in mutations what a change of %s does", plural, field)
			case to == control || (testing.Short() && i%10 != 0):
			default:
				t.Run(plural+"."+field, func(t *testing.T) {
					t.Parallel()
					budget.made.Add(3)
					mutate(t, object, strings.Split(field, "."), to, nil)
				})
			}
		}
	}
}

func mutate(t testing.TB, object cluster.Key, field []string, to string, rig func(*World) func(*Operator)) {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(to), &value); err != nil {
		t.Fatal(err)
	}
	change := func(w *World) { setField(w, object, field, value) }
	w := scenario{name: "serving", rig: rig}.begin()
	defer w.Close()
	before := rendered(w)
	was := w.Store.Get(object.Kind, object.Namespace, object.Name)
	w.StartOperator()
	change(w)
	w.Rest()
	after := rendered(w)
	if Differs(before, after) == "" {
		w.Always.violate("it changes nothing: list it as control only, or mend what forgets it")
	}
	fresh := New()
	defer fresh.Close()
	if rig != nil {
		fresh.Rig = rig(fresh)
	}
	fresh.Install()
	change(fresh)
	fresh.StartOperator()
	fresh.Rest()
	if diff := Differs(rendered(fresh), after); diff != "" {
		w.Always.violate("who comes to it comes to something else than who begins with it (- begins, + comes):\n%s", diff)
	}
	w.User().Set(w.Store.Get(object.Kind, object.Namespace, object.Name), func(o client.Object) {
		restored := was.DeepCopyObject().(client.Object)
		restored.SetResourceVersion(o.GetResourceVersion())
		cluster.Assign(o, restored)
	})
	w.Rest()
	if diff := Differs(before, rendered(w)); diff != "" {
		w.Always.violate("the way back ends elsewhere (- before, + after):\n%s", diff)
	}
	w.Check(t, object.Kind+"."+strings.Join(field, "."))
}

func setField(w *World, object cluster.Key, field []string, value any) {
	o := w.Store.Get(object.Kind, object.Namespace, object.Name)
	w.User().Set(o, func(live client.Object) {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(live)
		if err == nil {
			err = unstructured.SetNestedField(content, value, append([]string{"spec"}, field...)...)
		}
		if err == nil {
			err = runtime.DefaultUnstructuredConverter.FromUnstructured(content, live)
		}
		if err != nil {
			panic(fmt.Sprintf("setting %v: %v", field, err))
		}
	})
}

// rendered is what runs: no records, statuses or times.
func rendered(w *World) map[string]string {
	out := map[string]string{}
	for key, is := range w.Canon() {
		kind, _, _ := strings.Cut(key, " ")
		if slices.Contains([]string{"Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", "Role", "RoleBinding", "ServiceAccount"}, kind) {
			out[key] = is
		}
	}
	return out
}

// specFields are the fields of a CRD's spec: two names deep, three in a Shop.
func specFields(t *testing.T, plural string) (out []string) {
	raw, err := os.ReadFile("../../../config/crd/bases/shop.emporium.dev_" + plural + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	var crd map[string]any
	if err := yaml.Unmarshal(raw, &crd); err != nil {
		t.Fatal(err)
	}
	versions, _, _ := unstructured.NestedSlice(crd, "spec", "versions")
	spec, _, _ := unstructured.NestedMap(versions[0].(map[string]any), "schema", "openAPIV3Schema", "properties", "spec")
	depth := 2
	if plural == "shops" {
		depth = 3
	}
	var walk func(schema map[string]any, path []string)
	walk = func(schema map[string]any, path []string) {
		properties, _, _ := unstructured.NestedMap(schema, "properties")
		if len(properties) == 0 || len(path) == depth {
			out = append(out, strings.Join(path, "."))
			return
		}
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			walk(properties[name].(map[string]any), append(slices.Clone(path), name))
		}
	}
	walk(spec, nil)
	return out
}

// TestAnInvalidSpecWritesOnlyStatuses: nothing runs otherwise because of it, and when it is
// taken back nothing has changed.
func TestAnInvalidSpecWritesOnlyStatuses(t *testing.T) {
	for field, to := range map[string]any{
		"dependsOn": []any{"nobody"}, "routes": []any{map[string]any{"path": "/"}},
		"envFrom": []any{map[string]any{"secretRef": map[string]any{"name": "nothing"}}},
	} {
		t.Run(field, func(t *testing.T) {
			w := scenario{name: "serving"}.begin()
			defer w.Close()
			w.StartOperator()
			before := w.Canon()
			cart := w.Store.Get("ShopService", Namespace, "cart")
			setField(w, cluster.Key{Kind: "ShopService", Namespace: Namespace, Name: "cart"}, []string{field}, to)
			w.Rest()
			for _, wr := range w.Store.Journal() {
				if strings.HasPrefix(wr.Who, "operator") && wr.Verb != "status" {
					w.Always.violate("%s %s is written", wr.Verb, wr.Key)
				}
			}
			if reason, message := w.Reason(); reason != v1alpha1.ReasonInvalidServices {
				w.Always.violate("the shop says %s: %s", reason, message)
			}
			w.Edit("cart", func(s *v1alpha1.ShopServiceSpec) { *s = cart.(*v1alpha1.ShopService).DeepCopy().Spec })
			w.Rest()
			if diff := Differs(before, w.Canon()); diff != "" {
				w.Always.violate("the way back ends elsewhere:\n%s", diff)
			}
			w.Check(t, field)
		})
	}
}
