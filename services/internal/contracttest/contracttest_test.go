package contracttest

import (
	"encoding/json"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/contract"
	"github.com/emporium-shop/emporium/services/internal/events"
)

// Each type has an example that fits its schema, names its subject in one member, and has no member that the schema does not know.
func TestEachTypeHasAnExample(t *testing.T) {
	types, err := events.Types()
	if err != nil || len(types) < 31 {
		t.Fatalf("%d types (%v)", len(types), err)
	}
	for _, of := range types {
		e := Example(t, of)
		text, err := example(of, nil)
		if err == nil {
			err = fits(of, text)
		}
		var data map[string]any
		if err != nil || e.Type != of || e.Into(&data) != nil {
			t.Errorf("the example of %s is of %s (%v)", of, e.Type, err)
		}
		if about := named(data, e.Subject); len(about) != 1 {
			t.Errorf("the subject of the example of %s is named by %v", of, about)
		}
		known := properties(t, of)
		for _, member := range slices.Sorted(maps.Keys(members("", data))) {
			if !slices.ContainsFunc(known, func(k string) bool {
				return k == member || strings.HasSuffix(k, ".*") && strings.HasPrefix(member, k[:len(k)-1])
			}) {
				t.Errorf("the example of %s has %s, which is not in its schema", of, member)
			}
		}
	}
	files, err := fs.Glob(contract.V1, "v1/examples/*")
	if err != nil || len(files) != len(types) {
		t.Errorf("%d examples of %d types (%v)", len(files), len(types), err)
	}
}

// properties are the names of all members that a schema knows, as members has them; .* is of any name.
func properties(t *testing.T, of events.Type) (all []string) {
	t.Helper()
	text, err := contract.V1.ReadFile("v1/schemas/events/" + string(of) + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var s shape
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	return s.names("")
}

type shape struct {
	Ref        string           `json:"$ref"`
	Properties map[string]shape `json:"properties"`
	Items      *shape           `json:"items"`
	Any        *shape           `json:"additionalProperties"`
}

func (s shape) names(at string) (all []string) {
	if s.Ref == "urn:emporium:schema:money" {
		return []string{at + ".amount", at + ".currency"}
	}
	if s.Any != nil {
		all = append(all, at+".*")
	}
	if s.Items != nil {
		all = append(all, s.Items.names(at+"[]")...)
	}
	for name, inside := range s.Properties {
		all = append(append(all, at+"."+name), inside.names(at+"."+name)...)
	}
	return all
}

func TestAReplacementThatReplacesNothingIsAMistake(t *testing.T) {
	if _, err := example(events.CartClosed, []string{"no such text", "x"}); err == nil {
		t.Error("it is taken")
	}
	if e := Example(t, events.CartClosed, Cart, "0199c9a5-0000-7000-8000-0000000000aa"); e.Subject != "0199c9a5-0000-7000-8000-0000000000aa" {
		t.Errorf("%+v", e)
	}
}
