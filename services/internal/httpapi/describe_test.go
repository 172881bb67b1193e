package httpapi

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func document(t *testing.T) (map[string]any, string) {
	t.Helper()
	text, err := newWorld(t, Limits{}).Server.api.Description()
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc, string(text)
}

func at(t *testing.T, v any, path ...string) any {
	t.Helper()
	for _, name := range path {
		m, is := v.(map[string]any)
		if !is || m[name] == nil {
			t.Fatalf("there is no %s of %v", name, path)
		}
		v = m[name]
	}
	return v
}

func TestEveryOperationHasWhatMachinesNeed(t *testing.T) {
	doc, _ := document(t)
	if doc["openapi"] != "3.1.0" {
		t.Errorf("OpenAPI %v", doc["openapi"])
	}
	n := 0
	for op := range operations(doc) {
		n++
		if op["operationId"] == nil || op["summary"] == nil || op["security"] == nil || len(at(t, op, "tags").([]any)) != 1 {
			t.Errorf("%v lacks something", op)
		}
		if ref := at(t, op, "responses", "default", "content", "application/problem+json", "schema", "$ref"); ref != "#/components/schemas/Problem" {
			t.Errorf("a refusal is %v", ref)
		}
	}
	if n != 10 {
		t.Errorf("%d operations", n)
	}
}

func TestSecurityIsTheRoutesAccess(t *testing.T) {
	doc, _ := document(t)
	for path, want := range map[string]string{"get /api/things": "[]", "patch /api/things/{id}": `[{"staff":["things:write"]}]`,
		"delete /api/things/{id}": `[{"service":["checkout"]}]`, "get /api/things/mine": `[{"customer":[]}]`} {
		method, path, _ := strings.Cut(path, " ")
		got, _ := json.Marshal(doc["paths"].(map[string]any)[path].(map[string]any)[method].(map[string]any)["security"])
		if string(got) != want {
			t.Errorf("%s %s: %s", method, path, got)
		}
	}
	for _, name := range []string{"customer", "owner", "staff", "service"} {
		if at(t, doc, "components", "securitySchemes", name, "scheme") != "bearer" {
			t.Errorf("scheme %s", name)
		}
	}
}

func TestWhatAnOperationRefusesIsListed(t *testing.T) {
	doc, _ := document(t)
	for path, want := range map[string][]string{
		"get /api/things/{id}":   {"200", "304", "404", "422", "default"},
		"post /api/things":       {"201", "400", "409", "413", "415", "422", "default"},
		"patch /api/things/{id}": {"200", "400", "401", "403", "404", "412", "413", "415", "422", "428", "default"},
		"get /picture":           {"200", "default"},
	} {
		method, path, _ := strings.Cut(path, " ")
		var got []string
		for status := range at(t, doc, "paths", path, method, "responses").(map[string]any) {
			got = append(got, status)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s %s: %v, want %v", method, path, got, want)
		}
	}
}

func TestMoneyIsDescribedOnceForAnswersAndOnceForWrites(t *testing.T) {
	doc, text := document(t)
	if n := strings.Count(text, `"ISO 4217"`); n != 2 {
		t.Errorf("money is described %d times", n)
	}
	schemas := at(t, doc, "components", "schemas")
	if at(t, schemas, "NewMoney", "additionalProperties") != false || at(t, schemas, "Money").(map[string]any)["additionalProperties"] != nil {
		t.Error("money in a write is open, or closed in an answer")
	}
	if ref := at(t, schemas, "Thing", "properties", "price", "$ref"); ref != "#/components/schemas/Money" {
		t.Errorf("an answer's price is %v", ref)
	}
	if ref := at(t, schemas, "ChangeInBody", "properties", "price", "$ref"); ref != "#/components/schemas/NewMoney" {
		t.Errorf("a write's price is %v", ref)
	}
}

func TestAnAnswerThatIsStoredIsDescribedAsWhatItIs(t *testing.T) {
	doc, text := document(t)
	if strings.Contains(text, "base64") {
		t.Error("an answer is bytes")
	}
	made := at(t, doc, "paths", "/api/things", "post", "responses", "201")
	if ref := at(t, made, "content", "application/json", "schema", "$ref"); ref != "#/components/schemas/Thing" {
		t.Errorf("the stored answer is %v", ref)
	}
	for _, header := range []string{"ETag", "Location", "Idempotent-Replayed"} {
		at(t, made, "headers", header)
	}
}

func TestAnswersMayGrowAndWritesMayNot(t *testing.T) {
	doc, _ := document(t)
	schemas := at(t, doc, "components", "schemas").(map[string]any)
	for name, schema := range schemas {
		closed := schema.(map[string]any)["additionalProperties"] == false
		want := strings.Contains(name, "InBody") || name == "NewMoney"
		if closed != want {
			t.Errorf("%s: closed is %t", name, closed)
		}
	}
	if len(schemas) < 5 {
		t.Errorf("%d schemas", len(schemas))
	}
}

func TestTheKeyIsRequiredAndLong(t *testing.T) {
	doc, _ := document(t)
	for _, p := range at(t, doc, "paths", "/api/things", "post", "parameters").([]any) {
		if p := p.(map[string]any); p["name"] == "Idempotency-Key" {
			if p["required"] != true || at(t, p, "schema", "minLength") != 16.0 {
				t.Errorf("%v", p)
			}
			return
		}
	}
	t.Error("the key is not described")
}

func TestAPatchIsAMergePatchToo(t *testing.T) {
	doc, _ := document(t)
	content := at(t, doc, "paths", "/api/things/{id}", "patch", "requestBody", "content").(map[string]any)
	if len(content) != 2 || content["application/merge-patch+json"] == nil {
		t.Errorf("%v", content)
	}
}

func TestTheDocumentIsServedAsItIsCheckedIn(t *testing.T) {
	w := newWorld(t, Limits{})
	text, err := w.Server.api.Description()
	got := w.send("GET", "/openapi.json", "")
	if err != nil || got.Code != 200 || got.Body.String() != string(text) || got.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%d %v %v", got.Code, got.Header(), err)
	}
	if again := w.send("GET", "/openapi.json", "", "If-None-Match", got.Header().Get("ETag")); again.Code != 304 {
		t.Errorf("again: %d", again.Code)
	}
}

func TestAnIDIsMadeOfMethodAndPath(t *testing.T) {
	for path, want := range map[string]string{
		"/api/catalog/products/{sku}": "getCatalogProductsBySku", "/": "get", "/{$}": "get",
		"/static/{file}": "getStaticByFile", "/.well-known/jwks.json": "getWellKnownJwksJson",
	} {
		if got := defaultID("GET", path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
