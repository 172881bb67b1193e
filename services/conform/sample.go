package conform

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// sample makes a value that the schema at a pointer describes. named gives
// members their value by name, such as the parameters of a path.
func (d *document) sample(at string, named map[string]string) (any, error) {
	value := d.sampleOf(object(d.pointer(at)), named, 0)
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("making a value for #%s: %w", at, err)
	}
	if err := d.validate(at, raw); err != nil {
		return nil, fmt.Errorf("making a value for #%s: give the schema an example: %w", at, err)
	}
	return value, nil
}

const deepest = 12

func (d *document) sampleOf(schema map[string]any, named map[string]string, depth int) any {
	schema, _ = d.follow(schema, "")
	if v, ok := given(schema); ok {
		return v
	}
	for _, word := range []string{"oneOf", "anyOf"} {
		if list, _ := schema[word].([]any); len(list) > 0 {
			return d.sampleOf(object(list[0]), named, depth+1)
		}
	}
	switch kind(schema) {
	case "object":
		return d.sampleObject(schema, named, depth)
	case "array":
		return d.sampleArray(schema, named, depth)
	case "string":
		return sampleText(schema)
	case "integer", "number":
		return sampleNumber(schema)
	case "boolean":
		return true
	}
	return nil
}

// given is what the schema itself names as a value.
func given(schema map[string]any) (any, bool) {
	for _, word := range []string{"const", "example", "default"} {
		if v, ok := schema[word]; ok {
			return v, true
		}
	}
	for _, word := range []string{"examples", "enum"} {
		if list, _ := schema[word].([]any); len(list) > 0 {
			return list[0], true
		}
	}
	return nil, false
}

func kind(schema map[string]any) string {
	switch t := schema["type"].(type) {
	case string:
		return t
	case []any:
		for _, one := range t {
			if s, _ := one.(string); s != "" && s != "null" {
				return s
			}
		}
	}
	if schema["properties"] != nil || schema["allOf"] != nil {
		return "object"
	}
	return ""
}

func (d *document) sampleObject(schema map[string]any, named map[string]string, depth int) any {
	out := map[string]any{}
	parts, _ := schema["allOf"].([]any)
	for _, part := range parts {
		for name, v := range object(d.sampleOf(object(part), named, depth+1)) {
			out[name] = v
		}
	}
	required, _ := schema["required"].([]any)
	for name, property := range object(schema["properties"]) {
		if depth > deepest && !slices.Contains(required, any(name)) {
			continue
		}
		if value, ok := named[name]; ok {
			out[name] = value
			continue
		}
		out[name] = d.sampleOf(object(property), nil, depth+1)
	}
	return out
}

func (d *document) sampleArray(schema map[string]any, named map[string]string, depth int) any {
	most := number(schema["maxItems"], 1)
	if depth > deepest || most < 1 {
		return []any{}
	}
	return []any{d.sampleOf(object(schema["items"]), named, depth+1)}
}

var sampleFormats = map[string]string{
	"uuid": "0198c9a5-0000-7000-8000-000000000001", "date-time": "2026-01-02T03:04:05Z", "date": "2026-01-02",
	"email": "someone@example.org", "uri": "https://example.org/", "uri-reference": "/example", "hostname": "example.org",
}

// sampleText tries a few texts on a pattern; one that is stranger needs an example.
func sampleText(schema map[string]any) string {
	format, _ := schema["format"].(string)
	if s, ok := sampleFormats[format]; ok {
		return s
	}
	text := "sample"
	if pattern, _ := schema["pattern"].(string); pattern != "" {
		for _, one := range []string{"12.90", "EUR", "sample", "KIT-1001", "A", "a", "1", "/sample", "0198c9a5000070008000000000000001"} {
			if ok, err := regexp.MatchString(pattern, one); ok && err == nil {
				return one
			}
		}
	}
	if least := int(number(schema["minLength"], 0)); len(text) < least {
		text += strings.Repeat("e", least-len(text))
	}
	if most := int(number(schema["maxLength"], 1<<20)); len(text) > most {
		text = text[:most]
	}
	return text
}

func sampleNumber(schema map[string]any) any {
	n := number(schema["minimum"], 1)
	if _, ok := schema["exclusiveMinimum"]; ok {
		n = number(schema["exclusiveMinimum"], 0) + 1
	}
	if most := number(schema["maximum"], n); n > most {
		n = most
	}
	return n
}

func number(v any, fallback float64) float64 {
	switch n := v.(type) {
	case json.Number:
		if f, err := n.Float64(); err == nil {
			return f
		}
	case float64:
		return n
	}
	return fallback
}
