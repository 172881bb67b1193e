package recipe

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAStageBesideTheImageChangesNothing: BuildKit does not build it either, and it may do what no recipe of ours can.
func TestAStageBesideTheImageChangesNothing(t *testing.T) {
	want, err := Read("D", []byte(service), "v1")
	if err != nil {
		t.Fatal(err)
	}
	beside := "FROM build AS test\nRUN go vet ./... && go test ./...\n\nFROM scratch\n"
	got, err := Read("D", []byte(strings.Replace(service, "FROM scratch\n", beside, 1)), "v1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-without +with):\n%s", diff)
	}
}

func TestAStageThatTheImageNeedsIsRead(t *testing.T) {
	for how, dockerfile := range map[string]string{
		"copied from by name":   "FROM golang AS build\nRUN make\nFROM scratch\nCOPY --from=BUILD /a /a\n",
		"copied from by number": "FROM golang\nRUN make\nFROM scratch\nCOPY --from=0 /a /a\n",
		"the base of a base":    "FROM golang AS a\nRUN make\nFROM a AS b\nFROM scratch\nCOPY --from=b /a /a\n",
		"mounted from":          "FROM golang AS a\nRUN make\nFROM golang AS b\nRUN --mount=type=bind,from=a go mod download\nFROM scratch\nCOPY --from=b /a /a\n",
	} {
		_, err := Read("D", []byte(dockerfile), "v1")
		if refused := (Refused{}); !errors.As(err, &refused) || !strings.Contains(refused.Why, "D:2: can run only go build") {
			t.Errorf("%s: got %v", how, err)
		}
	}
}

// TestAMistakeIsNotForBuildKit: what no one can read is not refused, but wrong.
func TestAMistakeIsNotForBuildKit(t *testing.T) {
	_, err := Read("D", []byte("FRUM golang\n"), "v1")
	if refused := (Refused{}); err == nil || errors.As(err, &refused) {
		t.Errorf("got %v", err)
	}
}
