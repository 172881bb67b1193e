package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/emporium-shop/emporium/test/load"
)

// report is what was measured.
type report struct {
	Rate  int    `json:"rate"`
	Mix   string `json:"mix"`
	Flash string `json:"flash,omitempty"`
	load.Figures
	load.Verdict
	// Switches are the releases that began to answer meanwhile.
	Switches []change `json:"switches,omitempty"`
	// Climbed are the rates that were tried with -most, CPU where the time went, of a cluster.
	Climbed []tried `json:"climbed,omitempty"`
	CPU     *cpu    `json:"cpu,omitempty"`

	goal, p95 float64
	aims      map[string]float64
	most      string
}

type change struct {
	AtSeconds float64 `json:"atSeconds"`
	To        string  `json:"to"`
}

// broken names what must not be.
func (r report) broken() error {
	var errs []error
	for _, name := range r.Broken() {
		errs = append(errs, fmt.Errorf("%s: a promise was broken", name))
	}
	if r.OrdersPerSecond < r.goal {
		errs = append(errs, fmt.Errorf("%.1f orders/s: fewer than the goal of %.1f", r.OrdersPerSecond, r.goal))
	}
	for _, kind := range slices.Sorted(maps.Keys(r.aims)) {
		if got := r.PerSecond[kind]; got < nearly*r.aims[kind] {
			errs = append(errs, fmt.Errorf("%.1f %s/s: fewer than the aim of %.0f", got, kind, r.aims[kind]))
		}
	}
	held := cmp.Or(r.most, "order")
	if got := r.Latency[held].P95; r.p95 > 0 && got > r.p95 {
		errs = append(errs, fmt.Errorf("p95 of %s is %.0f ms: more than %.0f", held, got, r.p95))
	}
	if r.most != "" && r.Failed > 0 {
		errs = append(errs, fmt.Errorf("%d of %d %s failed", r.Failed, r.Requests, r.most))
	}
	return errors.Join(errs...)
}

// nearly leaves room for the time that the last answer takes: it counts as well.
const nearly = 0.98

func (r report) tell(out io.Writer, format string) error {
	if format == "json" {
		encode := json.NewEncoder(out)
		encode.SetIndent("", "  ")
		if err := encode.Encode(r); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
		return nil
	}
	r.table(out)
	return nil
}

func (r report) table(out io.Writer) {
	fmt.Fprintf(out, "\n%d customers a second for %.0f s, of whom %s%s.\n\n", r.Rate, r.Seconds, r.Mix, strings.TrimSuffix(" want "+r.Flash, " want "))
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "STEP\tCOUNT\tWELL/s\tP50 ms\tP95 ms\tP99 ms\t")
	for _, step := range slices.Sorted(maps.Keys(r.Latency)) {
		q := r.Latency[step]
		fmt.Fprintf(w, "%s\t%d\t%s\t%.1f\t%.1f\t%.1f\t\n", step, q.Count, r.well(step), q.P50, q.P95, q.P99)
	}
	_ = w.Flush()
	fmt.Fprintf(out, "\n%.1f requests/s, %.1f orders/s confirmed, %.1f searches/s, %.1f lists/s. Order: until its customer knew; purchase: from when the visit was due.\n\n",
		r.RequestsPerSec, r.OrdersPerSecond, r.PerSecond["search"]+r.PerSecond["find"], r.PerSecond["list"]+r.PerSecond["category"])
	r.climb(out)
	r.CPU.table(out)
	r.counts(out)
	for _, s := range r.Switches {
		fmt.Fprintf(out, "switched to %s after %.1f s\n", s.To, s.AtSeconds)
	}
	for _, example := range r.Examples {
		fmt.Fprintln(out, " ", example)
	}
}

// well is how many were answered well a second; a purchase is counted as its order.
func (r report) well(step string) string {
	if n, counted := r.PerSecond[step]; counted {
		return fmt.Sprintf("%.1f", n)
	}
	return ""
}

func (r report) counts(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	bought := r.Orders+r.InDoubt+r.Latency["order"].Count > 0 // else nobody asked what became of orders
	for _, row := range []struct {
		name  string
		value int
	}{
		{"orders", r.Orders}, {"ordersAcross", r.OrdersAcross}, {"ordersLost", r.OrdersLost}, {"ordersUnasked", r.OrdersUnasked}, {"oversold", r.Oversold},
		{"chargedTwice", r.ChargedTwice}, {"inDoubt", r.InDoubt}, {"ordersInDoubt", r.OrdersInDoubt}, {"failed", r.Failed},
	} {
		if bought || row.name == "failed" {
			fmt.Fprintf(w, "%s\t%d\n", row.name, row.value)
		}
	}
	if bought {
		fmt.Fprintf(w, "booksBalanced\t%s\n", balanced(r.BooksBalanced))
	}
	for _, why := range slices.Sorted(maps.Keys(r.Failures)) {
		fmt.Fprintf(w, "  failed: %s\t%d\n", why, r.Failures[why])
	}
	for _, why := range slices.Sorted(maps.Keys(r.Refused)) {
		fmt.Fprintf(w, "  refused: %s\t%d\n", why, r.Refused[why])
	}
	_ = w.Flush()
}

func balanced(books *bool) string {
	if books == nil {
		return "the shop has no books"
	}
	return fmt.Sprint(*books)
}
