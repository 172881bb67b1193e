// Package etag lets two people change one thing without losing a change: a
// write names the version that it was made for, or it is refused.
//
// An ETag is the row's version and the shape of the answer: "12-1f0c9a3e".
// Writes compare the version alone, so a page of the last release can still be
// saved after a switch. Caches compare all of it, so they do not keep what the
// last release answered when the new one answers another shape of the same row.
package etag

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

// Shape stands for everything but the version that makes an answer what it is.
type Shape string

// ShapeFrom is the shape of an answer that depends on more than a row: the
// parameters of a list, the release that drew a picture.
func ShapeFrom(parts ...string) Shape {
	sum := fnv.New32a()
	for _, part := range parts {
		fmt.Fprintf(sum, "%d:%s,", len(part), part) // the length keeps {"ab"} from being {"a", "b"}
	}
	return Shape(fmt.Sprintf("%08x", sum.Sum32()))
}

// Tag is the strong ETag of a version in this shape, quotes included.
func (s Shape) Tag(version int64) string { return fmt.Sprintf(`"%d-%s"`, version, string(s)) }

// Matches tells whether a write was made for this version: If-Match, RFC 9110
// 13.1.1. The shape is not looked at, and a weak tag never matches.
func Matches(ifMatch string, version int64) bool {
	want := strconv.FormatInt(version, 10)
	for tag := range strings.SplitSeq(ifMatch, ",") {
		tag = strings.TrimSpace(tag)
		of, _, _ := strings.Cut(strings.Trim(tag, `"`), "-")
		if tag == "*" || (quoted(tag) && of == want) {
			return true
		}
	}
	return false
}

func quoted(tag string) bool {
	return len(tag) > 2 && strings.HasPrefix(tag, `"`) && strings.HasSuffix(tag, `"`)
}

// Fresh tells whether one of a reader's copies is what would be answered:
// If-None-Match, RFC 9110 13.1.2, by the weak comparison.
func Fresh(ifNoneMatch, tag string) bool {
	for have := range strings.SplitSeq(ifNoneMatch, ",") {
		have = strings.TrimPrefix(strings.TrimSpace(have), "W/")
		if have == "*" || (have != "" && have == tag) {
			return true
		}
	}
	return false
}
