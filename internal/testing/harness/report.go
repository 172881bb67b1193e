package harness

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// Check fails the test with what was violated, and the story that led there.
func (w *World) Check(t testing.TB, what string) bool {
	t.Helper()
	violations := w.Always.Violations()
	if len(violations) == 0 {
		return true
	}
	story := ""
	if !t.Failed() { // the first failure tells its whole story
		story = "\n" + w.Story(60)
	}
	t.Errorf("%s:\n%s%s", what, strings.Join(violations[:min(len(violations), 5)], "\n"), story)
	return false
}

// Story prints the last writes: who, what, and how the object changed where a rule was broken.
func (w *World) Story(last int) string {
	var b strings.Builder
	for _, line := range w.stories {
		fmt.Fprintln(&b, "  ", line)
	}
	for _, v := range w.Always.violations[:min(len(w.Always.violations), 2)] {
		if v.write != nil {
			fmt.Fprintf(&b, "  %s changed:\n%s\n", v.write.Key, firstLines(cmp.Diff(v.write.Before, v.write.After), 40))
		}
	}
	journal := slices.DeleteFunc(w.Store.Journal(), func(wr *cluster.Write) bool { return wr.DryRun || (!wr.Changed() && wr.Err == nil) })
	if broken := w.Always.violations; len(broken) > 0 && broken[0].write != nil {
		if i := slices.Index(journal, broken[0].write); i >= 0 {
			journal = journal[:i+1]
		}
	}
	for _, wr := range journal[max(0, len(journal)-last):] {
		fmt.Fprintf(&b, "  %9s %s#%d %s %s", wr.At.Sub(begun), wr.Who, wr.N, wr.Verb, wr.Key)
		if wr.Err != nil {
			fmt.Fprintf(&b, ": %v", wr.Err)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func firstLines(s string, n int) string {
	lines := strings.SplitAfter(s, "\n")
	return strings.Join(lines[:min(len(lines), n)], "")
}
