package world

import (
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/internal/plan"
)

// CheckFor checks a decision that is wrong on purpose and fails the test unless
// each of the violations is found.
func (w *World) CheckFor(t *testing.T, wrong plan.Decision, violations ...string) {
	t.Helper()
	w.check(wrong)
	found := strings.Join(w.Violations, "\n")
	for _, v := range violations {
		if !strings.Contains(found, v) {
			t.Errorf("the checker does not see %q; it says:\n%s", v, found)
		}
	}
}
