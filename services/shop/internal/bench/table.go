package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"text/tabwriter"
)

// report is all that was measured.
type report struct {
	Machine  string    `json:"machine"`
	Seconds  float64   `json:"seconds"`
	Fsync    bool      `json:"fsync"`
	Goal     float64   `json:"goal"`
	P95      float64   `json:"p95Goal"`
	Readings []reading `json:"readings"`
}

// print writes two tables: what customers see, and what an order costs.
func (r report) print(w io.Writer) {
	fmt.Fprintf(w, "\nOrders: a cart, a product, a quote, the order. %s.\nEvery service in a process of its own; PostgreSQL (fsync %t), NATS and the generator are on the same machine. %.0f s each.\n\n", r.Machine, r.Fsync, r.Seconds)
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "load\torders/s\tp50 ms\tp95 ms\tp99 ms\tfailed\tall done after s\tCPU ms an order\ttransactions\tstatements")
	for _, one := range r.Readings {
		fmt.Fprintf(t, "%s\t%.1f\t%.0f\t%.0f\t%.0f\t%d\t%.1f\t%.1f\t%.1f\t%.1f\n", one.Load, one.Rate, one.P50, one.P95, one.P99, one.Failed, one.Quiet, one.total(), one.Transactions, one.Statements)
	}
	_ = t.Flush()
	if len(r.Readings) > 0 {
		last := r.Readings[0]
		fmt.Fprintln(w, "\nCPU ms an order, by process:")
		for _, name := range slices.SortedFunc(maps.Keys(last.CPU), func(a, b string) int { return int(1000 * (last.CPU[b] - last.CPU[a])) }) {
			fmt.Fprintf(w, "%7.2f  %s\n", last.CPU[name], name)
		}
	}
	if r.Goal > 0 {
		fmt.Fprintf(w, "\ngoal of %.0f orders/s, p95 below %.0f ms, none failed: %s\n", r.Goal, r.P95, map[bool]string{true: "missed", false: "reached"}[r.missed()])
	}
}

// total is the CPU time of all processes.
func (r reading) total() (sum float64) {
	for _, millis := range r.CPU {
		sum += millis
	}
	return sum
}

// missed tells whether no load reached the goal, or one order failed.
func (r report) missed() bool {
	reached := false
	for _, one := range r.Readings {
		if one.Failed > 0 {
			return true
		}
		reached = reached || (one.Rate >= 0.98*r.Goal && one.P95 < r.P95)
	}
	return r.Goal > 0 && !reached
}

func (r report) write(path string) error {
	if path == "" {
		return nil
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(path, append(data, '\n'), 0o644) //nolint:gosec // is read by everyone
	}
	if err != nil {
		return fmt.Errorf("writing the readings: %w", err)
	}
	return nil
}
