// Package text prints views for a terminal: plain columns that fit its width, colour and marks where it shows them. What comes
// from the cluster is shown as it is, but for what a terminal would obey.
package text

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/internal/view"
)

// Options of the terminal.
type Options struct {
	// Width in columns; 0: as wide as it gets.
	Width int
	// Color by ANSI; ASCII: no other characters than those of ASCII in marks.
	Color, ASCII bool
	// Wide shows what -o wide adds.
	Wide bool
}

// printer collects lines, and the first error of writing.
type printer struct {
	Options
	out io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.out, strings.TrimRight(fmt.Sprintf(format, args...), " "))
	}
}

// The colours, by what they mean.
const (
	good    = "32"
	bad     = "31"
	pending = "33"
	faint   = "2"
	strong  = "1"
)

func (p *printer) paint(color, s string) string {
	if !p.Color || s == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

// mark is one character for how something is, beside which there is always a word or a number.
func (p *printer) mark(kind string) string {
	marks := map[string][2]string{good: {"✔", "+"}, bad: {"✖", "x"}, pending: {"◌", "."}, faint: {"·", "-"}}
	m := marks[kind][0]
	if p.ASCII {
		m = marks[kind][1]
	}
	return p.paint(kind, m)
}

func (p *printer) dash() string {
	if p.ASCII {
		return "-"
	}
	return "–"
}

func (p *printer) arrow() string {
	if p.ASCII {
		return "->"
	}
	return "→"
}

// wrapped breaks plain text between words, at the terminal's width less an indent.
func (p *printer) wrapped(s string, indent int) []string {
	room := p.Width - indent
	if p.Width == 0 || width(s) <= room || room < 20 {
		return []string{s}
	}
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && width(line)+1+width(word) > room {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}

// age is how long ago something was, as kubectl says it; "" where it is not known. The future is 0s: clocks differ.
func age(now time.Time, since *time.Time) string {
	if since == nil {
		return ""
	}
	return span(now.Sub(*since))
}

func span(d time.Duration) string {
	d = max(0, d)
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 10*time.Minute && int(d.Seconds())%60 != 0:
		return fmt.Sprintf("%dm%ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 3*time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// gaps are one line for each thing that could not be seen.
func (p *printer) gaps(gaps []view.Gap) {
	for _, g := range gaps {
		p.note("not seen", fmt.Sprintf("%s in namespace %s (%s)", g.Kind, g.Namespace, g.Why))
	}
}

// note is a text behind a faint word, in as many lines as it takes.
func (p *printer) note(word, text string) {
	for _, line := range p.wrapped(text, label+1) {
		p.line(" %s%s", p.paint(faint, pad(word, label)), line)
		word = ""
	}
}

// label is the width of the words at the left.
const label = 13
