package postgres

import "strings"

// statements cuts SQL into its statements, in upper case, with single blanks, and
// without comments and texts: what a linter of words may look at.
func statements(sql string) (list []string) {
	var out strings.Builder
	flush := func() {
		if s := strings.ToUpper(strings.Join(strings.Fields(out.String()), " ")); s != "" {
			list = append(list, s)
		}
		out.Reset()
	}
	for sql != "" {
		switch {
		case sql[0] == ';':
			flush()
			sql = sql[1:]
		case skipped(sql) > 0:
			sql = sql[skipped(sql):]
			out.WriteByte(' ')
		default:
			out.WriteByte(sql[0])
			sql = sql[1:]
		}
	}
	flush()
	return list
}

// skipped is the length of the comment or text with which sql begins, 0 for anything else.
func skipped(sql string) int {
	switch {
	case strings.HasPrefix(sql, "--"):
		return end(sql, 2, "\n")
	case strings.HasPrefix(sql, "/*"):
		return end(sql, 2, "*/")
	case sql[0] == '\'':
		return end(sql, 1, "'") // '' inside ends one text and begins the next: the same
	case sql[0] == '$':
		tag, _, found := strings.Cut(sql[1:], "$")
		if !found || strings.ContainsAny(tag, " \t\n;(),'") {
			return 0 // $1
		}
		return end(sql, len(tag)+2, "$"+tag+"$")
	}
	return 0
}

// end is where the first mark behind from ends, or the text.
func end(sql string, from int, mark string) int {
	at := strings.Index(sql[from:], mark)
	if at < 0 {
		return len(sql)
	}
	return from + at + len(mark)
}
