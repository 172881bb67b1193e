package text

import (
	"strings"

	"github.com/rivo/uniseg"
)

// width is how many columns of a terminal a line takes: colours take none, ideographs and most emoji two.
func width(s string) (n int) {
	for {
		escape := strings.IndexByte(s, '\x1b')
		if escape < 0 {
			return n + uniseg.StringWidth(s)
		}
		end := strings.IndexByte(s[escape:], 'm')
		if end < 0 {
			return n + uniseg.StringWidth(s)
		}
		n += uniseg.StringWidth(s[:escape])
		s = s[escape+end+1:]
	}
}

// pad fills a cell up to a width.
func pad(s string, to int) string { return s + strings.Repeat(" ", max(0, to-width(s))) }

// cut shortens plain text to a width; what belongs to one character on the screen is not parted.
func (p *printer) cut(s string, to int) string {
	if to <= 0 || width(s) <= to {
		return s
	}
	mark := "…"
	if p.ASCII {
		mark = "..."
	}
	return beginning(s, max(0, to-width(mark))) + mark
}

// beginning is as much of a text as fits into a width.
func beginning(s string, room int) string {
	rest, state := s, -1
	for rest != "" {
		_, after, wide, next := uniseg.FirstGraphemeClusterInString(rest, state)
		if wide > room {
			break
		}
		rest, state, room = after, next, room-wide
	}
	return s[:len(s)-len(rest)]
}
