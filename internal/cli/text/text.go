// Package text prints views for a terminal: plain columns that fit its width, colour and marks where it shows them. What comes
// from the cluster is shown as it is, but for what a terminal would obey.
package text

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

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

// clean takes away what a terminal would obey: control characters, escapes, and marks that turn the direction of text.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x200E || r == 0x200F || r == 0x061C || r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
}

// Clean is text from the cluster as a terminal may have it, line by line.
func Clean(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

// width counts the characters that a terminal shows: colours take no room.
func width(s string) (n int) {
	for i := 0; i < len(s); {
		if s[i] == '\x1b' {
			if end := strings.IndexByte(s[i:], 'm'); end >= 0 {
				i += end + 1
				continue
			}
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
		n++
	}
	return n
}

// pad fills a cell up to a width.
func pad(s string, to int) string { return s + strings.Repeat(" ", max(0, to-width(s))) }

// cut shortens plain text.
func (p *printer) cut(s string, to int) string {
	r := []rune(s)
	if to <= 0 || len(r) <= to {
		return s
	}
	if p.ASCII {
		return string(r[:max(0, to-3)]) + "..."
	}
	return string(r[:to-1]) + "…"
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
		p.line(" %s%s in namespace %s (%s)", p.paint(faint, pad("not seen", label)), g.Kind, g.Namespace, clean(g.Why))
	}
}

// label is the width of the words at the left.
const label = 13
