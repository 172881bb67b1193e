package conform_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/conform"
	"github.com/emporium-shop/emporium/services/contract"
)

// chapter is a rule as the text has it.
type chapter struct {
	title, line, body string
}

var heading = regexp.MustCompile(`(?m)^### ([A-Z]-\d\d) · (.+)\n(.+)\n`)

func chapters(t *testing.T) map[string]chapter {
	t.Helper()
	raw, err := contract.V1.ReadFile("v1/README.md")
	if err != nil {
		t.Fatal(err)
	}
	text, out := string(raw), map[string]chapter{}
	found := heading.FindAllStringSubmatchIndex(text, -1)
	for n, m := range found {
		end := len(text)
		if n+1 < len(found) {
			end = found[n+1][0]
		}
		id := text[m[2]:m[3]]
		if _, twice := out[id]; twice {
			t.Errorf("%s stands in the text twice", id)
		}
		out[id] = chapter{text[m[4]:m[5]], text[m[6]:m[7]], text[m[1]:end]}
	}
	return out
}

func TestEveryRuleStandsInTheTextAndTheReverse(t *testing.T) {
	text := chapters(t)
	for _, r := range conform.Rules() {
		c, ok := text[r.ID]
		if !ok {
			t.Errorf("%s is not in the text", r.ID)
			continue
		}
		delete(text, r.ID)
		where := "review"
		if len(r.Modes) > 0 {
			where = strings.ReplaceAll(strings.Trim(fmt.Sprint(r.Modes), "[]"), " ", ", ")
		}
		if want := string(r.Level) + " · " + where; c.line != want {
			t.Errorf("%s: the text says %q, the checker %q", r.ID, c.line, want)
		}
		if !strings.Contains(c.body, "```\n") {
			t.Errorf("%s has no exchange in the text", r.ID)
		}
		if !strings.HasPrefix(r.Title, c.title) {
			t.Errorf("%s is %q in the text and %q in the checker", r.ID, c.title, r.Title)
		}
	}
	for id := range text {
		t.Errorf("%s stands in the text, and nothing decides it", id)
	}
}

func TestRulesHaveNumbersOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range conform.Rules() {
		if seen[r.ID] {
			t.Errorf("there are two %s", r.ID)
		}
		seen[r.ID] = true
	}
}

func TestEveryProblemTypeStandsInTheText(t *testing.T) {
	raw, err := contract.V1.ReadFile("v1/problems.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| (\\d+) \\|").FindAllStringSubmatch(string(raw), -1) {
		rows[m[1]] = m[2]
	}
	for slug, status := range conform.Problems() {
		if rows[slug] != fmt.Sprint(status) {
			t.Errorf("%s has status %q in the text, %d in the checker", slug, rows[slug], status)
		}
		delete(rows, slug)
	}
	for slug := range rows {
		t.Errorf("%s stands in the text, and the checker does not know it", slug)
	}
}
