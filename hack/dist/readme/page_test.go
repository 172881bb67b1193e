package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestThePagesOfTheChartsAreCurrent(t *testing.T) {
	for _, name := range charts {
		folder := filepath.Join("../../../charts", name)
		want, err := page(folder)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(folder, "README.md")); err != nil || string(got) != want {
			t.Errorf("charts/%s/README.md is not what values.yaml says (%v); run: go -C hack/dist run ./readme", name, err)
		}
	}
}

func TestAValueIsARowWithItsDefaultAndItsComment(t *testing.T) {
	got, err := table([]byte("# Of the file.\n\n# How many,\n# at most | at least.\ncount: 2\n\nof:\n  # Names.\n  names: {b: [1], a: x}\n"))
	want := "| value | default | |\n|---|---|---|\n| `count` | `2` | How many, at most \\| at least. |\n| `of.names` | `{\"a\":\"x\",\"b\":[1]}` | Names. |\n"
	if err != nil || got != want {
		t.Errorf("got\n%s(%v), want\n%s", got, err, want)
	}
}

func TestAValueWithoutACommentIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\n":        "the value a has no comment",
		"a:\n  b: {}\n": "the value a.b has no comment",
		"# A.\n- a\n":   "they are no mapping",
		"":              "they are no mapping",
		"a: {b: 1\n":    "reading values: yaml",
	} {
		if got, err := table([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: it says %v and gives %q", text, err, got)
		}
	}
}
