package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// figure is something that grows with the number of shops.
type figure struct {
	name, unit string
	phase      string
	of         func(row) float64
}

func grows() []figure {
	return []figure{
		{"requests of a cold start", "", "cold start", func(r row) float64 { return float64(r.Operator.AllRequests()) }},
		{"requests of a storm", "", "storm", func(r row) float64 { return float64(r.Operator.AllRequests()) }},
		{"a storm, until all are switched", "s", "storm", func(r row) float64 { return r.Seconds }},
		{"a storm, until a tenth is", "s", "storm", func(r row) float64 { return r.FirstTenth }},
		{"one release among others", "s", "one release", func(r row) float64 { return r.Seconds }},
		{"a restart, until at rest", "s", "restart", func(r row) float64 { return r.Seconds }},
		{"CPU of a restart", "s", "restart", func(r row) float64 { return r.Operator.CPU }},
		{"most memory at a restart", "MB", "restart", func(r row) float64 { return float64(r.Peak) }},
		{"live heap after a restart", "MB", "restart", func(r row) float64 { return float64(r.Operator.Heap) }},
	}
}

// point is a figure measured with so many shops.
type point struct{ shops, value float64 }

// points of one operator, without Secrets. A cold start counts only where all shops were
// really started, and not where most were cloned.
func (f figure) points(all []series, operator string) (out []point) {
	for _, s := range all {
		if s.Operator != operator || s.Secrets || s.Together || s.Operators > 1 {
			continue
		}
		for _, r := range s.Rows {
			if r.Phase == f.phase {
				out = append(out, point{float64(r.Shops), f.of(r)})
			}
		}
	}
	return out
}

// line is value = base + perShop × shops.
type line struct{ base, perShop float64 }

// fit is the line of least squares; ok only with two numbers of shops and more.
func fit(points []point) (l line, ok bool) {
	var n, x, y, xx, xy float64
	for _, p := range points {
		n, x, y, xx, xy = n+1, x+p.shops, y+p.value, xx+p.shops*p.shops, xy+p.shops*p.value
	}
	spread := n*xx - x*x
	if n < 2 || spread == 0 {
		return line{}, false
	}
	l.perShop = (n*xy - x*y) / spread
	l.base = (y - l.perShop*x) / n
	return l, true
}

func (l line) String() string { return fmt.Sprintf("%.3g + %.3g a shop", l.base, l.perShop) }

// operators are the names of those that were measured, in their order.
func operators(all []series) (names []string) {
	seen := map[string]bool{}
	for _, s := range all {
		if !seen[s.Operator] {
			seen[s.Operator] = true
			names = append(names, s.Operator)
		}
	}
	return names
}

// printLaws writes a table of how each figure grows.
func printLaws(out io.Writer, all []series) {
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	names := operators(all)
	fmt.Fprint(w, "\n| figure\t")
	for _, name := range names {
		fmt.Fprintf(w, "| %s\t", name)
	}
	fmt.Fprint(w, "|\n|---\t")
	for range names {
		fmt.Fprint(w, "|---\t")
	}
	fmt.Fprintln(w, "|")
	for _, f := range grows() {
		fmt.Fprintf(w, "| %s", f.name)
		if f.unit != "" {
			fmt.Fprintf(w, ", %s", f.unit)
		}
		for _, name := range names {
			law := "" // of one number of shops nothing follows
			if l, ok := fit(f.points(all, name)); ok {
				law = l.String()
			}
			fmt.Fprintf(w, "\t| %s", law)
		}
		fmt.Fprintln(w, "\t|")
	}
	_ = w.Flush()
}
