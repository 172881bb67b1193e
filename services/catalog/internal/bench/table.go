package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/emporium-shop/emporium/services/internal/measure"
)

// report is all that was measured.
type report struct {
	Machine     string    `json:"machine"`
	Connections int       `json:"connections"`
	Seconds     float64   `json:"seconds"`
	Goal        float64   `json:"goal"`
	Readings    []reading `json:"readings"`
}

// of is one figure of each round.
func (r report) of(way string, figure func(reading) float64) (values []float64) {
	for _, one := range r.Readings {
		if one.Way == way {
			values = append(values, figure(one))
		}
	}
	return values
}

// print writes a table: medians and ranges.
func (r report) print(w io.Writer) {
	fmt.Fprintf(w, "\nLists of 20 products with prices. %s.\n", r.Machine)
	fmt.Fprintf(w, "%d kept-alive connections, %.0f s in turn: median [lowest–highest]. Catalog, PostgreSQL and generator are on the same machine.\n\n", r.Connections, r.Seconds)
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "way\tlists/s\tp50 ms\tp95 ms\tp99 ms\tfailed")
	for _, way := range []string{throughDoor, without} {
		failed := 0.0
		for _, n := range r.of(way, func(one reading) float64 { return float64(one.Failed) }) {
			failed += n
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%.0f\n", way, measure.Spread(r.of(way, rate), "%.0f"),
			measure.Spread(r.of(way, func(one reading) float64 { return one.P50 }), "%.1f"),
			measure.Spread(r.of(way, func(one reading) float64 { return one.P95 }), "%.1f"),
			measure.Spread(r.of(way, func(one reading) float64 { return one.P99 }), "%.1f"), failed)
	}
	fmt.Fprintln(t, "\nCPU s for 10,000\tcatalog\tfront door\tPostgreSQL\tgenerator\t")
	for _, way := range []string{throughDoor, without} {
		fmt.Fprint(t, way)
		for _, process := range processes {
			fmt.Fprintf(t, "\t%s", measure.Spread(r.of(way, func(one reading) float64 { return one.CPU[process] }), "%.2f"))
		}
		fmt.Fprintln(t, "\t")
	}
	_ = t.Flush()
	fmt.Fprintf(w, "\nlists/s through the front door : without it = %s\n", measure.Spread(r.ratios(), "%.2f"))
	if r.Goal > 0 {
		verdict := map[bool]string{true: "missed", false: "reached"}[r.missed()]
		fmt.Fprintf(w, "goal of %.0f lists/s through the front door: %s\n", r.Goal, verdict)
	}
}

func rate(one reading) float64 { return one.Rate }

// ratios compare within a round, so that a busy machine weighs on both.
func (r report) ratios() (all []float64) {
	with, bare := r.of(throughDoor, rate), r.of(without, rate)
	for i := range min(len(with), len(bare)) {
		all = append(all, with[i]/bare[i])
	}
	return all
}

// missed tells whether the median through the front door is below the goal, or one failed.
func (r report) missed() bool {
	failed := false
	for _, one := range r.Readings {
		failed = failed || one.Failed > 0
	}
	return failed || measure.Median(r.of(throughDoor, rate)) < r.Goal
}
