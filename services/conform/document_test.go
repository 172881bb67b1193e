package conform

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func broken(t *testing.T) *document {
	t.Helper()
	raw, err := os.ReadFile("broken/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := readDocument(raw)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAnOperationIsFoundByItsPath(t *testing.T) {
	d := broken(t)
	for request, want := range map[string]string{
		"GET /api/gadgets":                 "list-gadgets",
		"GET /api/gadgets?limit=2":         "list-gadgets",
		"HEAD /api/gadgets":                "list-gadgets",
		"GET /api/gadgets/7":               "get-gadget",
		"PUT /api/gadgets/7/stock":         "put-stock",
		"PUT /api/gadgets/7":               "",
		"GET /api/gadgets/":                "",
		"GET /internal/gadgets/count":      "count-gadgets",
		"GET /api/gadgets/7/stock/further": "",
	} {
		method, path, _ := strings.Cut(request, " ")
		got := ""
		if op := d.find(method, path); op != nil {
			got = op.id
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", request, got, want)
		}
	}
	if op := (*document)(nil).find("GET", "/"); op != nil {
		t.Errorf("without a description: got %v", op)
	}
}

func TestParametersAreFollowedToTheirPlace(t *testing.T) {
	d := broken(t)
	p, ok := d.find("PUT", "/api/gadgets/7/stock").param("header", "if-match")
	if !ok || !p.required {
		t.Errorf("got %+v", p)
	}
	if _, ok := d.find("GET", "/api/gadgets/7").param("path", "id"); !ok {
		t.Error("parameters of the path are lost")
	}
}

func TestWhoMayAskIsRead(t *testing.T) {
	d := broken(t)
	for request, want := range map[string]string{
		"GET /api/gadgets": "", "POST /api/gadgets": "customer", "DELETE /api/gadgets/7": "staff gadgets:write", "GET /internal/gadgets/count": "service checkout",
	} {
		method, path, _ := strings.Cut(request, " ")
		scheme, names := d.find(method, path).requirement()
		if got := strings.TrimSpace(scheme + " " + strings.Join(names, " ")); got != want {
			t.Errorf("%s: got %q, want %q", request, got, want)
		}
	}
	either := &operation{node: map[string]any{"security": []any{map[string]any{}, map[string]any{"owner": []any{}}}}}
	if scheme, _ := either.requirement(); scheme != "owner" {
		t.Errorf("of two ways the one with a token is %q", scheme)
	}
	if _, anybody := either.alternatives(); !anybody {
		t.Error("{} does not let anybody in")
	}
	if got := strings.Join(d.callers(), " "); got != "checkout" {
		t.Errorf("callers: %s", got)
	}
}

func TestAnAnswerIsComparedWithItsSchema(t *testing.T) {
	d := broken(t)
	media, ok := d.response(d.find("GET", "/internal/gadgets/count"), 200)
	if !ok {
		t.Fatal("200 is not described")
	}
	for body, want := range map[string]bool{`{"count": 3}`: true, `{"count": 3, "more": 1}`: true, `{"count": "3"}`: false, `{}`: false, `{`: false} {
		if err := d.validate(media["application/json"], []byte(body)); (err == nil) != want {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// What is played must be what the description says, for every operation of
// the services there are: else their consumers cannot be checked.
func TestEveryAnswerOfOurServicesCanBePlayed(t *testing.T) {
	for _, path := range []string{"broken/openapi.json", "broken/prices.json", "../catalog/openapi.json", "../cart/openapi.json"} {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		d, err := readDocument(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range d.ops {
			for status, node := range object(op.node["responses"]) {
				at := d.media(object(node), op.at+"/responses/"+status)["application/json"]
				if at == "" {
					continue
				}
				if _, err := d.sample(at, op.named(op.concrete())); err != nil {
					t.Errorf("%s: %s %s: %v", path, op.name(), status, err)
				}
			}
		}
	}
}

func TestASampleTakesWhatThePathNames(t *testing.T) {
	d := broken(t)
	op := d.find("GET", "/api/gadgets/0198c9a5-0000-7000-8000-0000000000aa")
	media, _ := d.response(op, 200)
	v, err := d.sample(media["application/json"], op.named("/api/gadgets/0198c9a5-0000-7000-8000-0000000000aa"))
	if err != nil || object(v)["id"] != "0198c9a5-0000-7000-8000-0000000000aa" {
		t.Errorf("got %v: %v", v, err)
	}
}

func TestPointersAreEscaped(t *testing.T) {
	for _, token := range []string{"/api/{id}", "a~b", "50%", "application/problem+json"} {
		if got := unescape(escape(token)); got != token {
			t.Errorf("%q became %q", token, got)
		}
	}
}

func TestSettingsTakeNoUnknownMember(t *testing.T) {
	var s Settings
	if err := decodeStrictly([]byte(`{"service": "x", "create": {"post": "/x", "bodies": {}}}`), &s); err == nil {
		t.Error("a misspelled member was taken")
	}
	if err := decodeStrictly([]byte(`{} {}`), &s); err == nil {
		t.Error("what stands behind was taken")
	}
	if err := json.Unmarshal([]byte(`{"change": {"delete": "/x/1"}}`), &s); err != nil || s.Change.method() != "DELETE" || s.Change.path() != "/x/1" {
		t.Errorf("got %+v: %v", s.Change, err)
	}
}

func TestAQueryIsAddedToOneThatIsThere(t *testing.T) {
	for _, c := range [][3]string{
		{"/x", "", "/x"}, {"/x", "limit=2", "/x?limit=2"}, {"/x?sku=A", "limit=2", "/x?limit=2&sku=A"}, {"/x?sku=A", "sku=B", "/x?sku=B"}, {"/x?sku=A", "", "/x?sku=A"},
	} {
		if got := joined(c[0], c[1]); got != c[2] {
			t.Errorf("%s and %s: got %s", c[0], c[1], got)
		}
	}
}
