package conform

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
)

// found runs discovery over a service that answers the paths with the bodies.
func found(t *testing.T, answers map[string]string) *world {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := answers[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/" {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		_, _ = fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	w, err := newWorld(Target{Mode: Remote, Settings: &Settings{Service: "x"}, URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

func contractOf(provides string) string {
	return fmt.Sprintf(`{"service":"x","shop":"s","release":"r","contract":"v1","provides":[%s],"consumes":[]}`, provides)
}

func TestAServiceThatRunsTellsWhatCanBeRead(t *testing.T) {
	doc, err := os.ReadFile("broken/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	w := found(t, map[string]string{"/openapi.json": string(doc), "/api/gadgets": `{"items":[{"id":"7 a"}]}`})
	if w.Settings.List == nil || w.Settings.List.Get != "/api/gadgets" || w.Settings.List.Key != "id" || w.Settings.Read != "/api/gadgets/7%20a" {
		t.Errorf("got %+v and %q", w.Settings.List, w.Settings.Read)
	}
}

func TestPagesAreNoAPI(t *testing.T) {
	w := found(t, map[string]string{"/contract": contractOf(""), "/": "<html>"})
	if w.Settings.OpenAPI != "none" || len(w.Settings.Pages) != 1 {
		t.Errorf("got %+v", w.Settings)
	}
	if w := found(t, map[string]string{"/contract": contractOf("")}); w.Settings.OpenAPI != "none" || w.Settings.Pages != nil {
		t.Errorf("a worker: got %+v", w.Settings)
	}
}

func TestAnAPIWithoutItsDescriptionIsNoSetOfPages(t *testing.T) {
	w := found(t, map[string]string{"/contract": contractOf(`"x/v1"`), "/": "<html>"})
	if w.Settings.OpenAPI == "none" {
		t.Error("a service that provides an API may hide its description")
	}
	if _, err := (&Case{world: w}).described(); err == nil {
		t.Error("the rules about the description are not failed")
	}
}
