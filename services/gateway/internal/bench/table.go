package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/emporium-shop/emporium/services/internal/measure"
)

// print writes a table: medians and ranges.
func (b *bench) print(w io.Writer) {
	fmt.Fprintf(w, "\nCPU time for 10,000 requests, user and kernel, of all processes of a proxy. %s.\n", b.machine)
	fmt.Fprintf(w, "%d connections, two pods, %d rounds of %s in turn: median [lowest–highest].\n\n", connections, b.rounds, b.seconds)
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "load\tproxy\tCPU s / 10k\trequests/s\tfailed")
	for _, s := range scenarios {
		for _, target := range b.targets {
			var cost, rate []float64
			failed := int64(0)
			for _, r := range b.of(s.name, target.name) {
				cost, rate, failed = append(cost, r.PerTenK), append(rate, r.Rate), failed+r.Failed
			}
			if len(cost) > 0 {
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\n", s.name, target.name, measure.Spread(cost, "%.3f"), measure.Spread(rate, "%.0f"), failed)
			}
		}
	}
	_ = t.Flush()
	b.printRatios(w)
}

// printRatios compares within a round, so that a busy machine weighs on both.
func (b *bench) printRatios(w io.Writer) {
	for _, s := range scenarios {
		ours, bare := b.of(s.name, "ours"), b.of(s.name, "bare")
		var ratios []float64
		for i := range min(len(ours), len(bare)) {
			ratios = append(ratios, ours[i].PerTenK/bare[i].PerTenK)
		}
		if len(ratios) > 0 {
			fmt.Fprintf(w, "%s: ours : bare = %s\n", s.name, measure.Spread(ratios, "%.2f"))
		}
	}
}

func (b *bench) of(scenario, target string) (found []reading) {
	for _, r := range b.readings {
		if r.Scenario == scenario && r.Target == target {
			found = append(found, r)
		}
	}
	return found
}
