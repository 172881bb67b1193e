package view

import (
	"regexp"
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/docs"
)

// Explanation is what the documentation says of a status.
type Explanation struct {
	Reason v1alpha1.Reason `json:"reason"`
	// Means and Do are sentences without Markdown.
	Means string `json:"means"`
	Do    string `json:"do"`
	// Page of the documentation, in the repository.
	Page string `json:"page"`
}

const explainedAt = "docs/guides/look-inside.md#every-status"

var tableRow = regexp.MustCompile("^\\| `([A-Z][A-Za-z]+)` \\| (.*) \\| (.*) \\|$")

var markdownLink = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)

// Explain returns what a status means, by any spelling of its name.
func Explain(reason string) (Explanation, bool) {
	for _, e := range Explanations() {
		if strings.EqualFold(string(e.Reason), reason) {
			return e, true
		}
	}
	return Explanation{}, false
}

// Explanations are those of every status, in the order of the page, whose tables of conditions and metrics come after.
func Explanations() (out []Explanation) {
	page, _, _ := strings.Cut(docs.LookInside, "## Conditions")
	for line := range strings.Lines(page) {
		row := tableRow.FindStringSubmatch(strings.TrimSpace(line))
		if row != nil {
			out = append(out, Explanation{Reason: v1alpha1.Reason(row[1]), Means: plain(row[2]), Do: plain(row[3]), Page: explainedAt})
		}
	}
	return out
}

// plain takes Markdown's marks away.
func plain(s string) string {
	s = markdownLink.ReplaceAllString(s, "$1")
	return strings.TrimSpace(strings.NewReplacer("`", "", "**", "").Replace(s))
}
