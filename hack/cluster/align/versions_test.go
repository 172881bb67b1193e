package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A cold `make demo` has fifteen minutes, and a version that differs costs minutes of them.
func TestWhatSeveralProgramsOfTheDemoNeedIsCompiledOnce(t *testing.T) {
	all, err := read("../../..")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]map[string]string{}, raises(all)); diff != "" {
		t.Errorf("modules of several versions, by folder (run: go run ./hack/cluster/align):\n%s", diff)
	}
}

func TestTheHighestVersionIsMeantAndAPinStays(t *testing.T) {
	parsed := func(folder, content string) module {
		m, err := parse(folder, []byte("module x\ngo 1.26\n"+content))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	got := raises([]module{
		parsed("a", "require (\n\tx.org/one v1.9.0\n\tx.org/two v0.0.0\n\tx.org/own v1.0.0\n)\nreplace x.org/two => x.org/two v1.2.0\n"),
		parsed("b", "require (\n\tx.org/one v1.10.0-rc.1\n\tx.org/two v1.3.0\n)\n"),
		parsed("c", "require x.org/one v1.10.0\n"),
	})
	want := map[string]map[string]string{"a": {"x.org/one": "v1.10.0"}, "b": {"x.org/one": "v1.10.0"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAGoModThatCannotBeReadIsNamed(t *testing.T) {
	if _, err := parse("broken", []byte("modul x")); err == nil {
		t.Error("it is read")
	}
	if _, err := read("nowhere"); err == nil {
		t.Error("no go.mod at all is fine")
	}
}
