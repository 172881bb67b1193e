package engine

import (
	"net/http"
	"strings"
	"testing"
)

func TestModulesAreServedUntilTheEngineIsClosed(t *testing.T) {
	const at = "127.71.79.2:7179" // the usual one may be taken: tests of hack/images build at the same time
	m := modules{at: at}
	t.Cleanup(m.close)
	for range 2 { // a second Dockerfile
		if err := m.serve(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	answer, err := http.Get("http://" + at + "/nonsense")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusNotFound {
		t.Errorf("what is no module is answered %s", answer.Status)
	}
	second := modules{at: at}
	if err := second.serve(t.Context()); err == nil || !strings.Contains(err.Error(), "serving Go's modules to RUN: listen tcp "+at) {
		t.Errorf("a second engine at the same time: %v", err)
	}
	m.close()
	if again, err := http.Get("http://" + at + "/nonsense"); err == nil {
		again.Body.Close()
		t.Error("somebody answers still")
	}
}
