package eventstest

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/contract"
	"github.com/emporium-shop/emporium/services/internal/events"
)

// Reads fails the test when T wants a member of an event's data that the contract does not promise: one that is not in its schema,
// or may be missing there and not in T (a pointer, or omitempty in its tag).
func Reads[T any](t testing.TB, of events.Type) {
	t.Helper()
	text, err := contract.V1.ReadFile("v1/schemas/events/" + string(of) + ".json")
	if err != nil {
		t.Fatalf("%s is in no contract: %v", of, err)
	}
	var s schema
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatalf("reading the schema of %s: %v", of, err)
	}
	for _, missing := range s.missing("", reflect.TypeFor[T]()) {
		t.Errorf("the data of %s: %s", of, missing)
	}
}

// schema is what is looked at of a JSON Schema.
type schema struct {
	Properties map[string]schema `json:"properties"`
	Required   []string          `json:"required"`
	Items      *schema           `json:"items"`
}

// missing names what T wants and the schema does not promise.
func (s schema) missing(at string, of reflect.Type) (all []string) {
	if of.Kind() == reflect.Slice && s.Items != nil {
		return s.Items.missing(at+"[]", of.Elem())
	}
	if of.Kind() != reflect.Struct || s.Properties == nil { // a value, or one that reads itself
		return nil
	}
	for n := range of.NumField() {
		f := of.Field(n)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		property, there := s.Properties[name]
		optional := f.Type.Kind() == reflect.Pointer || strings.Contains(options, "omit")
		switch {
		case !there:
			all = append(all, at+"."+name+" is not there")
		case !optional && !slices.Contains(s.Required, name):
			all = append(all, at+"."+name+" may be missing")
		default:
			all = append(all, property.missing(at+"."+name, f.Type)...)
		}
	}
	return all
}
