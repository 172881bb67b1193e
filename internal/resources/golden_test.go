package resources

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the golden objects anew")

// The golden files show whole objects as they are applied, so that a change of what is
// rendered is seen in review, field by field. Those of a version that was released are
// what runs in clusters: a change of one replaces pods of every shop when the operator is
// updated, outside any release. Add a version in version.go instead.
func TestUpgradeKeepsPods(t *testing.T) {
	for version := int32(1); version <= CurrentRenderVersion; version++ {
		for door, in := range map[string]Input{"managed": richInput(), "gatewayapi": throughGateway(richInput())} {
			name := fmt.Sprintf("v%d-%s", version, door)
			t.Run(name, func(t *testing.T) {
				golden(t, name, manifest(t, render(t, rendered(in, version))), *update && version == CurrentRenderVersion)
			})
		}
	}
}

// Fields that came with version 2 and later, in a fixture of their own.
func TestNewFieldsAreRendered(t *testing.T) {
	for door, in := range map[string]Input{"managed": newerInput(), "gatewayapi": throughGateway(newerInput())} {
		t.Run(door, func(t *testing.T) { golden(t, "newer-"+door, manifest(t, render(t, in)), *update) })
	}
}

func TestAReleaseWithoutARenderVersionIsOfTheFirst(t *testing.T) {
	if diff := cmp.Diff(string(manifest(t, render(t, rendered(richInput(), 1)))), string(manifest(t, render(t, rendered(richInput(), 0))))); diff != "" {
		t.Errorf("objects (-version 1 +no version):\n%s", diff)
	}
}

func TestAReleaseOfANewerOperatorIsRenderedAsTheNewestThatIsKnown(t *testing.T) {
	newer, known := render(t, rendered(richInput(), CurrentRenderVersion+1)), render(t, rendered(richInput(), CurrentRenderVersion))
	if diff := cmp.Diff(string(manifest(t, known)), string(manifest(t, newer))); diff != "" {
		t.Errorf("objects (-newest known +newer):\n%s", diff)
	}
	want := fmt.Sprintf("release acme-aaaaaaaa was cut by a newer operator: its stack is rendered in version %d, which is the newest that this operator knows, and not in its own, %d, so its pods may be replaced; update the operator again",
		CurrentRenderVersion, CurrentRenderVersion+1)
	if len(newer.Warnings) != 2 || newer.Warnings[0] != want || len(known.Warnings) != 0 {
		t.Errorf("warnings: %q, and of a known version: %q", newer.Warnings, known.Warnings)
	}
}

// rendered is the input with all releases cut in one version of the rendering.
func rendered(in Input, version int32) Input {
	for _, rel := range in.Releases {
		rel.Spec.RenderVersion = version
	}
	return in
}

// manifest is everything that is rendered, in the order of applying, as one YAML stream.
func manifest(t *testing.T, d Desired) []byte {
	t.Helper()
	var out bytes.Buffer
	all := []any{}
	for _, o := range d.Objects {
		all = append(all, o)
	}
	if all = append(all, d.Table); d.Route != nil {
		all = append(all, d.Route)
	}
	for _, o := range all {
		b, err := yaml.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString("---\n")
		out.Write(b)
	}
	return out.Bytes()
}

// golden compares with a file, or writes it anew. Those of older versions are never written.
func golden(t *testing.T, name string, got []byte, write bool) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if write {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := differs(t, path, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func differs(t *testing.T, path string, got []byte) string {
	t.Helper()
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return cmp.Diff(string(want), string(got))
}

// TestCheckersCanFail: a change of anything that is rendered is seen, also of what no other test asks for.
func TestCheckersCanFail(t *testing.T) {
	for fault, x := range map[string]struct {
		version int32
		change  func(Input)
	}{
		"a stack is rendered as of a newer version": {2, func(Input) {}},
		"an argument is lost": {1, func(in Input) {
			for _, rel := range in.Releases {
				rel.Spec.Services[0].Args = nil
			}
		}},
		"an autoscaler has another floor": {1, func(in Input) { in.Decision.Stacks[0].Floors["catalog"]++ }},
		"the front door's image":          {1, func(in Input) { in.Shop.Spec.FrontDoor.Managed.Image = "gateway:2" }},
		"a stack is not rendered":         {1, func(in Input) { in.Decision.Stacks = in.Decision.Stacks[:1] }},
		"a Job of a check is skipped":     {1, func(in Input) { in.Decision.Jobs = in.Decision.Jobs[:1] }},
	} {
		in := richInput()
		x.change(in)
		if differs(t, filepath.Join("testdata", "v1-managed.golden"), manifest(t, render(t, rendered(in, x.version)))) == "" {
			t.Errorf("nobody sees it: %s", fault)
		}
	}
}
