package shop

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/emporium-shop/emporium/services/internal/app"
)

// manifest is what a ShopService of the samples tells its pods.
type manifest struct {
	Metadata struct{ Name string }
	Spec     struct {
		Args      []string
		DependsOn []string
		Env       []struct{ Name, Value string }
		EnvFrom   []struct{ SecretRef struct{ Name string } }
	}
}

// manifests are the service's own and its worker's, where it has one.
func manifests(t *testing.T, service string) (all []manifest) {
	t.Helper()
	for _, file := range []string{"service.yaml", "worker.yaml"} {
		text, err := os.ReadFile(filepath.Join("..", service, "shop", file))
		if os.IsNotExist(err) {
			continue
		}
		var one manifest
		if err == nil {
			err = yaml.Unmarshal(text, &one)
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

func works(m manifest) bool { return slices.Contains(m.Spec.Args, "work") }

// A pod of the sample shop is told where everybody is whom its service needs, and its workers where events go.
func TestTheSamplesTellEveryServiceWhatItNeeds(t *testing.T) {
	for _, member := range all() {
		for _, m := range manifests(t, member.Name) {
			for _, need := range member.Needs {
				if name, _, _ := strings.Cut(need, "/"); !slices.Contains(m.Spec.DependsOn, name) {
					t.Errorf("%s: dependsOn lacks %s: without %s it does not start", m.Metadata.Name, name, app.URLVariable(name))
				}
			}
			told := slices.ContainsFunc(m.Spec.Env, func(env struct{ Name, Value string }) bool {
				return env.Name == eventsURL && env.Value == "nats://nats:4222"
			})
			if events := len(member.Emits)+len(member.Takes) > 0; member.New != nil && works(m) && told != events { // of others, the map of the shop knows
				t.Errorf("%s: it has events: %v; it is told %s: %v", m.Metadata.Name, events, eventsURL, told)
			}
		}
	}
}

// Whoever has events has somebody who tells and takes them.
func TestEveryServiceWithEventsHasAWorkerInTheSamples(t *testing.T) {
	for _, member := range all() {
		// What owns no data keeps what it takes in each of its pods, as the index of search.
		if len(member.Emits)+len(member.Takes) > 0 && (len(member.Emits) > 0 || member.Schema.Name != "") && !slices.ContainsFunc(manifests(t, member.Name), works) {
			t.Errorf("%s emits %v and takes %v, and has no worker", member.Name, member.Emits, member.Takes)
		}
	}
}

// asksWhom is dependsOn of every ShopService in the samples, by its name; what works in the background is apart.
func asksWhom(t *testing.T) (serving, working map[string][]string) {
	t.Helper()
	serving, working = map[string][]string{}, map[string][]string{}
	for _, member := range all() {
		for _, m := range manifests(t, member.Name) {
			if works(m) {
				working[m.Metadata.Name] = m.Spec.DependsOn
			} else {
				serving[m.Metadata.Name] = m.Spec.DependsOn
			}
		}
	}
	return serving, working
}

// cycle is a way from a service back to itself; nil where there is none.
func cycle(asks map[string][]string) []string {
	done := map[string]bool{}
	var walk func(name string, way []string) []string
	walk = func(name string, way []string) []string {
		if at := slices.Index(way, name); at >= 0 {
			return append(slices.Clone(way[at:]), name)
		}
		if done[name] {
			return nil
		}
		for _, next := range asks[name] {
			if found := walk(next, append(slices.Clone(way), name)); found != nil {
				return found
			}
		}
		done[name] = true
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(asks)) {
		if found := walk(name, nil); found != nil {
			return found
		}
	}
	return nil
}

// Services that wait for each other's requests stand still together. Inventory, payments and promotions have to ask checkout what
// became of a saga; their workers do, and nobody waits for a worker.
func TestNoTwoServicesWaitForEachOther(t *testing.T) {
	serving, working := asksWhom(t)
	if found := cycle(serving); found != nil {
		t.Errorf("they wait for each other: %s", strings.Join(found, " → "))
	}
	if len(serving) < 15 || len(working) < 8 {
		t.Fatalf("only %d services and %d workers were looked at", len(serving), len(working))
	}
	for _, name := range []string{"inventory", "payments", "promotions"} {
		if slices.Contains(serving[name], "checkout") || !slices.Contains(working[name+"-worker"], "checkout") {
			t.Errorf("%s asks %v and its worker %v: the worker alone asks checkout", name, serving[name], working[name+"-worker"])
		}
	}
	for _, asked := range serving {
		for _, name := range asked {
			if working[name] != nil {
				t.Errorf("somebody depends on %s, which answers nothing", name)
			}
		}
	}
}

func TestACycleIsFoundAndNamed(t *testing.T) {
	if got := cycle(map[string][]string{"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": nil}); got != nil {
		t.Errorf("%v", got)
	}
	if got := cycle(map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"d", "b"}}); !slices.Equal(got, []string{"b", "c", "b"}) {
		t.Errorf("%v", got)
	}
	if got := cycle(map[string][]string{"a": {"a"}}); !slices.Equal(got, []string{"a", "a"}) {
		t.Errorf("%v", got)
	}
}

// Staff has tokens of auth's: whoever has routes for staff knows where auth's keys are.
func TestWhoeverHasRoutesForStaffDependsOnAuth(t *testing.T) {
	seen := 0
	for _, member := range all() {
		document, err := os.ReadFile(filepath.Join("..", member.Name, "openapi.json"))
		if err != nil || !strings.Contains(string(document), `"staff": [`) || member.Name == "psp-fake" { // which is another company's
			continue
		}
		seen++
		if own := manifests(t, member.Name)[0]; !slices.Contains(own.Spec.DependsOn, "auth") {
			t.Errorf("%s: dependsOn lacks auth: nobody of staff gets in", member.Name)
		}
	}
	if seen < 5 {
		t.Errorf("only %d services have routes for staff", seen)
	}
}
