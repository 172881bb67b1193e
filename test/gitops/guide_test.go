package gitops

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const guides = "../../docs/guides/"

// TestTheGuideShowsWhatIsTested: a snippet that begins with a file's name is a part of that file.
func TestTheGuideShowsWhatIsTested(t *testing.T) {
	text, err := os.ReadFile(guides + "gitops.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, found := range regexp.MustCompile("(?s)```yaml\n# (config/\\S+)\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		n++
		file, err := os.ReadFile("../../" + found[1])
		if err != nil || !strings.Contains(string(file), found[2]) {
			t.Errorf("%s has no such part (%v):\n%s", found[1], err, found[2])
		}
	}
	if n < 2 {
		t.Errorf("the guide shows %d parts of files", n)
	}
}

// TestEachPatchInTheGuidesOutlivesFlux: a command that changes a Shop names its field manager.
func TestEachPatchInTheGuidesOutlivesFlux(t *testing.T) {
	pages, err := filepath.Glob(guides + "*.md")
	if err != nil || len(pages) < 10 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	changes := regexp.MustCompile(`^\$ kubectl .*(patch|annotate|edit|label|apply)\b.* shop/? ?acme`)
	n := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if !changes.MatchString(line) {
				continue
			}
			n++
			if !strings.Contains(line, "--field-manager=emporium-user") {
				t.Errorf("%s: Flux undoes this: %s", filepath.Base(page), line)
			}
		}
	}
	if n < 4 {
		t.Errorf("only %d commands were found", n)
	}
}
