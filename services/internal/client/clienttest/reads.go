package clienttest

import (
	"encoding"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Reads fails the test when T wants a field that the provider's answer to a route
// does not promise: not there, not required, or of another type. A field that T
// can do without is a pointer, or has omitempty or omitzero in its tag.
func Reads[T any](t testing.TB, openapi, route string) {
	t.Helper()
	d := read(t, openapi)
	for _, missing := range d.promises(d.operation(t, route), reflect.TypeFor[T]()) {
		t.Errorf("%s of %s: %s", route, openapi, missing)
	}
}

// document is an openapi.json, as maps.
type document map[string]any

func read(t testing.TB, openapi string) document {
	t.Helper()
	text, err := os.ReadFile(openapi) //nolint:gosec // the test's own path
	if err != nil {
		t.Fatalf("reading the provider's document: %v", err)
	}
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatalf("reading the provider's document %s: %v", openapi, err)
	}
	return d
}

// operation is "GET /api/cart/{id}".
func (d document) operation(t testing.TB, route string) map[string]any {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	found := d.at("paths", path, strings.ToLower(method))
	if found == nil {
		t.Fatalf("the provider has no %s", route)
	}
	return found
}

// at walks down, nil where there is nothing.
func (d document) at(path ...string) map[string]any {
	here := map[string]any(d)
	for _, step := range path {
		here, _ = here[step].(map[string]any)
	}
	return here
}

// promises compares the JSON of the operation's success with a type.
func (d document) promises(operation map[string]any, t reflect.Type) []string {
	responses, _ := operation["responses"].(map[string]any)
	for status, response := range responses {
		if !strings.HasPrefix(status, "2") {
			continue
		}
		schema := document(d.resolve(response)).at("content", "application/json", "schema")
		if schema == nil {
			return []string{"answers no JSON"}
		}
		return d.compare("", schema, t)
	}
	return []string{"promises no success"}
}

// resolve follows $ref, and puts allOf together.
func (d document) resolve(v any) map[string]any {
	schema, _ := v.(map[string]any)
	if ref, ok := schema["$ref"].(string); ok {
		return d.resolve(any(d.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)))
	}
	all, ok := schema["allOf"].([]any)
	if !ok {
		return schema
	}
	whole := map[string]any{"type": "object", "properties": map[string]any{}, "required": []any{}}
	for _, part := range append(all, without(schema, "allOf")) {
		p := d.resolve(part)
		for name, property := range document(p).at("properties") {
			whole["properties"].(map[string]any)[name] = property //nolint:forcetypeassert // made above
		}
		required, _ := p["required"].([]any)
		whole["required"] = append(whole["required"].([]any), required...) //nolint:forcetypeassert // made above
	}
	return whole
}

func without(m map[string]any, key string) map[string]any {
	rest := map[string]any{}
	for k, v := range m {
		if k != key {
			rest[k] = v
		}
	}
	return rest
}

func (d document) compare(at string, v any, t reflect.Type) []string {
	schema := d.resolve(v)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil // reads what it finds in its own way
	}
	want := kindOf(t)
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		want, t = "string", reflect.TypeFor[string]() // an id, say
	}
	if want == "" { // any
		return nil
	}
	if !hasType(schema, want) {
		return []string{fmt.Sprintf("%s is %v, read as %s", or(at, "the answer"), schema["type"], want)}
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return d.compare(at+"[]", schema["items"], t.Elem())
	case reflect.Map:
		return nil
	case reflect.Struct:
		return d.compareFields(at, schema, t)
	}
	return nil
}

func (d document) compareFields(at string, schema map[string]any, t reflect.Type) (missing []string) {
	properties := document(schema).at("properties")
	required, _ := schema["required"].([]any)
	for n := range t.NumField() {
		f := t.Field(n)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			missing = append(missing, d.compare(at, schema, f.Type)...)
			continue
		case !f.IsExported() || name == "-":
			continue
		}
		path := at + "." + or(name, f.Name)
		property, found := lookUp(properties, or(name, f.Name))
		optional := f.Type.Kind() == reflect.Pointer || strings.Contains(options, "omit")
		switch {
		case found == "":
			missing = append(missing, path+" is not there")
		case !optional && !slices.Contains(required, any(found)):
			missing = append(missing, path+" may be missing")
		default:
			missing = append(missing, d.compare(path, property, f.Type)...)
		}
	}
	return missing
}

// lookUp finds a property as encoding/json does: in any case.
func lookUp(properties map[string]any, name string) (any, string) {
	if p, ok := properties[name]; ok {
		return p, name
	}
	for found, p := range properties {
		if strings.EqualFold(found, name) {
			return p, found
		}
	}
	return nil, ""
}

// kindOf is what JSON Schema calls a Go type.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "integer"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return "string"
		}
		return "array"
	case reflect.Struct, reflect.Map:
		return "object"
	}
	return ""
}

// hasType takes "string" and ["string", "null"]; an integer is a number as well.
func hasType(schema map[string]any, want string) bool {
	fits := func(is any) bool { return is == want || (is == "integer" && want == "number") }
	switch is := schema["type"].(type) {
	case string:
		return fits(is)
	case []any:
		return slices.ContainsFunc(is, fits)
	}
	return false
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}
