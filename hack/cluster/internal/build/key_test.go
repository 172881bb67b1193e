package build

import (
	"maps"
	"testing"
)

func TestKeyFollowsAllThatDecides(t *testing.T) {
	base := recipe{
		sources:   map[string][]byte{"go.mod": []byte("module a"), "go.sum": []byte("sums")},
		toolchain: "go1.26.8 linux/amd64",
		flags:     []string{"-trimpath"},
	}
	with := func(change func(*recipe)) recipe {
		r := base
		r.sources = maps.Clone(base.sources)
		change(&r)
		return r
	}
	if same := with(func(*recipe) {}); same.key() != base.key() {
		t.Error("the same recipe has two keys")
	}
	changes := map[string]recipe{
		"dependency":   with(func(r *recipe) { r.sources["go.sum"] = []byte("other sums") }),
		"further file": with(func(r *recipe) { r.sources["tools.go"] = nil }),
		"moved bytes":  with(func(r *recipe) { r.sources["go.mod"], r.sources["go.sum"] = []byte("module as"), []byte("ums") }),
		"toolchain":    with(func(r *recipe) { r.toolchain = "go1.27 linux/amd64" }),
		"flags":        with(func(r *recipe) { r.flags = []string{"-trimpath", "-race"} }),
	}
	for name, changed := range changes {
		if changed.key() == base.key() {
			t.Errorf("%s: the key stays the same", name)
		}
	}
}

func TestFlagsTellKubernetesItsVersion(t *testing.T) {
	got, err := Kubernetes.flags([]byte("module x\nrequire k8s.io/kubernetes v1.37.2\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := "-s -w -X k8s.io/component-base/version.gitVersion=v1.37.2" +
		" -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37"
	if got[2] != want {
		t.Errorf("got %q, want %q", got[2], want)
	}
}

func TestFlagsNeedTheModule(t *testing.T) {
	if _, err := Kubernetes.flags([]byte("module x\n")); err == nil {
		t.Error("a go.mod without Kubernetes has a version of it")
	}
}

func TestOutputIsNamedAsGoBuildNamesIt(t *testing.T) {
	for pkg, want := range map[string]string{
		"go.etcd.io/etcd/server/v3":      "server",
		"github.com/coredns/coredns":     "coredns",
		"k8s.io/kubernetes/cmd/kubelet":  "kubelet",
		"example.org/command/v2/cmd/ctr": "ctr",
	} {
		if got := output(pkg); got != want {
			t.Errorf("output(%q) = %q, want %q", pkg, got, want)
		}
	}
}
