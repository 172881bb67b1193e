package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

// report is what the demo measured; .cluster/demo-report.json holds it.
type report struct {
	Services int `json:"services"`
	// expected is how many services the sample shop has.
	expected int
	load.Result
	load.Verdict
	AppliedToSwitchedMillis int64 `json:"appliedToSwitchedMillis"`
	// ConfirmMillis is that of the slower of the two switches.
	ConfirmMillis       int64 `json:"confirmMillis"`
	APIWritesForRelease int   `json:"apiWritesForRelease"`
	RollbackMillis      int64 `json:"rollbackMillis"`
	// MemoryMiB is what the pods hold of the release that serves, and of what serves every release, seconds after the last
	// customer: working sets. 0: the cluster's kubelets do not tell.
	MemoryMiB int64 `json:"memoryMiB"`
}

func (r *report) confirmed(record v1alpha1.SwitchRecord) {
	r.ConfirmMillis = max(r.ConfirmMillis, record.ConfirmedAt.Sub(record.WrittenAt.Time).Milliseconds())
}

// promise is one figure with its bound; a row without a bound only informs.
type promise struct {
	name  string
	value int64
	bound string
	held  bool
}

func (r report) promises() []promise {
	return []promise{
		{"services", int64(r.Services), fmt.Sprintf("%d", r.expected), r.Services == r.expected},
		{"requests", int64(r.Requests), "> 0", r.Requests > 0},
		{"failed", int64(r.Failed), "0", r.Failed == 0},
		{"mixedRequests", int64(r.MixedRequests), "0", r.MixedRequests == 0},
		{"staleAfterConfirm", int64(r.StaleAfterConfirm), "0", r.StaleAfterConfirm == 0},
		{"mixedWindowMillis", r.MixedWindowMillis, "<= 100", r.MixedWindowMillis <= 100},
		{"orders", int64(r.Orders), "> 0", r.Orders > 0},
		// Those who waited for both switches at least: others may have been under way by themselves.
		{"ordersAcross", int64(r.OrdersAcross), fmt.Sprintf(">= %d", 2*undecided), r.OrdersAcross >= 2*undecided},
		{"ordersLost", int64(r.OrdersLost), "0", r.OrdersLost == 0},
		{"ordersUnasked", int64(r.OrdersUnasked), "0", r.OrdersUnasked == 0},
		{"inDoubt", int64(r.InDoubt), "0", r.InDoubt == 0},
		{"oversold", int64(r.Oversold), "0", r.Oversold == 0},
		{"chargedTwice", int64(r.ChargedTwice), "0", r.ChargedTwice == 0},
		{"booksBalanced", truth(r.balanced()), "1", r.balanced()},
		{"confirmMillis", r.ConfirmMillis, "<= 1000", r.ConfirmMillis <= 1000},
		{"appliedToSwitchedMillis", r.AppliedToSwitchedMillis, "", true},
		{"apiWritesForRelease", int64(r.APIWritesForRelease), "", true},
		{"rollbackMillis", r.RollbackMillis, "", true},
	}
}

// balanced tells whether the books balance. Those of a shop without books do not.
func (r report) balanced() bool { return r.BooksBalanced != nil && *r.BooksBalanced }

// truth is a figure of what is so or not.
func truth(so bool) int64 {
	if so {
		return 1
	}
	return 0
}

// broken names every promise that did not hold.
func (r report) broken() error {
	var errs []error
	for _, p := range r.promises() {
		if !p.held {
			errs = append(errs, fmt.Errorf("%s is %d, promised %s", p.name, p.value, p.bound))
		}
	}
	return errors.Join(errs...)
}

func (r report) table(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "\nFIGURE\tMEASURED\tPROMISED\tHELD")
	for _, p := range r.promises() {
		fmt.Fprintf(w, "%s\t%d\t%s\t%t\n", p.name, p.value, p.bound, p.held)
	}
	if r.MemoryMiB > 0 { // the aim is for a shop at rest, and this one had customers a moment ago: no promise
		fmt.Fprintf(w, "memoryMiB\t%d\t(aim at rest: <= %d)\t\n", r.MemoryMiB, stage.MemoryAimMiB)
	}
	_ = w.Flush()
	for _, example := range slices.Concat(r.Result.Examples, r.Verdict.Examples) {
		fmt.Fprintln(out, " ", example)
	}
}

func (r report) write(file string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(file, append(data, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
