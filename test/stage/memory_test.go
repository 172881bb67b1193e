package stage

import (
	"encoding/json"
	"slices"
	"testing"
)

const (
	threePods = `{"items": [
		{"metadata": {"name": "cart-1", "uid": "u1", "labels": {"shop.emporium.dev/release": "acme-new"}}, "spec": {"nodeName": "n1"}},
		{"metadata": {"name": "postgres-0", "uid": "u2"}, "spec": {"nodeName": "n1"}},
		{"metadata": {"name": "cart-0", "uid": "u3", "labels": {"shop.emporium.dev/release": "acme-old"}}, "spec": {"nodeName": "n2"}}]}`
	summary = `{"node": {"memory": {"workingSetBytes": 9}}, "pods": [
		{"podRef": {"name": "cart-1", "uid": "u1"}, "memory": {"workingSetBytes": 77}, "containers": [
			{"memory": {"workingSetBytes": 5000000, "rssBytes": 3000000}}, {"memory": {"workingSetBytes": 1000000, "rssBytes": 500000}}]},
		{"podRef": {"name": "postgres-0", "uid": "u2"}, "containers": [{"memory": {"workingSetBytes": 50000000, "rssBytes": 20000000}}]},
		{"podRef": {"name": "cart-0", "uid": "u3"}, "containers": [{"memory": {}}]},
		{"podRef": {"name": "cart-1", "uid": "of another namespace"}, "containers": [{"memory": {"workingSetBytes": 1}}]}]}`
)

func listOf(t *testing.T, text string) (l podList) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestAPodHoldsWhatItsContainersHold(t *testing.T) {
	pods := listOf(t, threePods)
	got, err := pods.memory([]byte(summary))
	want := []PodMemory{
		{Pod: "cart-1", Release: "acme-new", WorkingSet: 6000000, RSS: 3500000},
		{Pod: "postgres-0", WorkingSet: 50000000, RSS: 20000000},
	} // cart-0 is not measured yet: 0 would be a small shop
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if nodes := pods.nodes(); !slices.Equal(nodes, []string{"n1", "n2"}) {
		t.Errorf("nodes %q", nodes)
	}
	if _, err := pods.memory([]byte("<html>")); err == nil {
		t.Error("what is no summary is one")
	}
}

func TestStacksThatDoNotServeAreToldApart(t *testing.T) {
	pod := func(name, release string, bytes int64) PodMemory {
		return PodMemory{Pod: name, Release: release, WorkingSet: bytes}
	}
	shop, beside := serving([]PodMemory{pod("a", "now", 1), pod("b", "before", 9), pod("nats-0", "", 3), pod("c", "now", 3)}, "now")
	if want := []PodMemory{pod("c", "now", 3), pod("nats-0", "", 3), pod("a", "now", 1)}; !slices.Equal(shop, want) {
		t.Errorf("%v", shop)
	}
	if want := []PodMemory{pod("b", "before", 9)}; !slices.Equal(beside, want) {
		t.Errorf("%v", beside)
	}
}

func TestSumsAreRoundedUpOnce(t *testing.T) {
	half := PodMemory{WorkingSet: 1 << 19}
	for pods, want := range map[int]int64{0: 0, 1: 1, 2: 1, 3: 2} {
		if got := WorkingSetMiB(slices.Repeat([]PodMemory{half}, pods)); got != want {
			t.Errorf("%d halves: %d MiB", pods, got)
		}
	}
}
