package text

import "strings"

const (
	// gap is what stands between columns, and indent before what is folded.
	gap, indent = 3, 4
	// least is the room below which the last column begins a line of its own.
	least = 16
)

// table prints rows in columns. Where the terminal is too narrow, columns that have no room begin another line, in all rows; the last
// column is what gives way, and is cut.
func (p *printer) table(rows [][]string) {
	widths := widthsOf(rows)
	folds := p.folds(widths)
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
				b.WriteString(p.fitted(cell, used))
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
func (p *printer) folds(widths []int) map[int]bool {
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

// fitted is a last cell, cut to what is left of the line. One with colours is left as it is: it is a count or a word.
func (p *printer) fitted(cell string, used int) string {
	if p.Width == 0 || strings.Contains(cell, "\x1b") || used+width(cell) <= p.Width {
		return cell
	}
	return p.cut(cell, max(p.Width-used, 8))
}
