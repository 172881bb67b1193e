package main

import (
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"
)

// Measures in user units of SVG.
const (
	left, top       = 20, 56
	boxWidth, gapX  = 168, 72
	titleHeight     = 22
	tableHeight     = 13
	gapY            = 14
	eventHeight     = 17
	titleOfServices = "Who asks whom, and what each owns"
)

// place is where a station stands.
type place struct{ x, y, height int }

func picturing(all []station) string {
	columns := layers(all)
	at, bottom := places(columns)
	types := routes(all)
	width := left + len(columns)*(boxWidth+gapX)
	height := bottom + 60 + len(types)*eventHeight
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11" role="img" aria-label="Map of the shop: %d services, their calls, events and tables">`+"\n", width, height, len(all))
	svg.WriteString(`<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0 8 4 0 8z" fill="#567"/></marker></defs>` + "\n")
	fmt.Fprintf(&svg, `<rect width="100%%" height="100%%" fill="#fff"/><text x="%d" y="24" font-size="14" font-weight="bold">%s</text><text x="%d" y="42" fill="#555">%s</text>`+"\n",
		left, titleOfServices, left, "A line leads from who asks to who is asked. Nearly all ask auth for the keys of tokens; those lines are left out.")
	calls(&svg, all, at)
	for _, s := range all {
		box(&svg, s, at[s.name])
	}
	events(&svg, types, bottom+30)
	svg.WriteString("</svg>\n")
	return svg.String()
}

func (s station) height() int { return titleHeight + len(s.tables)*tableHeight + 4 }

func places(columns [][]station) (at map[string]place, bottom int) {
	at = map[string]place{}
	for n, column := range columns {
		y := top
		for _, s := range column {
			at[s.name] = place{left + n*(boxWidth+gapX), y, s.height()}
			y += s.height() + gapY
		}
		bottom = max(bottom, y)
	}
	return at, bottom
}

func calls(svg *strings.Builder, all []station, at map[string]place) {
	for _, s := range all {
		for _, name := range s.asks {
			to, drawn := at[name]
			if !drawn || name == everybody {
				continue
			}
			from := at[s.name]
			x1, y1, x2, y2 := from.x+boxWidth, from.y+titleHeight/2, to.x, to.y+titleHeight/2
			if to.x <= from.x { // back to who stands before
				x1, x2 = from.x, to.x+boxWidth
			}
			fmt.Fprintf(svg, `<path d="M%d %d C%d %d %d %d %d %d" stroke="#567" stroke-opacity=".55" fill="none" marker-end="url(#a)"><title>%s asks %s</title></path>`+"\n",
				x1, y1, (x1+x2)/2, y1, (x1+x2)/2, y2, x2, y2, s.name, name)
		}
	}
}

func box(svg *strings.Builder, s station, p place) {
	fmt.Fprintf(svg, `<rect x="%d" y="%d" width="%d" height="%d" rx="4" fill="#eef3f8" stroke="#345"/><text x="%d" y="%d" font-size="13" font-weight="bold">%s</text>`+"\n",
		p.x, p.y, boxWidth, p.height, p.x+8, p.y+16, s.name)
	for n, table := range s.tables {
		fmt.Fprintf(svg, `<text x="%d" y="%d" fill="#456">%s</text>`+"\n", p.x+16, p.y+titleHeight+10+n*tableHeight, html.EscapeString(table))
	}
}

// route is who emits a type of events, and who takes it.
type route struct{ from, to []string }

func routes(all []station) map[string]route {
	types := map[string]route{}
	for _, s := range all {
		for _, t := range s.emits {
			types[t] = route{append(types[t].from, s.name), types[t].to}
		}
		for _, t := range s.takes {
			types[t] = route{types[t].from, append(types[t].to, s.name)}
		}
	}
	return types
}

func events(svg *strings.Builder, types map[string]route, y int) {
	fmt.Fprintf(svg, `<text x="%d" y="%d" font-size="14" font-weight="bold">Events, and who takes them</text>`+"\n", left, y)
	for n, t := range slices.Sorted(maps.Keys(types)) {
		r, at := types[t], y+20+n*eventHeight
		fmt.Fprintf(svg, `<text x="%d" y="%d"><tspan font-weight="bold">%s</tspan></text><text x="%d" y="%d">%s</text><text x="%d" y="%d" fill="#456">→ %s</text>`+"\n",
			left, at, orNobody(r.from), left+110, at, t, left+360, at, orNobody(r.to))
	}
}

func orNobody(names []string) string {
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, ", ")
}
