package clienttest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

const shelf = "testdata/openapi.json"

// judge is a test that is to fail: it keeps what it was told.
type judge struct {
	testing.TB
	mu     sync.Mutex
	errors []string
}

func (j *judge) Errorf(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.errors = append(j.errors, fmt.Sprintf(format, args...))
}

func (j *judge) Fatalf(format string, args ...any) {
	j.Errorf(format, args...)
	panic(j)
}

func (j *judge) Helper() {}

const box = `{"id":"0f8fad5b-d9cb-469f-a165-70867728950e","name":"A","weight":1}`

func answer(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestADoubleIsHeldToTheDocument(t *testing.T) {
	const jsonType, problemType = "application/json", "application/problem+json"
	for name, c := range map[string]struct {
		method, path, key, body string
		answer                  http.HandlerFunc
		status                  int
		// wrong is a part of what the test is told; empty: nothing.
		wrong string
	}{
		"a list":                         {"GET", "/api/shelf/boxes?q=short&limit=3", "", "", answer(200, jsonType, `{"items":[`+box+`]}`), 200, ""},
		"an answer that grew":            {"GET", "/api/shelf/boxes", "", "", answer(200, jsonType, `{"items":[],"total":7}`), 200, ""},
		"a problem":                      {"GET", "/api/shelf/boxes", "", "", answer(503, problemType, `{"title":"Later"}`), 503, ""},
		"words that are too long":        {"GET", "/api/shelf/boxes?q=longer-than-ten", "", "", answer(200, jsonType, `{"items":[]}`), 422, "refuses"},
		"a limit that is no number":      {"GET", "/api/shelf/boxes?limit=many", "", "", answer(200, jsonType, `{"items":[]}`), 422, "refuses"},
		"an answer without its list":     {"GET", "/api/shelf/boxes", "", "", answer(200, jsonType, `{}`), 200, "none of the provider's"},
		"an item without its name":       {"GET", "/api/shelf/boxes", "", "", answer(200, jsonType, `{"items":[{"id":"0f8fad5b-d9cb-469f-a165-70867728950e","weight":1}]}`), 200, "none of the provider's"},
		"a number as text":               {"GET", "/api/shelf/boxes", "", "", answer(200, jsonType, `{"items":[`+strings.Replace(box, "1}", `"1"}`, 1)+`]}`), 200, "none of the provider's"},
		"an answer of another media":     {"GET", "/api/shelf/boxes", "", "", answer(200, "text/html", `<html>`), 200, "none of the provider's"},
		"a problem without its title":    {"GET", "/api/shelf/boxes", "", "", answer(404, problemType, `{}`), 404, "none of the provider's"},
		"something made":                 {"POST", "/api/shelf/boxes", "0f8fad5b-d9cb-469f", `{"name":"A"}`, answer(201, jsonType, box), 201, ""},
		"made without a key":             {"POST", "/api/shelf/boxes", "", `{"name":"A"}`, answer(201, jsonType, box), 422, "refuses"},
		"made with a key that is short":  {"POST", "/api/shelf/boxes", "1", `{"name":"A"}`, answer(201, jsonType, box), 422, "refuses"},
		"made with a field more":         {"POST", "/api/shelf/boxes", "0f8fad5b-d9cb-469f", `{"name":"A","price":1}`, answer(201, jsonType, box), 422, "refuses"},
		"made from nothing":              {"POST", "/api/shelf/boxes", "0f8fad5b-d9cb-469f", ``, answer(201, jsonType, box), 422, "refuses"},
		"what the document does not say": {"GET", "/api/shelf/boxes/0f8fad5b-d9cb-469f-a165-70867728950e", "", "", answer(418, problemType, `{"title":"Tea"}`), 418, "none of the provider's"},
		"what is in no route":            {"GET", "/api/shelf/lids", "", "", answer(200, jsonType, `{}`), 404, ""},
	} {
		j := &judge{TB: t}
		p := Double(j, shelf, map[string]http.HandlerFunc{"GET /api/shelf/boxes": c.answer, "POST /api/shelf/boxes": c.answer, "GET /api/shelf/boxes/{id}": c.answer})
		status := send(t, p.URL, c.method, c.path, c.key, c.body)
		switch told := strings.Join(j.errors, "\n"); {
		case status != c.status:
			t.Errorf("%s: status %d, want %d (%s)", name, status, c.status, told)
		case (c.wrong == "") != (told == "") || !strings.Contains(told, c.wrong):
			t.Errorf("%s: the test is told %q, want %q", name, told, c.wrong)
		}
		if asked := p.Asked(); len(asked) != 1 || asked[0] != c.method+" "+c.path {
			t.Errorf("%s: asked %v", name, asked)
		}
	}
}

func send(t *testing.T, url, method, path, key, body string) int {
	t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, url+path, content)
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

func TestADoubleHasNoRouteThatTheProviderHasNot(t *testing.T) {
	j := &judge{TB: t}
	defer func() {
		if recover() == nil || len(j.errors) != 1 || !strings.Contains(j.errors[0], "DELETE /api/shelf/boxes") {
			t.Errorf("%v", j.errors)
		}
	}()
	Double(j, shelf, map[string]http.HandlerFunc{"DELETE /api/shelf/boxes": nil})
}

type named struct {
	Name string `json:"name"`
}

func TestWhatAConsumerReadsIsPromised(t *testing.T) {
	const one, list = "GET /api/shelf/boxes/{id}", "GET /api/shelf/boxes"
	for name, c := range map[string]struct {
		reads func(testing.TB)
		// missing is a part of each thing that is told, in order.
		missing []string
	}{
		"less than there is": {func(t testing.TB) { Reads[struct{ ID, Name string }](t, shelf, one) }, nil},
		"through a reference and a list": {func(t testing.TB) {
			Reads[struct {
				Items []struct {
					named
					Weight int `json:"weight"`
				} `json:"items"`
				Next string `json:"next,omitempty"`
			}](t, shelf, list)
		}, nil},
		"what may be missing, as such": {func(t testing.TB) { Reads[struct{ Note *string }](t, shelf, one) }, nil},
		"from all parts of it":         {func(t testing.TB) { Reads[struct{ Shelf, Name string }](t, shelf, one) }, nil},
		"anything":                     {func(t testing.TB) { Reads[any](t, shelf, one) }, nil},
		"what is not there":            {func(t testing.TB) { Reads[struct{ Price int }](t, shelf, one) }, []string{".Price is not there"}},
		"what may be missing":          {func(t testing.TB) { Reads[struct{ Note string }](t, shelf, one) }, []string{".Note may be missing"}},
		"a number as text":             {func(t testing.TB) { Reads[struct{ Weight string }](t, shelf, one) }, []string{".Weight is integer, read as string"}},
		"within a list": {func(t testing.TB) {
			Reads[struct {
				Items []struct {
					Colour string `json:"colour"`
				} `json:"items"`
				Next string `json:"next"`
			}](t, shelf, list)
		}, []string{".items[].colour is not there", ".next may be missing"}},
		"a list as a box": {func(t testing.TB) { Reads[[]named](t, shelf, one) }, []string{"the answer is object, read as array"}},
	} {
		j := &judge{TB: t}
		c.reads(j)
		if len(j.errors) != len(c.missing) {
			t.Errorf("%s: %v, want %v", name, j.errors, c.missing)
			continue
		}
		for n := range c.missing {
			if !strings.Contains(j.errors[n], c.missing[n]) {
				t.Errorf("%s: %s, want %s", name, j.errors[n], c.missing[n])
			}
		}
	}
}
