package load

import (
	"fmt"
	"strings"
)

// mixture says why a response was made by more than one release; empty when it was not.
func mixture(r Record) string {
	for pair := range strings.SplitSeq(r.Sources, ",") {
		service, release, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok {
			return fmt.Sprintf("X-Shop-Sources %q is no list of service=release", r.Sources)
		}
		if release != r.Release {
			return fmt.Sprintf("%s answered from %s, the front door routed to %s", service, release, r.Release)
		}
	}
	return ""
}
