package text

import "strings"

// table prints rows in columns. The last column is what has to give way where the terminal is too narrow; then text is cut.
func (p *printer) table(rows [][]string) {
	widths := make([]int, 0, 8)
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], width(cell))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			if i == len(row)-1 {
				b.WriteString(p.fitted(cell, width(b.String())))
				break
			}
			b.WriteString(pad(cell, widths[i]+3))
		}
		p.line("%s", b.String())
	}
}

// fitted is a last cell, cut to what is left of the line. One with colours is left as it is: it is a count or a word.
func (p *printer) fitted(cell string, used int) string {
	if p.Width == 0 || strings.Contains(cell, "\x1b") || used+width(cell) <= p.Width {
		return cell
	}
	return p.cut(cell, max(p.Width-used, 8))
}
