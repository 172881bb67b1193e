package main

import (
	"fmt"
	"html"
	"strings"
	"time"
)

// The size of the picture: a row a commit, a second as wide as the longest way leaves room for.
const (
	pictureWidth = 960
	textWidth    = 150
	rowHeight    = 34
	barHeight    = 20
	head         = 44
)

// colours of the legs, dark enough on white and light enough on black. The others are grey.
var colours = map[string]string{
	"Git is asked": "#808080", "pod starts": "#8ab8fb", "build": "#2f81f7", "test": "#d29922", "push": "#e8c77c",
	"waits for the cut": "#a371f7", "stack starts": "#3fb950", "switch": "#1a7f37", "failed": "#d1242f",
}

// picture draws the ways of commits as an SVG: one row each, from the push to the switch.
func picture(acts []act) string {
	var b strings.Builder
	height := head + rowHeight*len(acts) + 24
	longest := longest(acts)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11" fill="#808080">`+"\n", pictureWidth, height)
	x := 10
	for _, name := range []string{"Git is asked", "pod starts", "build", "test", "push", "waits for the cut", "stack starts", "switch"} {
		fmt.Fprintf(&b, `<rect x="%d" y="10" width="12" height="12" fill="%s"/><text x="%d" y="20">%s</text>`+"\n", x, colours[name], x+16, name)
		x += 30 + 7*len(name)
	}
	axis(&b, longest, height)
	for i, a := range acts {
		a.row(&b, head+rowHeight*i, longest)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// longest is the length of the longest way, at least a second.
func longest(acts []act) time.Duration {
	most := time.Second
	for _, a := range acts {
		most = max(most, a.took(a.ended()))
	}
	return most
}

// ended is the last moment of the way.
func (a act) ended() time.Time {
	if a.Failed != nil {
		return later(a.Pushed, a.Refused)
	}
	legs := a.legs()
	if len(legs) == 0 {
		return a.Pushed
	}
	return legs[len(legs)-1].to
}

func (a act) row(b *strings.Builder, y int, longest time.Duration) {
	x := func(at time.Time) float64 { return along(a.took(at), longest) }
	fmt.Fprintf(b, `<text x="10" y="%d">%s</text>`+"\n", y+14, html.EscapeString(a.Name))
	legs := a.legs()
	if a.Failed != nil {
		legs = append(legs, leg{"failed", a.lastLeg(legs), a.ended()})
	}
	for _, l := range legs {
		fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"><title>%s: %s</title></rect>`+"\n",
			x(l.from), y, max(0, x(l.to)-x(l.from)), barHeight, colours[l.name], html.EscapeString(l.name), seconds(l.to.Sub(l.from)))
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%d">%s</text>`+"\n", x(a.ended())+5, y+14, html.EscapeString(a.end()))
}

// lastLeg is where a failed way went on.
func (a act) lastLeg(legs []leg) time.Time {
	if len(legs) == 0 {
		return a.Pushed
	}
	return legs[len(legs)-1].to
}

// end is what stands behind a row.
func (a act) end() string {
	took := seconds(a.took(a.ended()))
	switch {
	case a.Failed != nil:
		return fmt.Sprintf("%s %s", took, a.Failed.Reason)
	case a.Release == "":
		return took + " same image, no release"
	}
	return took + " serves"
}

// along is the place of a duration on the axis. What stands behind a row needs room.
func along(d, longest time.Duration) float64 {
	return textWidth + float64(d)/float64(longest)*(pictureWidth-2*textWidth)
}

// axis draws a line for each second, or for every five or thirty where they are many.
func axis(b *strings.Builder, longest time.Duration, height int) {
	step := time.Second
	for _, wider := range []time.Duration{5 * time.Second, 30 * time.Second} {
		if longest > 15*step {
			step = wider
		}
	}
	for at := time.Duration(0); at <= longest; at += step {
		x := along(at, longest)
		fmt.Fprintf(b, `<path d="M%.1f %dV%d" stroke="#808080" stroke-opacity="0.25"/><text x="%.1f" y="%d" text-anchor="middle">%.0f s</text>`+"\n", x, head-8, height-20, x, height-6, at.Seconds())
	}
}
