package git

import (
	"strings"

	"golang.org/x/mod/semver"
)

// longestTag is what a registry takes as the tag of an image.
const longestTag = 128

// versionOf returns the highest semantic version among tags, else the beginning of the commit.
func versionOf(tags []string, commit string) string {
	highest := ""
	for _, tag := range tags {
		if isVersion(tag) && (highest == "" || higher(tag, highest)) {
			highest = tag
		}
	}
	if highest == "" {
		return commit[:shortHash]
	}
	return highest
}

// isVersion accepts v1.2.3, 1.2.3 and v1.2.3-rc.1. It does not accept v1.2, which many move about, nor
// v1.2.3+build, because a tag of an image has no +.
func isVersion(tag string) bool {
	v := withV(tag)
	return len(tag) <= longestTag && semver.IsValid(v) && semver.Canonical(v) == v // which has three numbers and no build
}

// higher is a total order, so that 1.2.3 beside v1.2.3 gives the same answer every time.
func higher(a, b string) bool {
	if c := semver.Compare(withV(a), withV(b)); c != 0 {
		return c > 0
	}
	return a > b
}

func withV(tag string) string { return "v" + strings.TrimPrefix(tag, "v") }
