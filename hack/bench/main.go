// Command bench releases a shop of twenty tiny services under load, and prints what
// it took: time, requests to the Kubernetes API, memory of the operator.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"text/tabwriter"

	"github.com/emporium-shop/emporium/test/stage"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // the signal handler ends with the process
	}
}

func run(ctx context.Context) error {
	s, err := stage.Here(os.Stdout)
	if err != nil {
		return err
	}
	b := bench{Stage: s}
	if err := b.setUp(ctx); err != nil {
		return err
	}
	f, err := b.measure(ctx)
	if err != nil {
		return err
	}
	f.print()
	if err := f.write(filepath.Join(s.Root, ".cluster", "bench-report.json")); err != nil {
		return err
	}
	return b.clear(ctx)
}

// figures are what was measured.
type figures struct {
	Services                int   `json:"services"`
	Requests                int   `json:"requests"`
	Failed                  int   `json:"failed"`
	MixedRequests           int   `json:"mixedRequests"`
	StaleAfterConfirm       int   `json:"staleAfterConfirm"`
	MixedWindowMillis       int64 `json:"mixedWindowMillis"`
	AppliedToSwitchedMillis int64 `json:"appliedToSwitchedMillis"`
	ConfirmMillis           int64 `json:"confirmMillis"`
	// APIRequests are all of the operator's, with the dry run before and the retirement
	// after, without the renewals of its leadership.
	APIRequests    int `json:"apiRequests"`
	APIWrites      int `json:"apiWrites"`
	OperatorMemory int `json:"operatorMegabytes"`
	// WritesByKind are the writes by kind and verb.
	WritesByKind map[string]int `json:"writesByKind"`
}

func (f figures) print() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintf(w, "\n%d services x %d replicas, %d CPUs\tMEASURED\tAIM\n", f.Services, replicas, runtime.NumCPU())
	for _, row := range []struct {
		name  string
		value any
		aim   string
	}{
		{"applied to switched, ms", f.AppliedToSwitchedMillis, ""},
		{"confirmed by the front door after, ms", f.ConfirmMillis, "<= 1000"},
		{"old and new mixed, ms", f.MixedWindowMillis, "<= 100"},
		{"requests of customers", f.Requests, ""},
		{"failed", f.Failed, "0"},
		{"made by two releases", f.MixedRequests, "0"},
		{"from the old release after it was confirmed", f.StaleAfterConfirm, "0"},
		{"requests to the API, retirement included", f.APIRequests, "<= 200"},
		{"of these writes", f.APIWrites, ""},
		{"memory of the operator, MB", f.OperatorMemory, "<= 60"},
	} {
		fmt.Fprintf(w, "%s\t%v\t%s\n", row.name, row.value, row.aim)
	}
	for _, kind := range slices.Sorted(maps.Keys(f.WritesByKind)) {
		fmt.Fprintf(w, "  %s\t%d\t\n", kind, f.WritesByKind[kind])
	}
	_ = w.Flush()
}

func (f figures) write(file string) error {
	data, err := json.MarshalIndent(f, "", "  ")
	if err == nil {
		err = os.WriteFile(file, append(data, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("writing the figures: %w", err)
	}
	return nil
}
