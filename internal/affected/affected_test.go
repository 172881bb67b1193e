package affected

import (
	"slices"
	"strings"
	"testing"
)

func TestPathsAreWhatASourceListsAndWhatEveryBuildReads(t *testing.T) {
	for name, c := range map[string]struct {
		context, dockerfile string
		listed, want        []string
	}{
		"none listed": {"", "Dockerfile", nil, nil},
		"a service of a monorepo": {
			"", "services/cart/Dockerfile", []string{"services/cart", "services/internal", "go.mod"},
			[]string{".dockerignore", "go.mod", "services/cart", "services/internal"},
		},
		"a Dockerfile elsewhere": {
			"", "build/Dockerfile", []string{"services/cart"},
			[]string{".dockerignore", "build/Dockerfile", "build/Dockerfile.dockerignore", "services/cart"},
		},
		"a folder as context": {
			"services/cart", "Dockerfile", []string{"lib"},
			[]string{"lib", "services/cart/.dockerignore", "services/cart/Dockerfile", "services/cart/Dockerfile.dockerignore"},
		},
		"as people write":          {"", "a/Dockerfile", []string{"./a/", "b//c", "b/c"}, []string{".dockerignore", "a", "b/c"}},
		"below another":            {"", "a/Dockerfile", []string{"a", "a/b", "a/b/c", "ab"}, []string{".dockerignore", "a", "ab"}},
		"all of it":                {"", "Dockerfile", []string{"a", "."}, []string{""}},
		"a name that begins alike": {"", "a/Dockerfile", []string{"a", "a-b"}, []string{".dockerignore", "a", "a-b"}},
		"a sibling sorted between": {"", "a/Dockerfile", []string{"a", "a-b", "a/c"}, []string{".dockerignore", "a", "a-b"}},
	} {
		got, err := Paths(c.context, c.dockerfile, c.listed)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, c.want)
		}
	}
}

func TestAPathThatIsWrongIsNamed(t *testing.T) {
	for _, bad := range []string{"", "/etc", "..", "../x", "a/../../x", "services/*", "a?", "a[b]", `a\b`, strings.Repeat("a", 513)} {
		_, err := Paths("", "Dockerfile", []string{"good", bad})
		if err == nil || !strings.HasPrefix(err.Error(), "spec.paths[1]: ") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestAFingerprintIsThatOfTheContent(t *testing.T) {
	paths := []string{"a", "b"}
	base := Fingerprint(paths, map[string]string{"a": "40000 1", "b": "100644 2"})
	if len(base) != 32 {
		t.Errorf("got %s", base)
	}
	if again := Fingerprint([]string{"b", "a"}, map[string]string{"b": "100644 2", "a": "40000 1", "c": "of no concern"}); again != base {
		t.Errorf("the same has another: %s, %s", base, again)
	}
	for name, other := range map[string]string{
		"a change":                 Fingerprint(paths, map[string]string{"a": "40000 9", "b": "100644 2"}),
		"a mode":                   Fingerprint(paths, map[string]string{"a": "40000 1", "b": "100755 2"}),
		"one that is gone":         Fingerprint(paths, map[string]string{"a": "40000 1"}),
		"one that has moved":       Fingerprint(paths, map[string]string{"b": "40000 1", "a": "100644 2"}),
		"one that is listed more":  Fingerprint([]string{"a", "b", "c"}, map[string]string{"a": "40000 1", "b": "100644 2"}),
		"the same at another path": Fingerprint([]string{"a", "c"}, map[string]string{"a": "40000 1", "c": "100644 2"}),
		"none":                     Fingerprint(nil, nil),
		"names that run together":  Fingerprint([]string{"a\" \"40000 1\"\n\"b"}, map[string]string{"a\" \"40000 1\"\n\"b": "100644 2"}),
	} {
		if other == base {
			t.Errorf("%s has the same fingerprint", name)
		}
	}
}
