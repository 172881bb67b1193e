package view

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestALongValueIsCutBetweenCharacters(t *testing.T) {
	if s := shorten(strings.Repeat("ü", 200)); utf8.RuneCountInString(s) != longest || !strings.HasSuffix(s, "…") {
		t.Errorf("%d characters", utf8.RuneCountInString(s))
	}
}

func TestTwoLongValuesShowWhereTheyDiffer(t *testing.T) {
	long := strings.Repeat("0123456789", 10)
	for name, x := range map[string][4]string{
		"at the end":                 {long + "a", long + "b", "…456789" + "0123456789a", "…456789" + "0123456789b"},
		"something came at the end":  {long, long + "b", "…4567890123456789", "…4567890123456789b"},
		"at the beginning":           {"a" + long, "b" + long, ("a" + long)[:59] + "…", ("b" + long)[:59] + "…"},
		"only one is long":           {"1", long, "1", long[:59] + "…"},
		"both are short":             {"1", "2", "1", "2"},
		"in the middle, and on":      {long + "a" + long, long + "b" + long, "…4567890123456789a" + long[:41] + "…", "…4567890123456789b" + long[:41] + "…"},
		"a mark would take the room": {"0123456789abcdef0x" + long, "0123456789abcdef0y" + long, ("0123456789abcdef0x" + long)[:59] + "…", ("0123456789abcdef0y" + long)[:59] + "…"},
	} {
		if a, b := contrast(x[0], x[1]); a != x[2] || b != x[3] {
			t.Errorf("%s: %q and %q, want %q and %q", name, a, b, x[2], x[3])
		}
	}
}

// TestWhatDiffersIsNeverShownAlike: of few letters, so that values have much in common.
func TestWhatDiffersIsNeverShownAlike(t *testing.T) {
	value := rapid.Custom(func(t *rapid.T) string {
		return strings.Repeat(rapid.SampledFrom([]string{"a", "ab", "ü"}).Draw(t, "of"), rapid.IntRange(0, 90).Draw(t, "times")) + rapid.StringMatching("[ab…]{0,4}").Draw(t, "end")
	})
	rapid.Check(t, func(t *rapid.T) {
		from, to := value.Draw(t, "from"), value.Draw(t, "to")
		a, b := contrast(from, to)
		if from != to && a == b {
			t.Fatalf("both are shown as %q", a)
		}
		if utf8.RuneCountInString(a) > longest || utf8.RuneCountInString(b) > longest {
			t.Fatalf("%q and %q are too long", a, b)
		}
	})
}

func TestTheTagOfAnImage(t *testing.T) {
	for image, want := range map[string]string{
		"cart:1": ":1", "localhost:5000/cart": ":latest", "localhost:5000/cart:1": ":1", "cart@sha256:0123456789ab": "@01234567",
		"cart:1@sha256:0123456789ab": ":1", "cart@sha256:": ":latest", "": ":latest", "@": ":latest",
	} {
		if got := Tag(image); got != want {
			t.Errorf("%s: %s, want %s", image, got, want)
		}
	}
}

func TestTwoImagesAreToldApartThoughTheirTagsAreTheSame(t *testing.T) {
	for name, x := range map[string][4]string{
		"another tag":      {"a/cart:1", "a/cart:2", ":1", ":2"},
		"another name":     {"a/cart:1", "a/basket:1", "cart:1", "basket:1"},
		"another registry": {"a/cart:1", "b/cart:1", "a/cart:1", "b/cart:1"},
		"another content":  {"a/cart:1@sha256:0123", "a/cart:1@sha256:4567", "cart:1@sha256:0123", "cart:1@sha256:4567"},
	} {
		if a, b := Tags(x[0], x[1]); a != x[2] || b != x[3] {
			t.Errorf("%s: %s and %s, want %s and %s", name, a, b, x[2], x[3])
		}
	}
}
