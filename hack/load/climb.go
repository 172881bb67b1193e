package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/emporium-shop/emporium/test/load"
)

// tried is a rate at which customers came, and what became of it.
type tried struct {
	Rate   int     `json:"rate"`
	Served float64 `json:"servedPerSecond"`
	P95    float64 `json:"p95Millis"`
	Failed int     `json:"failed"`
	Held   bool    `json:"held"`
}

const (
	// mostTries bounds a climb, eachTry how long customers come at each rate; of that the first part warms up.
	mostTries, eachTry, tryWarm = 10, 10 * time.Second, 2 * time.Second
	// tryInFlight bounds what waits for an answer: a shop that is so far behind does not keep up.
	tryInFlight = 512
	mostRate    = 10000
)

// climb looks for the highest rate at which all of one kind are answered, and in time. A rate that holds for ten seconds may not
// hold for a minute: what it returns is to be measured.
func (o options) climb(ctx context.Context, target load.Target) (all []tried, err error) {
	for rate, goOn := nextRate(nil, o.rate); goOn; rate, goOn = nextRate(all, o.rate) {
		g, err := load.Start(ctx, load.Options{Target: target, Rate: rate, Clients: o.clients, InFlight: tryInFlight, Limit: eachTry, Visits: &load.Visits{Mix: o.mix}})
		if err != nil {
			return nil, err
		}
		records := g.Wait()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		one := o.judge(rate, load.Measure(due(records, tryWarm), nil))
		fmt.Fprintf(os.Stderr, "load: %d %s/s: %.0f served, p95 %.0f ms, %d failed\n", rate, o.most, one.Served, one.P95, one.Failed)
		all = append(all, one)
	}
	return all, nil
}

// judge tells whether a rate held. Requests begin by the clock: where all are answered in time, none is left behind.
func (o options) judge(rate int, f load.Figures) tried {
	t := tried{Rate: rate, Served: f.PerSecond[o.most], P95: f.Latency[o.most].P95, Failed: f.Failed}
	t.Held = t.Failed == 0 && t.Served > 0 && t.P95 <= o.bound()
	return t
}

// bound is within how many milliseconds 95 of 100 must be answered.
func (o options) bound() float64 {
	const usual = 250
	if o.p95 > 0 {
		return o.p95
	}
	return usual
}

// nextRate goes up by half for as long as rates hold, and down by half until one does; then it halves the way between, until
// that is a twentieth.
func nextRate(all []tried, first int) (rate int, goOn bool) {
	if len(all) == 0 {
		return first, true
	}
	held, broke := best(all), 0
	for _, t := range all {
		if !t.Held && (broke == 0 || t.Rate < broke) {
			broke = t.Rate
		}
	}
	switch {
	case len(all) == mostTries || held == mostRate || broke == 1:
		return held, false
	case broke == 0:
		return min(max(held*3/2, held+1), mostRate), true
	case held == 0:
		return max(broke/2, 1), true
	}
	rate = (held + broke) / 2
	return rate, broke-held > max(held/20, 1)
}

// best is the highest rate that held; 0 where none did.
func best(all []tried) (held int) {
	for _, t := range all {
		if t.Held {
			held = max(held, t.Rate)
		}
	}
	return held
}

// climb tells the rates that were tried, and what was looked for.
func (r report) climb(out io.Writer) {
	if len(r.Climbed) == 0 {
		return
	}
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "TRIED/s\tWELL/s\tP95 ms\tFAILED\tHELD\t")
	for _, t := range r.Climbed {
		fmt.Fprintf(w, "%d\t%.0f\t%.1f\t%d\t%t\t\n", t.Rate, t.Served, t.P95, t.Failed, t.Held)
	}
	_ = w.Flush()
	fmt.Fprintf(out, "The most: %.0f %s/s for %.0f s, p95 %.1f ms of at most %.0f, %d failed", r.PerSecond[r.most], r.most, r.Seconds, r.Latency[r.most].P95, r.p95, r.Failed)
	if aim := r.aims[r.most]; aim > 0 {
		fmt.Fprintf(out, "; the aim is %.0f/s", aim)
	}
	fmt.Fprint(out, ".\n\n")
}
