package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/conform"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgserver"
)

// TestMain runs the tests, or the service itself: the checker starts this
// very binary as its own process, so that SIGTERM and SIGKILL are real.
func TestMain(m *testing.M) {
	if os.Getenv("GADGETS_RUN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// short are the contract's times, shortened on both sides.
var short = conform.Times{
	Idle: time.Second, Deadline: 5 * time.Second, Patience: 12 * time.Second, Slack: 4 * time.Second,
	Outage: 500 * time.Millisecond, Drain: 1500 * time.Millisecond, Age: 6 * time.Second,
}

var shortEnv = map[string]string{"GADGETS_RUN": "1", "GADGETS_PATIENCE": "6s", "GADGETS_AGE": "4s"}

// folder writes the service's documents, with the fault of a rule about them.
func folder(t *testing.T, id string) *conform.Settings {
	t.Helper()
	dir := t.TempDir()
	doc, err := describe(strings.Replace(id, "O-09", "", 1)) // what is checked in is right, what is served is not
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"openapi.json": doc, "prices.json": file(t, "prices.json"), "conform.json": file(t, "conform.json")} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := conform.Load(filepath.Join(dir, "conform.json"))
	if err != nil {
		t.Fatal(err)
	}
	s.Env = shortEnv
	return s
}

func file(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// check runs every rule over the service with one fault.
func check(postgres, id string, settings *conform.Settings) conform.Report {
	self, err := os.Executable()
	if err != nil {
		return conform.Report{Error: err.Error()}
	}
	mode := conform.Local
	if documentFaults[id] != nil && id != "O-09" { // what is wrong in a document shows in the document
		mode = conform.Static
	}
	return conform.Run(context.Background(), conform.Target{
		Mode: mode, Settings: settings, Command: []string{self, "-break", id},
		Postgres: postgres, Long: true, Times: short, Paths: 30, Connections: 60,
	})
}

// begun checks again what could not even begin: beside so many others a command may not get its connection to PostgreSQL
// in its time, and a run that did not begin says nothing of a rule.
func begun(postgres, id string, settings *conform.Settings) (report conform.Report) {
	for range 3 {
		report = check(postgres, id, settings)
		if report.Error == "" {
			break
		}
	}
	return report
}

func failed(r conform.Report) []string {
	var out []string
	for _, one := range r.Results {
		if one.Verdict == conform.Failed {
			out = append(out, one.Rule)
		}
	}
	return out
}

// explain is what a wrong row of the table needs to be understood.
func explain(r conform.Report) string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Error)
	for _, one := range r.Results {
		if one.Verdict == conform.Failed || (one.Verdict == conform.NotDecided && !strings.HasPrefix(one.Why, "people") && !strings.HasPrefix(one.Why, "decided by")) {
			fmt.Fprintf(&b, "%s %s: %s\n", one.Rule, one.Verdict, one.Why)
			for _, e := range one.Evidence {
				fmt.Fprintf(&b, "    > %s\n    < %s\n", strings.ReplaceAll(e.Request, "\n", "\n    > "), strings.ReplaceAll(e.Response, "\n", "\n    < "))
			}
		}
	}
	return b.String()
}

// parallel is how many services are checked at once. They wait more than they
// compute, so it is more than t.Parallel would take on few cores.
const parallel = 12

func TestEveryRuleHasAMutantThatFailsItAndNoOther(t *testing.T) {
	server, err := pgserver.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	for id, report := range checkAll(t, server.URL("postgres", pgserver.Superuser), mutants()) {
		t.Run("breaks "+id, func(t *testing.T) {
			if got := strings.Join(failed(report), " "); got != id || report.Error != "" {
				t.Errorf("with fault %q the rules %q fail:\n%s", id, got, explain(report))
			}
			if id == "" {
				everythingIsDecided(t, report)
			}
		})
	}
}

// mutants are all faults, and none; CONFORM_MUTANTS names a few.
func mutants() []string {
	if few := os.Getenv("CONFORM_MUTANTS"); few != "" {
		return strings.Split(few, ",")
	}
	out := []string{""}
	for n, id := range decidable() {
		if n%sampled == 0 {
			out = append(out, id)
		}
	}
	return out
}

func checkAll(t *testing.T, postgres string, ids []string) map[string]conform.Report {
	out, slots := map[string]conform.Report{}, make(chan struct{}, parallel)
	var all sync.WaitGroup
	var mu sync.Mutex
	for _, id := range ids {
		settings := folder(t, id)
		slots <- struct{}{}
		all.Go(func() {
			report := begun(postgres, id, settings)
			mu.Lock()
			defer mu.Unlock()
			out[id] = report
			<-slots
		})
	}
	all.Wait()
	return out
}

// decidable are the rules that a machine decides.
func decidable() []string {
	var out []string
	for _, r := range conform.Rules() {
		if len(r.Modes) > 0 {
			out = append(out, r.ID)
		}
	}
	return out
}

// everythingIsDecided: a rule that the right service leaves open has a mutant that shows nothing.
func everythingIsDecided(t *testing.T, r conform.Report) {
	t.Helper()
	for _, one := range r.Results {
		if one.Verdict != conform.Passed && !strings.HasPrefix(one.Why, "people") {
			t.Errorf("%s is %s: %s", one.Rule, one.Verdict, one.Why)
		}
	}
}
