package resources

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the golden objects anew")

// The golden files show whole objects as they are applied, so that a change of what is
// rendered is seen in review, field by field.
func TestGoldenObjects(t *testing.T) {
	for name, in := range map[string]Input{"managed": richInput(), "gatewayapi": throughGateway(richInput())} {
		t.Run(name, func(t *testing.T) { golden(t, "v1-"+name, manifest(t, render(t, in))) })
	}
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

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
