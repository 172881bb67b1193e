package source

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostOutput is the longest output in bytes: what a termination message can hold, less what is cleaned away.
const mostOutput = 2048

// border parts BuildKit's summary of what failed from the rest of its plain progress.
const border = "------"

// commandFailed stands in BuildKit's last line where a RUN ended with an exit code: then its engine was there.
const commandFailed = "did not complete successfully"

var (
	// ansi are the sequences that colour a terminal, move its cursor or name its window.
	ansi = regexp.MustCompile(`\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(\x07|\x1b\\)?|[@-Z\\-_])`)
	// elapsed is the time at which a line was said, in seconds since its step began.
	elapsed = regexp.MustCompile(`(?m)^[0-9]+\.[0-9]+ `)
	// killed: RUN was ended by SIGKILL, which nobody but the kernel sends it, short of memory.
	killed = regexp.MustCompile(commandFailed + `: exit code: 137(: cannot allocate memory)?$`)
	// engineLost is what buildctl says when the engine went away, or was not there.
	engineLost = regexp.MustCompile(`code = Unavailable|failed to receive status: rpc error|buildkitd\.sock`)
)

// MessageOf returns what matters of a step's output: what BuildKit says between the last two borders, that is
// the output of the command that failed; else its last error, else all there is. It is clean text of at most 2 KiB.
func MessageOf(output string) string {
	text := clean(output)
	if block, ok := lastBlock(text); ok {
		block = strings.TrimSpace(elapsed.ReplaceAllString(block, ""))
		// A step that said nothing, or BuildKit's own, which says what went well, too.
		if strings.HasPrefix(block, "> ") && (!strings.Contains(block, "\n") || strings.HasPrefix(block, "> [internal]")) {
			block += "\n" + lastWords(text)
		}
		return tail(block)
	}
	if last := lastWords(text); last != "" {
		return tail(last)
	}
	return tail(elapsed.ReplaceAllString(text, ""))
}

// lastBlock returns what stands between the last two borders. A termination message is the end of a log: where
// the block is longer than it, its first border is cut off.
func lastBlock(text string) (string, bool) {
	lines := strings.Split(text, "\n")
	var at []int
	for i, line := range lines {
		if strings.TrimRight(line, " ") == border {
			at = append(at, i)
		}
	}
	switch n := len(at); n {
	case 0:
		return "", false
	case 1:
		return strings.Join(lines[:at[0]], "\n"), at[0] > 0
	default:
		return strings.Join(lines[at[n-2]+1:at[n-1]], "\n"), at[n-1] > at[n-2]+1
	}
}

// lastError is the last line in which buildctl says why it ended; "": it does not.
func lastError(output string) string {
	lines := strings.Split(clean(output), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if after, ok := strings.CutPrefix(strings.TrimSpace(lines[i]), "error: "); ok {
			return after
		}
	}
	return ""
}

// lastWords is the last error, with git's own words below it where it is git's.
func lastWords(text string) string {
	if said := lastErrors(text); fetchFailed.MatchString(said) {
		return said
	}
	return lastError(text)
}

// clean leaves text that any terminal, log and JSON can hold.
func clean(s string) string {
	s = ansi.ReplaceAllString(strings.ToValidUTF8(s, ""), "")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t', r == '\r':
			return ' '
		case !unicode.IsPrint(r): // control characters, and those that turn the direction of text
			return -1
		}
		return r
	}, s)
}

// tail keeps the end, which tells why, of what is too long, from the beginning of a line where it can.
func tail(s string) string {
	s = strings.TrimSpace(s)
	if len(s) <= mostOutput {
		return s
	}
	const mark = "…\n"
	from := len(s) - mostOutput + len(mark)
	for from < len(s) && !utf8.RuneStart(s[from]) {
		from++
	}
	if line := strings.IndexByte(s[from:], '\n'); line >= 0 && line < mostOutput/2 {
		from += line + 1
	}
	return mark + s[from:]
}
