package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// mostNamed is how many of a kind a sentence names: it stands in an annotation and a condition.
const mostNamed = 3

// sentence says why digests are not known: which services, by cause. It is the same for the same causes.
func sentence(unknown map[string][]string) string {
	var parts []string
	for _, why := range slices.Sorted(maps.Keys(unknown)) {
		parts = append(parts, fmt.Sprintf("%s (%s)", why, some(slices.Sorted(slices.Values(unknown[why])))))
	}
	if rest := len(parts) - mostNamed; rest > 0 {
		parts = append(parts[:mostNamed], fmt.Sprintf("and %d more causes", rest))
	}
	return strings.Join(parts, "; ")
}

func some(names []string) string {
	if rest := len(names) - mostNamed; rest > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostNamed], ", "), rest)
	}
	return strings.Join(names, ", ")
}
