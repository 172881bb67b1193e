package view_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/emporium-shop/emporium/internal/view"
	"github.com/emporium-shop/emporium/internal/view/viewtest"
)

var update = flag.Bool("update", false, "write the list of fields anew; those that are gone stay in it")

const (
	schemaFile   = "../../docs/reference/cli.schema.json"
	contractFile = "testdata/fields.txt"
)

func document(t testing.TB) map[string]any {
	t.Helper()
	raw, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return doc.(map[string]any)
}

// schemaOf compiles the schema of what a command prints.
func schemaOf(t testing.TB, command string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("cli.json", document(t)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("cli.json#/$defs/" + command)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func asJSON(t testing.TB, v any) any {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestTheJSONOfEveryStateIsAsTheSchemaSays: -o json is a contract.
func TestTheJSONOfEveryStateIsAsTheSchemaSays(t *testing.T) {
	status, why, tree := schemaOf(t, "status"), schemaOf(t, "why"), schemaOf(t, "tree")
	for reason, o := range viewtest.Worlds() {
		for what, err := range map[string]error{
			"status": status.Validate(asJSON(t, view.Of(o))), "why": why.Validate(asJSON(t, view.Why(o, ""))), "tree": tree.Validate(asJSON(t, view.Tree(o, "", true))),
		} {
			if err != nil {
				t.Errorf("%s of a shop that is %s: %v", what, reason, err)
			}
		}
	}
}

func TestTheSchemaRefusesWhatIsNoView(t *testing.T) {
	status := schemaOf(t, "status")
	for name, change := range map[string]func(map[string]any){
		"a number for a reason":  func(v map[string]any) { v["reason"] = 7 },
		"no rows":                func(v map[string]any) { delete(v, "rows") },
		"a time that is no time": func(v map[string]any) { v["now"] = "yesterday" },
	} {
		v := asJSON(t, view.Of(viewtest.Worlds()["Serving"])).(map[string]any)
		change(v)
		if status.Validate(v) == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// TestNoFieldOfTheJSONGoes: scripts read them. A new one is added to the list by -update; none is taken out by that.
func TestNoFieldOfTheJSONGoes(t *testing.T) {
	var is []string
	for name, definition := range document(t)["$defs"].(map[string]any) {
		properties, _ := definition.(map[string]any)["properties"].(map[string]any)
		for field := range properties {
			is = append(is, name+"."+field)
		}
	}
	raw, err := os.ReadFile(contractFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	was := strings.Fields(string(raw))
	if *update {
		all := slices.Concat(was, is)
		slices.Sort(all)
		if err := os.WriteFile(contractFile, []byte(strings.Join(slices.Compact(all), "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, field := range was {
		if !slices.Contains(is, field) {
			t.Errorf("%s is gone: scripts may read it", field)
		}
	}
	for _, field := range is {
		if !slices.Contains(was, field) {
			t.Errorf("%s is new: go test ./internal/view -run NoField -update", field)
		}
	}
}
