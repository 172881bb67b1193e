package dockerfile

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func read(t *testing.T, text string) File {
	t.Helper()
	f, err := Parse("D", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAStageNeedsItsBaseAndWhatItCopiesAndMountsFrom(t *testing.T) {
	f := read(t, `FROM golang AS base
FROM base AS build
FROM build AS test
FROM golang AS tools
FROM golang AS words
FROM scratch AS build
COPY --from=words /w /w
RUN --mount=type=bind,from=3,target=/t true
FROM scratch
COPY --from=BUILD /a /a
`)
	for stage, want := range map[int][]int{
		0: {0},
		2: {0, 1, 2},
		5: {3, 4, 5},
		6: {3, 4, 5, 6}, // of two of one name the later one
	} {
		if got := slices.Sorted(maps.Keys(f.Needs(stage))); !slices.Equal(got, want) {
			t.Errorf("stage %d needs %v, want %v", stage, got, want)
		}
	}
}

func TestAStageIsFoundByItsName(t *testing.T) {
	f := read(t, "FROM golang AS build\nFROM build AS Test\nFROM scratch\n")
	if f.Find("test") != 1 || f.Find("tests") != -1 || f.Last() != 2 {
		t.Errorf("test is %d, tests is %d, the last is %d", f.Find("test"), f.Find("tests"), f.Last())
	}
}

func TestWhatIsNoDockerfileIsSaidWithItsName(t *testing.T) {
	for text, want := range map[string]string{
		"FRUM golang\n":         "reading D: dockerfile parse error on line 1: unknown instruction: FRUM",
		"FROM golang\nRAN make": "reading D: dockerfile parse error on line 2: unknown instruction: RAN",
		"ARG VERSION\n":         "reading D: it has no FROM",
		"":                      "reading D: file with no instructions",
	} {
		if _, err := Parse("D", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}
