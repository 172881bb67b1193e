package status

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// mostMessage is the longest message in bytes. An event holds 1,024 (kubernetes
// pkg/apis/core/validation/events.go), a condition 32,768, and a line of `kubectl get` far less.
const mostMessage = 1000

// bounded shortens a message: the first of what it lists, and how many more there are.
func bounded(message string) string {
	if len(message) <= mostMessage {
		return message
	}
	const room = mostMessage - len("; and 1000 more")
	parts := strings.Split(message, "; ")
	kept, size := 0, 0
	for kept < len(parts) && size+len(parts[kept])+2 <= room {
		size += len(parts[kept]) + 2
		kept++
	}
	if kept == 0 {
		return cut(message, room) + "…"
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(parts[:kept], "; "), len(parts)-kept)
}

// cut ends a string between two characters.
func cut(s string, most int) string {
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
