package load

import (
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

// Mark is a moment that a plot shows.
type Mark struct {
	At    time.Time
	Label string
}

// flapping is how long a switch may take until the last replica routes by it: answers of the old release are no way back.
const flapping = time.Second

// Releases marks when another release began to answer, as the front door's header says.
func Releases(records []Record) (marks []Mark) {
	answered := slices.DeleteFunc(slices.Clone(records), func(r Record) bool { return r.Release == "" || r.Answered.IsZero() })
	slices.SortFunc(answered, func(a, b Record) int { return a.Answered.Compare(b.Answered) })
	now := ""
	for _, r := range answered {
		switch {
		case now == "":
			now = r.Release
		case r.Release != now && (len(marks) == 0 || r.Answered.Sub(marks[len(marks)-1].At) > flapping):
			now = r.Release
			marks = append(marks, Mark{r.Answered, now})
		}
	}
	return marks
}

// The size of a plot, and the latencies between which it is drawn, by their logarithm.
const (
	plotWidth, plotHeight = 960, 360
	left, right           = 60, 20
	top, bottom           = 40, 40
	fastest, slowest      = time.Millisecond, 10 * time.Second
	buckets               = 120
)

// line is what is drawn of some records: one of their quantiles over time.
type line struct {
	name, colour string
	of           func(Record) bool
	value        func(Quantiles) float64
}

func pages(r Record) bool  { return r.Kind != order }
func orders(r Record) bool { return r.Kind == order }

func p50(q Quantiles) float64 { return q.P50 }
func p99(q Quantiles) float64 { return q.P99 }

// lines are dark enough on white and light enough on black.
var lines = []line{
	{"all but orders, p50", "#2f81f7", pages, p50}, {"p99", "#8ab8fb", pages, p99},
	{"orders, p50", "#d29922", orders, p50}, {"p99", "#e8c77c", orders, p99},
}

// graph maps a run to the inside of a plot.
type graph struct {
	from   time.Time
	length time.Duration
}

func (g graph) x(at time.Time) float64 {
	return left + float64(at.Sub(g.from))/float64(g.length)*(plotWidth-left-right)
}

func (g graph) y(millis float64) float64 {
	low, high := math.Log10(float64(fastest.Milliseconds())), math.Log10(float64(slowest.Milliseconds()))
	share := (math.Log10(max(millis, float64(fastest.Milliseconds()))) - low) / (high - low)
	return plotHeight - bottom - min(share, 1)*(plotHeight-top-bottom)
}

// Plot draws latencies over time, failures, and marks: of what was due in each piece of time, so a stall stands where it began.
func Plot(out io.Writer, records []Record, marks []Mark) {
	g := graph{length: max(span(records), time.Second)}
	for _, r := range records {
		if g.from.IsZero() || r.Intended.Before(g.from) {
			g.from = r.Intended
		}
	}
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11" fill="#808080">`+"\n", plotWidth, plotHeight)
	g.axes(out)
	for i, l := range lines {
		fmt.Fprintf(out, `<path d="M%d 14h16" stroke="%s" stroke-width="2"/><text x="%d" y="18">%s</text>`+"\n", left+170*i, l.colour, left+170*i+22, l.name)
		g.draw(out, l, records)
	}
	g.failures(out, records)
	for _, m := range marks {
		x := g.x(m.At)
		fmt.Fprintf(out, `<path d="M%.1f %dV%d" stroke="#808080" stroke-dasharray="4 3"/><text x="%.1f" y="%d">%s</text>`+"\n", x, top-8, plotHeight-bottom, x+3, top-2, html.EscapeString(m.Label))
	}
	fmt.Fprintln(out, "</svg>")
}

func (g graph) axes(out io.Writer) {
	fmt.Fprintf(out, `<path d="M%d %dV%dH%d" fill="none" stroke="#808080"/>`+"\n", left, top, plotHeight-bottom, plotWidth-right)
	for _, d := range []time.Duration{fastest, 10 * time.Millisecond, 100 * time.Millisecond, time.Second, slowest} {
		y := g.y(float64(d.Milliseconds()))
		fmt.Fprintf(out, `<text x="%d" y="%.1f" text-anchor="end">%s</text><path d="M%d %.1fH%d" stroke="#808080" stroke-opacity="0.25"/>`+"\n", left-6, y+4, d, left, y, plotWidth-right)
	}
	for i := range 5 {
		at := g.length * time.Duration(i) / 4
		fmt.Fprintf(out, `<text x="%.1f" y="%d" text-anchor="middle">%.0f s</text>`+"\n", g.x(g.from.Add(at)), plotHeight-bottom+16, at.Seconds())
	}
}

// bucket is the piece of time that a record was due in.
func (g graph) bucket(r Record) int {
	return min(int(float64(r.Intended.Sub(g.from))/float64(g.length)*buckets), buckets-1)
}

// middle of a piece of time.
func (g graph) middle(n int) time.Time {
	return g.from.Add(time.Duration((float64(n) + 0.5) / buckets * float64(g.length)))
}

func (g graph) draw(out io.Writer, l line, records []Record) {
	took := make([][]time.Duration, buckets)
	for _, r := range records {
		if l.of(r) {
			n := g.bucket(r)
			took[n] = append(took[n], r.Latency())
		}
	}
	var points []string
	for n, all := range took {
		if len(all) > 0 {
			points = append(points, fmt.Sprintf("%.1f,%.1f", g.x(g.middle(n)), g.y(l.value(quantiles(all)))))
		}
	}
	fmt.Fprintf(out, `<polyline points="%s" fill="none" stroke="%s" stroke-width="1.5"/>`+"\n", strings.Join(points, " "), l.colour)
}

// failures are red bars on the axis of time, as high as their number.
func (g graph) failures(out io.Writer, records []Record) {
	count := make([]int, buckets)
	for _, r := range records {
		if failed(r) != "" {
			count[g.bucket(r)]++
		}
	}
	for n, failures := range count {
		if failures > 0 {
			height := min(4+2*failures, plotHeight-top-bottom)
			fmt.Fprintf(out, `<rect x="%.1f" y="%d" width="4" height="%d" fill="#d1242f"><title>%d failed</title></rect>`+"\n", g.x(g.middle(n))-2, plotHeight-bottom-height, height, failures)
		}
	}
}
