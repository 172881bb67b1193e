package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/emporium-shop/emporium/internal/source"
)

// The files are what BuildKit's plain progress ends with, as a termination message holds it: the last 2,048 bytes.
func TestWhatIsShownOfAnOutput(t *testing.T) {
	files, err := filepath.Glob("testdata/messages/*.txt")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		output, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := source.MessageOf(string(output))
		golden(t, strings.TrimSuffix(file, ".txt")+".golden", got+"\n")
		isShowable(t, file, got)
	}
}

func isShowable(t *testing.T, what, got string) {
	t.Helper()
	if len(got) > 2048 || !utf8.ValidString(got) {
		t.Errorf("%s: %d bytes, valid UTF-8: %t", what, len(got), utf8.ValidString(got))
	}
	if i := strings.IndexFunc(got, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
		t.Errorf("%s: a character that is not shown, %q", what, got[i:])
	}
}

func TestAnOutputIsCleanTextWhateverItHolds(t *testing.T) {
	for what, x := range map[string]struct{ output, want string }{
		"colours":                           {"\x1b[31mred\x1b[0m \x1b[1;32mgreen\x1b[m", "red green"},
		"a window's title":                  {"\x1b]0;title\x07text", "text"},
		"an escape that does not end":       {"\x1b]0;title\nerror: it failed", "it failed"},
		"control characters":                {"a\x00b\x07c\x7fd", "abcd"},
		"what turns the direction of text":  {"a\u202eb", "ab"},
		"carriage returns":                  {"10%\r20%\r\nend", "10% 20%\nend"},
		"broken UTF-8":                      {"a\xff\xfeb", "ab"},
		"a character that is cut":           {"\x82\xacuro", "uro"},
		"nothing":                           {"", ""},
		"borders with nothing between them": {"------\n------\nerror: it failed", "it failed"},
		"one border, and nothing before it": {"------\nerror: it failed", "it failed"},
		"a border within a line":            {"a ------ b", "a ------ b"},
		"two summaries":                     {"------\none\n------\ntext\n------\ntwo\n------\nerror: x", "two"},
		"a summary whose beginning is cut":  {"3.1 last words\n------\nerror: x", "last words"},
	} {
		if got := source.MessageOf(x.output); got != x.want {
			t.Errorf("%s: %q, want %q", what, got, x.want)
		}
	}
}

func TestTheEndOfALongOutputIsKept(t *testing.T) {
	long := strings.Repeat("äöü what came before\n", 500) + "the reason"
	got := source.MessageOf(long)
	isShowable(t, "long", got)
	if !strings.HasSuffix(got, "the reason") || !strings.HasPrefix(got, "…\näöü what") {
		t.Errorf("%q", got)
	}
	line := source.MessageOf(strings.Repeat("ä", 5000) + "the reason")
	isShowable(t, "one line", line)
	if !strings.HasSuffix(line, "the reason") || len(line) < 1900 {
		t.Errorf("%d bytes", len(line))
	}
}

func FuzzMessageOf(f *testing.F) {
	f.Add("------\n\x1b[31m > [test]:\n1.2 x\n------\nerror: y")
	f.Fuzz(func(t *testing.T, output string) { isShowable(t, "fuzz", source.MessageOf(output)) })
}
