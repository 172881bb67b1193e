package main

// at walks down objects by their names.
func at(v map[string]any, names ...string) map[string]any {
	for _, name := range names {
		v, _ = v[name].(map[string]any)
	}
	return v
}

// documentFaults are the faults of the description.
var documentFaults = map[string]func(map[string]any){
	"O-01": func(d map[string]any) { d["openapi"] = "3.0.3" },
	"O-02": func(d map[string]any) {
		at(d, "paths", "/api/gadgets/{id}", "get")["operationId"] = "list-gadgets"
	},
	"O-03": func(d map[string]any) { delete(at(d, "paths", "/api/gadgets", "get"), "security") },
	"O-04": func(d map[string]any) { delete(at(d, "components", "schemas", "Stock"), "additionalProperties") },
	"O-05": func(d map[string]any) {
		at(d, "components", "schemas", "GadgetPage")["additionalProperties"] = false
	},
	"O-06": func(d map[string]any) { at(d, "components", "parameters", "Key")["required"] = false },
	"O-07": func(d map[string]any) { delete(at(d, "paths", "/api/gadgets", "get", "responses"), "default") },
	"O-08": func(d map[string]any) {
		at(d, "components", "schemas", "GadgetPage", "properties")["total"] = map[string]any{"type": "number"}
	},
	"O-09": func(d map[string]any) { at(d, "info")["title"] = "Widgets" },
	"O-11": func(d map[string]any) {
		schema := at(d, "paths", "/internal/gadgets/count", "get", "responses", "200", "content", "application/json")
		schema["schema"] = map[string]any{"type": "string", "contentEncoding": "base64"}
	},
	"O-12": func(d map[string]any) {
		at(d, "components", "schemas", "GadgetPage", "properties")["shelfId"] = map[string]any{"type": "integer"}
	},
}
