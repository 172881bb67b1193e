package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/conform"
)

// call runs the command as a shell would.
func call(t *testing.T, env string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, func(string) string { return env }, &o, &e)
	return code, o.String(), e.String()
}

func TestWrongUsageEndsWithTwo(t *testing.T) {
	for name, args := range map[string][]string{
		"nothing": nil, "no such command": {"check"}, "no such flag": {"static", "-x"}, "run without a command": {"run", "-f", "testdata/none.json"},
		"no conform.json": {"static", "-f", "testdata/none.json"}, "remote without a service": {"remote"}, "words behind static": {"static", "x"},
	} {
		if code, _, errs := call(t, "", args...); code != 2 || errs == "" {
			t.Errorf("%s: ended with %d, said %q", name, code, errs)
		}
	}
}

func TestServicesAreLeftOut(t *testing.T) {
	o := options{except: "nats,cart"}
	targets, err := o.remote(`[{"name":"cart","url":"a"},{"name":"catalog","url":"b"}]`)
	if err != nil || len(targets) != 1 || targets[0].Settings.Service != "catalog" {
		t.Errorf("got %v: %v", targets, err)
	}
	if _, err := o.remote(`[{"name":"cart","url":"a"}]`); err == nil {
		t.Error("a run over no service is no error")
	}
}

func TestServicesOfTheOperatorAreRead(t *testing.T) {
	var o options
	for services, want := range map[string]string{
		`[{"name":"catalog","url":"http://a:8080","metrics":"http://a:9090/metrics"},{"name":"cart","url":"b:8080/"}]`: "catalog http://a:8080 http://a:9090, cart http://b:8080 ",
		`[]`:                   "no service",
		`[{"name":"catalog"}]`: "needs a name and an address",
		`{`:                    "reading SHOP_SERVICES",
		``:                     "-service and -url",
	} {
		targets, err := o.remote(services)
		var got []string
		for _, target := range targets {
			got = append(got, target.Settings.Service+" "+target.URL+" "+target.Metrics)
		}
		if text := strings.Join(got, ", "); err == nil && text != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %q, %v", services, text, err)
		}
	}
}

// A service that is not there is no service that keeps the contract.
func TestARunThatSeesNothingFails(t *testing.T) {
	code, out, errs := call(t, `[{"name":"catalog","url":"http://127.0.0.1:1","metrics":""}]`, "remote", "-timeout", "300ms")
	if code != 1 || !strings.Contains(out, "0 passed") || !strings.Contains(errs, "catalog") {
		t.Errorf("ended with %d: %s %s", code, out, errs)
	}
}

// bare has no description and answers every other path with the same text, so it keeps few rules and breaks many.
func bare(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/openapi.json" {
			http.NotFound(w, r)
			return
		}
		_, _ = fmt.Fprint(w, "hello")
	}))
	t.Cleanup(s.Close)
	return fmt.Sprintf(`[{"name":"bare","url":%q,"metrics":%q}]`, s.URL, s.URL)
}

func TestAFailureIsShownWithItsExchange(t *testing.T) {
	code, out, _ := call(t, bare(t), "remote", "-only", "E-01,H-01")
	for _, want := range []string{"FAIL E-01", "> GET /conform/", "< HTTP/1.1 200 OK", "1 passed, 1 failed"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if code != 1 || strings.Contains(out, "ok   H-01") {
		t.Errorf("ended with %d; what passed is listed with -v alone:\n%s", code, out)
	}
}

func TestWhatPassedEndsWithZero(t *testing.T) {
	if code, out, errs := call(t, bare(t), "remote", "-only", "H-01", "-v"); code != 0 || !strings.Contains(out, "ok   H-01") {
		t.Errorf("ended with %d: %s %s", code, out, errs)
	}
}

func TestTheReportIsJSONForPrograms(t *testing.T) {
	_, out, _ := call(t, bare(t), "remote", "-only", "E-01", "-o", "json")
	var reports []conform.Report
	if err := json.Unmarshal([]byte(out), &reports); err != nil {
		t.Fatal(err)
	}
	if r := reports[0]; r.Service != "bare" || r.Mode != conform.Remote || r.Results[0].Verdict != conform.Failed || len(r.Results[0].Evidence) == 0 {
		t.Errorf("got %+v", r)
	}
}

func TestTheReportIsJUnitForCI(t *testing.T) {
	_, out, _ := call(t, bare(t), "remote", "-only", "E-01,H-01,H-06", "-o", "junit")
	var all suites
	if err := xml.Unmarshal([]byte(out), &all); err != nil {
		t.Fatal(err)
	}
	s := all.Suites[0]
	if s.Tests != 3 || s.Failures != 1 || s.Skipped != 1 || len(s.Cases) != 3 {
		t.Errorf("got %+v", s)
	}
}

func TestAFormThatIsNotKnownIsAnError(t *testing.T) {
	if code, _, errs := call(t, bare(t), "remote", "-only", "H-01", "-o", "yaml"); code != 1 || !strings.Contains(errs, "yaml") {
		t.Errorf("ended with %d: %s", code, errs)
	}
}

func TestRulesAreListed(t *testing.T) {
	code, out, _ := call(t, "", "rules")
	if code != 0 || strings.Count(out, "\n") != len(conform.Rules()) || !strings.Contains(out, "E-07  MUST") {
		t.Errorf("ended with %d:\n%s", code, out)
	}
}

func TestTheLastLineIsASentenceForAStatus(t *testing.T) {
	one := strings.Trim(bare(t), "[]")
	code, _, errs := call(t, "["+one+","+strings.Replace(one, "bare", "other", 1)+"]", "remote", "-only", "E-01")
	lines := strings.Split(strings.TrimSpace(errs), "\n")
	if last := lines[len(lines)-1]; code != 1 || len(lines) != 3 ||
		!strings.HasPrefix(last, "conform: 2 of 2 services do not keep the contract (bare, other): bare: E-01 failed (404: a path that is not there): GET /conform/") ||
		!strings.HasSuffix(last, ": want 404, got 200") {
		t.Errorf("ended with %d:\n%s", code, errs)
	}
}

func TestKubernetesIsToldWhyTheCheckFailed(t *testing.T) {
	record := filepath.Join(t.TempDir(), "termination-log")
	failed := []conform.Report{{Service: "cart", Error: "it does not answer"}}
	var o options
	o.verdict(io.Discard, record, failed)
	if _, err := os.Stat(record); err == nil {
		t.Error("a file is made where Kubernetes has none")
	}
	if err := os.WriteFile(record, []byte("what was there before, and longer than the sentence"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.verdict(io.Discard, record, failed)
	if text, err := os.ReadFile(record); err != nil || string(text) != "cart: it does not answer" {
		t.Errorf("got %q, %v", text, err)
	}
}
