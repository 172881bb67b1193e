package servicetest

import (
	"slices"
	"testing"
)

// O-06: a POST that only asks says so, and needs no key.
func TestAPostThatOnlyAsksNeedsNoKey(t *testing.T) {
	for safe, wanted := range map[bool]bool{true: false, false: true} {
		found := lintOperation("post", object{"operationId": "ask", "summary": "Ask", "security": []any{}, "x-safe": safe})
		if got := slices.Contains(found, "does not require an Idempotency-Key"); got != wanted {
			t.Errorf("x-safe %t: %v", safe, found)
		}
	}
}
