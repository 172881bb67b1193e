package etag

import (
	"fmt"
	"hash/fnv"
	"reflect"
	"strconv"
	"strings"
)

type Shape string

func ShapeOf[T any]() Shape {
	h := fnv.New32a()
	fmt.Fprint(h, reflect.TypeFor[T]())
	return Shape(fmt.Sprintf("%08x", h.Sum32()))
}

func ShapeFrom(parts ...string) Shape { return Shape(strings.Join(parts, "-")) }

func (s Shape) Tag(version int64) string { return fmt.Sprintf(`"%d-%s"`, version, string(s)) }

func Matches(ifMatch string, version int64) bool {
	want := strconv.FormatInt(version, 10)
	for tag := range strings.SplitSeq(ifMatch, ",") {
		tag = strings.TrimSpace(tag)
		of, _, _ := strings.Cut(strings.Trim(tag, `"`), "-")
		if tag == "*" || (strings.HasPrefix(tag, `"`) && of == want) {
			return true
		}
	}
	return false
}

func Fresh(ifNoneMatch, tag string) bool {
	for have := range strings.SplitSeq(ifNoneMatch, ",") {
		have = strings.TrimPrefix(strings.TrimSpace(have), "W/")
		if have == "*" || (have != "" && have == tag) {
			return true
		}
	}
	return false
}
