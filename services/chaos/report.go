package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"time"
)

// check is one comparison, and how much it found.
type check struct {
	Rule  string `json:"rule"`
	Found int    `json:"found"`
}

// report is what came of a run.
type report struct {
	OK       bool           `json:"ok"`
	Seed     uint64         `json:"seed"`
	Mood     string         `json:"mood,omitempty"`
	Seconds  float64        `json:"seconds"`
	Rest     float64        `json:"secondsToRest"`
	Killed   map[string]int `json:"killed"`
	Switches int            `json:"switches"`
	Attempts int            `json:"attempts"`
	// Told counts what customers were told in the end.
	Told       map[string]int `json:"told"`
	Orders     int            `json:"orders"`
	Cancelled  int            `json:"cancelled"`
	Mails      int            `json:"mails"`
	Sold       int64          `json:"soldMinor"`
	Charged    int64          `json:"chargedMinor"`
	P50        float64        `json:"p50Millis"`
	P95        float64        `json:"p95Millis"`
	Checks     []check        `json:"checks"`
	Violations []violation    `json:"violations"`
	Journal    string         `json:"journal"`
}

func (r *report) kills() (n int) {
	for _, k := range r.Killed {
		n += k
	}
	return n
}

// leastOrders is how many orders there must be at least: books of nothing always balance.
const leastOrders = 3

// judge puts together what was found.
func (r *report) judge(j *journal, l *load) {
	r.Told = map[string]int{}
	var took []time.Duration
	for _, t := range l.all {
		r.Attempts++
		r.Told[cmp.Or(t.why, string(t.outcome))]++
		if t.outcome == placed && t.took > 0 {
			took = append(took, t.took)
		}
	}
	slices.Sort(took)
	if n := len(took); n > 0 {
		r.P50, r.P95 = took[n/2].Seconds()*1000, took[n*95/100].Seconds()*1000
	}
	r.Violations = append(r.Violations, j.found()...)
	if r.Orders < leastOrders {
		r.Violations = append(r.Violations, violation{Rule: "too few orders to tell", Detail: fmt.Sprint(r.Orders)})
	}
	for n := range r.Violations {
		r.Violations[n].Journal = j.about(address.FindString(r.Violations[n].Detail))
	}
	r.OK = len(r.Violations) == 0
}

// address finds whom a violation is about.
var address = regexp.MustCompile(`[a-z0-9-]+@chaos\.example`)

// save writes the report as JSON.
func (r *report) save(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
}

// print writes the report for people.
func (r *report) print(out io.Writer) {
	line := func(name string, value any) { fmt.Fprintf(out, "%-52s %v\n", name, value) }
	fmt.Fprintln(out)
	for _, kind := range slices.Sorted(maps.Keys(r.Killed)) {
		line("kills: "+kind, r.Killed[kind])
	}
	line("switches", r.Switches)
	line("attempts to order", r.Attempts)
	for _, told := range slices.Sorted(maps.Keys(r.Told)) {
		line("  "+told, r.Told[told])
	}
	line("orders, of these cancelled", fmt.Sprintf("%d, %d", r.Orders, r.Cancelled))
	line("sold, charged", fmt.Sprintf("%.2f, %.2f EUR", float64(r.Sold)/100, float64(r.Charged)/100))
	line("mails", r.Mails)
	line("placing an order, p50, p95", fmt.Sprintf("%.0f, %.0f ms", r.P50, r.P95))
	line("seconds, of these until rest", fmt.Sprintf("%.0f, %.0f", r.Seconds, r.Rest))
	fmt.Fprintln(out)
	for _, c := range r.Checks {
		line(c.Rule, c.Found)
	}
	for n, v := range r.Violations {
		if n == 20 {
			fmt.Fprintf(out, "\nand %d more: see %s\n", len(r.Violations)-n, r.Journal)
			break
		}
		fmt.Fprintf(out, "\nWRONG (seed %d): %s: %s\n", r.Seed, v.Rule, v.Detail)
		for _, e := range v.Journal {
			fmt.Fprintf(out, "  %s %-14s %s\n", e.At.Format("15:04:05.000"), e.What, e.Detail)
		}
	}
	fmt.Fprintf(out, "\n%s\n", map[bool]string{true: "everything balances", false: "NOT balanced; journal: " + r.Journal}[r.OK])
}
