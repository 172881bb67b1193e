package conform

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// described has paths that cannot be asked without knowing something, and more.
func described(more string) string {
	return `{"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {
  "/api/x/{id}": {"get": {"security": [], "responses": {}}},
  "/api/x/mine": {"get": {"security": [{"customer": []}], "responses": {}}},
  "/api/x/search": {"get": {"security": [], "parameters": [{"name": "q", "in": "query", "required": true, "schema": {"type": "string"}}], "responses": {}}}
  ` + more + `}}`
}

// nameless is a run over a service that is ready, whose conform.json names nothing.
func nameless(t *testing.T, document string) (*Case, *int) {
	t.Helper()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			asked++
		}
	}))
	t.Cleanup(server.Close)
	doc, err := readDocument([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return &Case{world: &world{Target: Target{Mode: Local, Settings: &Settings{Service: "x"}, URL: server.URL}, client: newClient(), doc: doc}}, &asked
}

// A service of which nothing can be asked was tried for ten minutes, and failed H-09.
func TestWhereNothingCanBeAskedItsComingBackIsNotApplicable(t *testing.T) {
	c, _ := nameless(t, described(""))
	begun := time.Now()
	if err := c.comesBack(t.Context()); err == nil || open(err) {
		t.Errorf("got %v, want that it is not applicable", err)
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestWhatAnybodyMayReadWithoutKnowingAnythingIsAsked(t *testing.T) {
	c, asked := nameless(t, described(`, "/keys": {"get": {"security": [], "responses": {}}}`))
	if path, _, err := c.something(t.Context()); err != nil || path != "/keys" {
		t.Errorf("got %q, %v", path, err)
	}
	if err := c.comesBack(t.Context()); err != nil || *asked != 1 {
		t.Errorf("it was asked %d times: %v", *asked, err)
	}
	c.Settings.Read = "/api/x/1"
	if path, _, _ := c.something(t.Context()); path != "/api/x/1" {
		t.Errorf("conform.json names another one, and %s is asked", path)
	}
}
