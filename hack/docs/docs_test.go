package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// TestReasonsAreExplained: who meets a reason finds in the guide what to do.
func TestReasonsAreExplained(t *testing.T) {
	words, err := readConstants(filepath.Join(root, "api/v1alpha1"))
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile(filepath.Join(root, "docs/guides/look-inside.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, reason := range words.reasons {
		if !strings.Contains(string(guide), "\n| `"+reason.value+"` |") {
			t.Errorf("docs/guides/look-inside.md has no row for the reason %s", reason.value)
		}
	}
}

// TestLinksLeadSomewhere: a link to a file of the repository names one that is there.
func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)
	pages, err := filepath.Glob(filepath.Join(root, "docs/*/*.md"))
	if err != nil || len(pages) < 5 {
		t.Fatalf("there are %d pages (error: %v)", len(pages), err)
	}
	for _, page := range append(pages, filepath.Join(root, "README.md"), filepath.Join(root, "docs/README.md")) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), found[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", page, found[1])
			}
		}
	}
}

func TestBounds(t *testing.T) {
	number := func(f float64) *float64 { return &f }
	for name, c := range map[string]struct {
		of   schema
		want string
	}{
		"none":            {schema{}, ""},
		"both":            {schema{Minimum: number(1), Maximum: number(50)}, "1–50"},
		"least":           {schema{Minimum: number(1)}, "from 1"},
		"exactly":         {schema{MinLength: number(8), MaxLength: number(8)}, "8 characters"},
		"a list of words": {schema{MaxItems: number(4), ListType: "set", Items: &schema{MaxLength: number(9)}}, "up to 4 items; unique; each up to 9 characters"},
		"words":           {schema{Enum: []string{"Always", "WithTraffic"}}, "`Always`, `WithTraffic`"},
	} {
		if got := bounds(c.of); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestCell(t *testing.T) {
	if got, want := cell("a <tag>,\n`<shop>|x` b"), "a &lt;tag>, `<shop>\\|x` b"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
