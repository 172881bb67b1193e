package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/emporium-shop/emporium/services/internal/measure"
)

// report is all that was measured.
type report struct {
	Machine  string    `json:"machine"`
	Clients  int       `json:"clients"`
	Seconds  float64   `json:"seconds"`
	Fsync    bool      `json:"fsync"`
	Goal     float64   `json:"goal"`
	P99      float64   `json:"p99Millis"`
	Readings []reading `json:"readings"`
}

// of is one figure of each round.
func (r report) of(figure func(reading) float64) (values []float64) {
	for _, one := range r.Readings {
		values = append(values, figure(one))
	}
	return values
}

func rate(one reading) float64 { return one.Rate }
func p99(one reading) float64  { return one.P99 }

// print writes a table: medians and ranges.
func (r report) print(w io.Writer) {
	fmt.Fprintf(w, "\nHolds of one product that all want. %s.\n", r.Machine)
	fmt.Fprintf(w, "%d kept-alive connections, %.0f s: median [lowest–highest]. PostgreSQL (fsync %t) and generator are on the same machine.\n\n", r.Clients, r.Seconds, r.Fsync)
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "holds/s\tp50 ms\tp95 ms\tp99 ms\tfailed\toversold\tCPU s for 10,000: inventory\tPostgreSQL")
	fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%.0f\t%.0f\t%s\t%s\n", measure.Spread(r.of(rate), "%.0f"),
		measure.Spread(r.of(func(one reading) float64 { return one.P50 }), "%.1f"), measure.Spread(r.of(func(one reading) float64 { return one.P95 }), "%.1f"),
		measure.Spread(r.of(p99), "%.1f"), r.total(func(one reading) int64 { return one.Failed }), r.total(func(one reading) int64 { return one.Oversold }),
		measure.Spread(r.of(func(one reading) float64 { return one.CPU["inventory"] }), "%.2f"), measure.Spread(r.of(func(one reading) float64 { return one.CPU["PostgreSQL"] }), "%.2f"))
	_ = t.Flush()
	if r.Goal > 0 {
		fmt.Fprintf(w, "\ngoal of %.0f holds/s, p99 below %.0f ms, none failed, none oversold: %s\n", r.Goal, r.P99, map[bool]string{true: "missed", false: "reached"}[r.missed()])
	}
}

func (r report) total(figure func(reading) int64) (sum float64) {
	for _, one := range r.Readings {
		sum += float64(figure(one))
	}
	return sum
}

// missed tells whether the medians miss the goal, or one hold failed or was oversold.
func (r report) missed() bool {
	if r.total(func(one reading) int64 { return one.Failed + one.Oversold }) > 0 {
		return true
	}
	return r.Goal > 0 && (measure.Median(r.of(rate)) < r.Goal || measure.Median(r.of(p99)) >= r.P99)
}
