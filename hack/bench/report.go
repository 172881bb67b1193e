package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"text/tabwriter"
)

// measured is what a release took.
type measured struct {
	Services                int   `json:"services"`
	Secrets                 bool  `json:"secretPerService"`
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

// report holds this checkout's figures, and those of the commit that it was measured against.
type report struct {
	This    measured  `json:"this"`
	Against *measured `json:"against,omitempty"`
	// Ratio is this checkout's time from apply to switched, in that of the other commit.
	Ratio float64 `json:"appliedToSwitchedRatio,omitempty"`
}

// line is one figure with what it should be.
type line struct {
	name  string
	value func(measured) any
	aim   string
}

var lines = []line{
	{"applied to switched, ms", func(m measured) any { return m.AppliedToSwitchedMillis }, ""},
	{"confirmed by the front door after, ms", func(m measured) any { return m.ConfirmMillis }, "<= 1000"},
	{"old and new mixed, ms", func(m measured) any { return m.MixedWindowMillis }, "<= 100"},
	{"requests of customers", func(m measured) any { return m.Requests }, ""},
	{"failed", func(m measured) any { return m.Failed }, "0"},
	{"made by two releases", func(m measured) any { return m.MixedRequests }, "0"},
	{"from the old release after it was confirmed", func(m measured) any { return m.StaleAfterConfirm }, "0"},
	{"requests to the API, retirement included", func(m measured) any { return m.APIRequests }, "<= 150"},
	{"of these writes", func(m measured) any { return m.APIWrites }, ""},
	{"memory of the operator, MB", func(m measured) any { return m.OperatorMemory }, "<= 50"},
}

// print prints a table; commit names what it was measured against.
func (r *report) print(out io.Writer, commit string) {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	with := ""
	if r.This.Secrets {
		with = ", a Secret each"
	}
	fmt.Fprintf(w, "\n%d services x %d replicas%s, %d CPUs\tMEASURED\tAIM\t%s\n", r.This.Services, replicas, with, runtime.NumCPU(), commit)
	for _, l := range lines {
		fmt.Fprintf(w, "%s\t%v\t%s\t%s\n", l.name, l.value(r.This), l.aim, r.other(func(m measured) any { return l.value(m) }))
	}
	if r.Against != nil && r.Against.AppliedToSwitchedMillis > 0 {
		r.Ratio = float64(r.This.AppliedToSwitchedMillis) / float64(r.Against.AppliedToSwitchedMillis)
		fmt.Fprintf(w, "applied to switched, as a part of %s\t%.2f\t<= 0.70\t\n", commit, r.Ratio)
	}
	for _, kind := range r.kinds() {
		fmt.Fprintf(w, "  %s\t%d\t\t%s\n", kind, r.This.WritesByKind[kind], r.other(func(m measured) any { return m.WritesByKind[kind] }))
	}
	_ = w.Flush()
}

func (r *report) other(value func(measured) any) string {
	if r.Against == nil {
		return ""
	}
	return fmt.Sprint(value(*r.Against))
}

func (r *report) kinds() []string {
	all := maps.Clone(r.This.WritesByKind)
	if r.Against != nil {
		maps.Copy(all, r.Against.WritesByKind)
	}
	return slices.Sorted(maps.Keys(all))
}

func (r *report) write(file string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(file, append(data, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("writing the figures: %w", err)
	}
	return nil
}
