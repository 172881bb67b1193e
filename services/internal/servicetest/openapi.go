package servicetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/app"
)

// OpenAPI fails the test unless openapi.json in the service's folder is what its
// code says, and says enough for a client to be generated from it. UPDATE=1 writes
// the file anew. What would break clients of the last version is told by
// `make api-breaks`, which has that version.
func OpenAPI(t testing.TB, service app.Service) {
	t.Helper()
	const file = "openapi.json"
	got, err := app.Description(service)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, got, 0o644); err != nil { //nolint:gosec // is read by everyone
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the code says: run UPDATE=1 go test ./services/%s (%v)", file, service.Name, err)
	}
	for _, wrong := range lint(got) {
		t.Errorf("%s: %s", file, wrong)
	}
}

// object is a part of the document.
type object = map[string]any

// lint tells what a generator of clients, or a person, would miss.
func lint(text []byte) (found []string) {
	var d struct {
		OpenAPI string
		Paths   map[string]map[string]object
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return []string{err.Error()}
	}
	if !strings.HasPrefix(d.OpenAPI, "3.1") {
		found = append(found, "is OpenAPI "+d.OpenAPI+", not 3.1")
	}
	ids := map[string]string{}
	for _, path := range sortedKeys(d.Paths) {
		for _, method := range sortedKeys(d.Paths[path]) {
			operation, name := d.Paths[path][method], strings.ToUpper(method)+" "+path
			for _, wrong := range lintOperation(method, operation) {
				found = append(found, name+" "+wrong)
			}
			id, _ := operation["operationId"].(string)
			if other := ids[id]; id != "" && other != "" {
				found = append(found, fmt.Sprintf("%s has the id of %s: %s", name, other, id))
			}
			ids[id] = name
		}
	}
	return found
}

// lintOperation tells what is missing in one operation.
func lintOperation(method string, o object) (found []string) {
	for _, field := range []string{"operationId", "summary"} {
		if text, _ := o[field].(string); text == "" {
			found = append(found, "has no "+field)
		}
	}
	if _, says := o["security"]; !says {
		found = append(found, "does not say who may ask: security")
	}
	found = append(found, lintResponses(o)...)
	if method == "post" && o["x-webhook"] != true && !form(o) && !required(o, "Idempotency-Key") {
		found = append(found, "does not require an Idempotency-Key")
	}
	if (method == "put" || method == "patch" || method == "delete") && !required(o, "If-Match") {
		found = append(found, "does not require If-Match")
	}
	return found
}

// lintResponses tells what is missing in the answers of an operation.
func lintResponses(o object) (found []string) {
	responses, _ := o["responses"].(object)
	success, refusal := false, false
	for _, status := range sortedKeys(responses) {
		success = success || strings.HasPrefix(status, "2") || strings.HasPrefix(status, "3")
		refusal = refusal || strings.HasPrefix(status, "4") || status == "default"
		response, _ := responses[status].(object)
		for _, wrong := range lintContent(response) {
			found = append(found, status+": "+wrong)
		}
	}
	if !success || !refusal {
		found = append(found, "has no success, or no refusal")
	}
	return found
}

// lintContent wants a schema of JSON: bytes are no answer that a client can read.
func lintContent(response object) (found []string) {
	content, _ := response["content"].(object)
	for _, kind := range sortedKeys(content) {
		media, _ := content[kind].(object)
		schema, _ := media["schema"].(object)
		switch {
		case !strings.HasSuffix(kind, "json"):
		case schema == nil:
			found = append(found, "JSON without a schema")
		case schema["contentEncoding"] != nil:
			found = append(found, "JSON that is described as bytes")
		}
	}
	return found
}

// form tells whether an operation takes what a browser's form sends, which has no headers of its own.
func form(o object) bool {
	body, _ := o["requestBody"].(object)
	content, _ := body["content"].(object)
	_, is := content["application/x-www-form-urlencoded"]
	return is
}

func required(o object, header string) bool {
	parameters, _ := o["parameters"].([]any)
	return slices.ContainsFunc(parameters, func(p any) bool {
		parameter, _ := p.(object)
		return parameter["in"] == "header" && parameter["name"] == header && parameter["required"] == true
	})
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
