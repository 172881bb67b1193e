package text

import "strings"

const (
	// gap is what stands between columns, and indent before what is folded.
	gap, indent = 3, 4
	// leastWord and leastSentence are the room below which a last column begins a line of its own.
	leastWord, leastSentence = 16, 36
)

// table prints rows in columns. Where the terminal is too narrow, columns that have no room begin another line, in all rows; the last
// column is what gives way, and is cut.
func (p *printer) table(rows [][]string) { p.columns(rows, leastWord, p.fitted) }

// sentences prints rows whose last column is what people have to read: it is broken between words, and never cut.
func (p *printer) sentences(rows [][]string) { p.columns(rows, leastSentence, p.hanging) }

// columns prints rows; last prints the last column from a place on, where there is room for the least of it.
func (p *printer) columns(rows [][]string, least int, last func(cell string, from int) string) {
	widths := widthsOf(rows)
	folds := p.folds(widths, least)
	for _, row := range rows {
		var b strings.Builder
		used := 0
		for i, cell := range row {
			if folds[i] {
				p.line("%s", b.String())
				b.Reset()
				b.WriteString(strings.Repeat(" ", indent))
				used = indent
			}
			if i == len(row)-1 {
				b.WriteString(last(cell, used))
				break
			}
			b.WriteString(pad(cell, widths[i]+gap))
			used += widths[i] + gap
		}
		if line := b.String(); len(folds) == 0 || strings.TrimSpace(line) != "" { // a folded cell that is empty is no line
			p.line("%s", line)
		}
	}
}

func widthsOf(rows [][]string) (out []int) {
	for _, row := range rows {
		for i, cell := range row {
			if i == len(out) {
				out = append(out, 0)
			}
			out[i] = max(out[i], width(cell))
		}
	}
	return out
}

// folds are the columns that begin a line; none where all fit.
func (p *printer) folds(widths []int, least int) map[int]bool {
	out := map[int]bool{}
	used := 0
	for i, w := range widths {
		needs := w
		if i == len(widths)-1 {
			needs = min(w, least)
		}
		if p.Width > 0 && i > 0 && used+needs > p.Width {
			out[i], used = true, indent
		}
		used += w + gap
	}
	return out
}

// hanging is a last cell in as many lines as it takes, below each other.
func (p *printer) hanging(cell string, from int) string {
	return strings.Join(p.wrapped(cell, from), "\n"+strings.Repeat(" ", from))
}

// fitted is a last cell, cut to what is left of the line. One with colours is left as it is: it is a count or a word.
func (p *printer) fitted(cell string, used int) string {
	if p.Width == 0 || strings.Contains(cell, "\x1b") || used+width(cell) <= p.Width {
		return cell
	}
	return p.cut(cell, max(p.Width-used, 8))
}
