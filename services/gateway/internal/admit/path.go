package admit

import (
	"net/url"
	"strings"
)

// contractPaths are asked by Kubernetes and the operator, inside the cluster.
// What they tell is not for the public.
var contractPaths = []string{"livez", "readyz", "startupz", "metrics", "contract"}

// internalPath is the first segment of what services offer each other, and nobody else.
const internalPath = "internal"

// decodings is how often a service may be expected to decode a path that was decoded.
const decodings = 3

// HasPlainPath tells whether a path means the same to everybody: it has no control
// characters, no backslash, which some take for a slash, and no segment that goes up or
// stays (".." and ".", also with parameters or encoded twice): the service that is
// reached must be the one that owns the path. Clients resolve such segments themselves.
func HasPlainPath(path string) bool {
	for i := range len(path) {
		if c := path[i]; c < ' ' || c == 0x7f || c == '\\' {
			return false
		}
	}
	for range decodings {
		if strings.Contains(path, ".") && hasDots(path) {
			return false
		}
		if !strings.Contains(path, "%") {
			return true
		}
		if path = decoded(path); strings.ContainsAny(path, "\\\x00") {
			return false
		}
	}
	return true
}

func hasDots(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment, _, _ = strings.Cut(segment, ";"); segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// Hidden tells whether some server would take the path for one of the contract's. Servers
// compare without regard to case, cut a path at ";" or ".", resolve dots, read a path that
// begins with two slashes as host and path, or decode it once more.
func Hidden(path string) bool {
	for range decodings {
		if hidden(path) || strings.HasPrefix(path, "//") && hidden(afterHost(path)) {
			return true
		}
		if !strings.Contains(path, "%") {
			return false
		}
		path = decoded(path)
	}
	return false
}

func afterHost(path string) string {
	_, rest, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	return rest
}

// hidden looks at what is left of the path when its segments are cut and resolved: one
// segment, which is the name of a path of the contract, or a first one that is internal.
func hidden(path string) bool {
	var only string
	depth := 0
	for segment := range strings.FieldsFuncSeq(path, isSlash) {
		switch segment = cut(segment, ";"); segment {
		case "", ".":
		case "..":
			depth = max(0, depth-1)
		default:
			if depth++; depth == 1 {
				only = segment
			}
		}
	}
	if depth > 1 {
		return strings.EqualFold(cut(only, "%?#"), internalPath)
	}
	name := cut(only, ".%?#")
	return depth == 1 && (isContract(name) || strings.EqualFold(name, internalPath))
}

func isSlash(r rune) bool { return r == '/' || r == '\\' }

// cut ends a segment where some servers do, and at blanks and control characters.
func cut(segment, at string) string {
	segment = strings.TrimFunc(segment, func(r rune) bool { return r <= ' ' || r == 0x7f })
	if segment == "." || segment == ".." {
		return segment
	}
	if i := strings.IndexFunc(segment, func(r rune) bool { return r < ' ' || strings.ContainsRune(at, r) }); i >= 0 {
		segment = segment[:i]
	}
	return strings.TrimSpace(segment)
}

func isContract(name string) bool {
	for _, hidden := range contractPaths {
		if strings.EqualFold(name, hidden) {
			return true
		}
	}
	return false
}

// decoded decodes a path once more, as a careless server does; what cannot be decoded
// stays as it is.
func decoded(path string) string {
	if once, err := url.PathUnescape(path); err == nil {
		return once
	}
	return path
}
