package view

// What is too long to be shown is shortened here, and nowhere else.

import "strings"

// longest is how many characters are shown of a value, and leading how many of these stand before the part that differs.
const (
	longest = 60
	leading = 16
)

const cutMark = "…"

// shorten keeps the beginning of a value.
func shorten(s string) string {
	if r := []rune(s); len(r) > longest {
		return string(r[:longest-1]) + cutMark
	}
	return s
}

// contrast shortens two values that differ so that they still do: of long ones it keeps what stands around the first difference.
func contrast(from, to string) (string, string) {
	a, b := []rune(from), []rune(to)
	if len(a) <= longest && len(b) <= longest {
		return from, to
	}
	same := 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	begin := same - leading
	if begin <= 1 { // the mark would take as much room as what it stands for
		begin = 0
	}
	return window(a, begin), window(b, begin)
}

// window is what is shown of a value from a place on.
func window(r []rune, begin int) string {
	lead := ""
	if begin > 0 {
		lead = cutMark
	}
	r = r[begin:]
	if room := longest - len([]rune(lead)); len(r) > room {
		return lead + string(r[:room-1]) + cutMark
	}
	return lead + string(r)
}

// Tag is the short name of an image's version: its tag, else the beginning of its digest.
func Tag(image string) string {
	name, digest, _ := strings.Cut(image, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		return name[i:]
	}
	if hash := strings.TrimPrefix(digest, "sha256:"); hash != "" {
		return "@" + hash[:min(len(hash), shortDigest)]
	}
	return ":latest"
}

const shortDigest = 8

// Tags are the short names of two images that differ. Where the tags are the same, it is more of them that tells one from the other.
func Tags(from, to string) (string, string) {
	if a, b := Tag(from), Tag(to); a != b {
		return a, b
	}
	if a, b := base(from), base(to); a != b {
		return contrast(a, b)
	}
	return contrast(from, to)
}

// base is an image without its registry and folders. Slashes come in no tag and no digest.
func base(image string) string { return image[strings.LastIndexByte(image, '/')+1:] }
