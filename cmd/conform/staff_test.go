package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
)

// office is auth, and a service with one list, which is staff's. It counts who reads the list.
type office struct {
	mu   sync.Mutex
	read map[string]int
}

func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path == "/api/auth/tokens":
		var in struct{ Name, Password string }
		if json.NewDecoder(r.Body).Decode(&in) != nil || in.Name != "reader" || in.Password != "right" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{"token":"t0ken"}`)
	case r.URL.Path == "/openapi.json":
		doc, _ := os.ReadFile("../../services/warehouse/openapi.json")
		_, _ = w.Write(doc)
	case r.URL.Path == "/livez":
	case strings.HasPrefix(r.URL.Path, "/api/warehouse"):
		o.mu.Lock()
		o.read[r.Header.Get("Authorization")]++
		o.mu.Unlock()
		fmt.Fprint(w, `{"items":[]}`)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// asked runs the rules about lists with the variables of a check.
func asked(t *testing.T, env map[string]string) (o *office, code int, out, errs string) {
	t.Helper()
	o = &office{read: map[string]int{}}
	s := httptest.NewServer(o)
	t.Cleanup(s.Close)
	env[shopServices] = fmt.Sprintf(`[{"name":"warehouse","url":%q},{"name":"auth","url":%q}]`, s.URL, s.URL)
	var said, told bytes.Buffer
	code = run(t.Context(), []string{"remote", "-only", "L-01,H-01", "-v"}, func(name string) string { return env[name] }, &said, &told)
	return o, code, said.String(), told.String()
}

// A list that is staff's is looked at by who may read it, and by nobody else.
func TestListsOfStaffAreReadByAnAccountOfStaff(t *testing.T) {
	o, _, out, errs := asked(t, map[string]string{staffName: "reader", staffPassword: "right"})
	if o.read["Bearer t0ken"] == 0 || o.read[""] > 0 || !strings.Contains(out, "ok   L-01") {
		t.Errorf("read by %v: %s %s", o.read, out, errs)
	}
	o, _, out, _ = asked(t, map[string]string{})
	if len(o.read) > 0 || strings.Contains(out, "ok   L-01") {
		t.Errorf("without an account: read by %v: %s", o.read, out)
	}
}

// Who is told of an account and cannot use it does not pass for who looked.
func TestAnAccountThatAuthDoesNotKnowFailsTheCheck(t *testing.T) {
	if _, code, out, errs := asked(t, map[string]string{}); code != 0 {
		t.Fatalf("without an account: %d, %s %s", code, out, errs)
	}
	if _, code, _, errs := asked(t, map[string]string{staffName: "reader", staffPassword: "wrong"}); code != 1 || !strings.Contains(errs, "401") || strings.Contains(errs, "wrong") {
		t.Errorf("ended with %d: %s", code, errs)
	}
}
