package etag

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const now, before = Shape("1f0c9a3e"), Shape("00c0ffee")

// C47: a weak tag never matches If-Match; * matches what is there.
func TestIfMatchComparesTheVersionAlone(t *testing.T) {
	for name, c := range map[string]struct {
		header  string
		matches bool
	}{
		"the version that is there":           {now.Tag(12), true},
		"… as the last release answered it":   {before.Tag(12), true},
		"one of several":                      {now.Tag(11) + ", " + now.Tag(12), true},
		"any":                                 {"*", true},
		"an older version":                    {now.Tag(11), false},
		"a version that begins with the same": {now.Tag(120), false},
		"a weak tag, RFC 9110 13.1.1":         {"W/" + now.Tag(12), false},
		"a tag without quotes":                {"12-00000000", false},
		"half a tag":                          {`"12-0000`, false},
		"a quote":                             {`"`, false},
		"nothing":                             {"", false},
		"only commas":                         {",,", false},
	} {
		if got := Matches(c.header, 12); got != c.matches {
			t.Errorf("%s (%s): %t", name, c.header, got)
		}
	}
}

func TestIfNoneMatchComparesAllOfIt(t *testing.T) {
	tag := now.Tag(12)
	for header, fresh := range map[string]bool{
		tag: true, "W/" + tag: true, `"1-0", ` + tag: true, "*": true,
		before.Tag(12): false, now.Tag(11): false, "": false, ",": false,
	} {
		if got := Fresh(header, tag); got != fresh {
			t.Errorf("%q: fresh %t", header, got)
		}
	}
}

func TestATagFitsItsOwnVersionAndNoOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64Min(0).Draw(t, "a"), rapid.Int64Min(0).Draw(t, "b")
		tag := ShapeFrom(rapid.String().Draw(t, "shape")).Tag(a)
		if !Matches(tag, a) || !Fresh(tag, tag) || Matches(tag, b) != (a == b) {
			t.Fatalf("%s made of %d, compared with %d", tag, a, b)
		}
	})
}

func TestPartsAreKeptApart(t *testing.T) {
	if ShapeFrom("ab", "c") == ShapeFrom("a", "bc") || ShapeFrom("a") == ShapeFrom("a", "") {
		t.Error("two lists have one shape")
	}
}

type amount struct{ Cents int64 }

func (amount) MarshalJSON() ([]byte, error) { return []byte(`"1"`), nil }

type amount2 struct{ Cents, Tax int64 }

func (amount2) MarshalJSON() ([]byte, error) { return []byte(`"1"`), nil }

type tree struct {
	Name     string
	Children []tree
	Parent   *tree `json:"-"`
}

func TestAnotherShapeIsAnotherTag(t *testing.T) {
	type product struct {
		SKU   string `json:"sku"`
		Price amount `json:"price"`
		At    time.Time
		rank  int //nolint:unused // nobody sees it
	}
	shapes := map[Shape]string{}
	add := func(name string, s Shape) {
		if other, taken := shapes[s]; taken {
			t.Errorf("%s has the shape of %s", name, other)
		}
		shapes[s] = name
	}
	add("a product", ShapeOf[product]())
	add("a pointer to it", ShapeOf[*product]())
	add("a list of it", ShapeOf[[]product]())
	add("it by name", ShapeOf[map[string]product]())
	add("a tree", ShapeOf[tree]())
	add("a field more", ShapeOf[struct {
		SKU   string `json:"sku"`
		Price amount `json:"price"`
		At    time.Time
		Brand string
	}]())
	add("a field renamed", ShapeOf[struct {
		SKU   string `json:"SKU"`
		Price amount `json:"price"`
		At    time.Time
	}]())
	add("another type within", ShapeOf[struct {
		SKU   string  `json:"sku"`
		Price amount2 `json:"price"`
		At    time.Time
	}]())
}

// What no client sees makes no difference: a cache keeps its copy.
func TestWhatIsNotWrittenIsNoPartOfTheShape(t *testing.T) {
	type a struct {
		SKU  string `json:"sku"`
		rank int    //nolint:unused // nobody sees it
	}
	type b struct {
		SKU    string `json:"sku"`
		secret string //nolint:unused // nobody sees it
		Hidden string `json:"-"`
	}
	if ShapeOf[a]() != ShapeOf[b]() {
		t.Error("a field that nobody sees changed the tag")
	}
	if s := string(ShapeOf[a]()); len(s) != 8 || strings.Trim(s, "0123456789abcdef") != "" {
		t.Errorf("a shape is %q", s)
	}
}
