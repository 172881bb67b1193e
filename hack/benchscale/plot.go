package main

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// Size of one plot, and how many stand side by side.
const (
	plotWidth, plotHeight = 300, 200
	margin                = 40
	columns               = 3
)

// colours of the operators, dark enough on white and light enough on black.
var colours = []string{"#888888", "#2f81f7", "#d29922"}

// plot draws each figure over the number of shops, with its law.
func plot(out io.Writer, all []series) {
	names, figures := operators(all), grows()
	rows := (len(figures) + columns - 1) / columns
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11" fill="#808080">`+"\n",
		columns*plotWidth, rows*plotHeight+24)
	for i, name := range names {
		fmt.Fprintf(out, `<circle cx="%d" cy="12" r="4" fill="%s"/><text x="%d" y="16">%s</text>`+"\n", 20+150*i, colours[i%len(colours)], 30+150*i, escape(name))
	}
	for i, f := range figures {
		fmt.Fprintf(out, `<g transform="translate(%d,%d)">`+"\n", (i%columns)*plotWidth, (i/columns)*plotHeight+24)
		f.plot(out, all, names)
		fmt.Fprintln(out, "</g>")
	}
	fmt.Fprintln(out, "</svg>")
}

// scale maps values to the inside of a plot, from nothing to the greatest.
type scale struct{ shops, value float64 }

func (s scale) at(p point) (x, y float64) {
	return margin + p.shops/s.shops*(plotWidth-2*margin), plotHeight - margin - p.value/s.value*(plotHeight-2*margin)
}

func (f figure) plot(out io.Writer, all []series, names []string) {
	s := scale{1, 1}
	for _, name := range names {
		for _, p := range f.points(all, name) {
			s.shops, s.value = math.Max(s.shops, p.shops), math.Max(s.value, p.value)
		}
	}
	title := strings.TrimSuffix(f.name+", "+f.unit, ", ")
	fmt.Fprintf(out, `<text x="%d" y="28">%s</text>`+"\n", margin, escape(title))
	fmt.Fprintf(out, `<path d="M%d %dV%dH%d" fill="none" stroke="#808080"/>`+"\n", margin, margin, plotHeight-margin, plotWidth-margin)
	fmt.Fprintf(out, `<text x="%d" y="%d" text-anchor="end">%.3g</text><text x="%d" y="%d" text-anchor="middle">%.0f shops</text>`+"\n",
		margin-4, margin+4, s.value, plotWidth-margin, plotHeight-margin+14, s.shops)
	for i, name := range names {
		f.draw(out, s, f.points(all, name), colours[i%len(colours)])
	}
}

func (f figure) draw(out io.Writer, s scale, points []point, colour string) {
	for _, p := range points {
		x, y := s.at(p)
		fmt.Fprintf(out, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", x, y, colour)
	}
	l, ok := fit(points)
	if !ok {
		return
	}
	x1, y1 := s.at(point{0, math.Max(0, l.base)})
	x2, y2 := s.at(point{s.shops, math.Max(0, l.base+l.perShop*s.shops)})
	fmt.Fprintf(out, `<path d="M%.1f %.1fL%.1f %.1f" stroke="%s" stroke-dasharray="4 3"/>`+"\n", x1, y1, x2, y2, colour)
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
